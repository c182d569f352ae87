import Foundation
import Testing

@testable import onsale

/// What `onsale cluster` shows, without a server or a terminal.
@Suite struct ClusterTableTests {
    private static let json = """
        {"node":"north","nodes":[{"name":"north","url":"http://10.0.0.1:8080","since":"2027-01-01T00:00:00.000Z"},
         {"name":"south","url":"http://10.0.0.2:8080","since":"2027-01-01T01:00:00.000Z"}],
         "events":[{"event":"arena-night-1","owner":"south","epoch":3,"since":"2027-01-01T01:59:30.000Z","behind":1200},
         {"event":"club","owner":null,"epoch":12,"since":"2027-01-01T02:00:00.000Z"},
         {"event":"opera","owner":"north","epoch":1,"since":"no time","behind":0}]}
        """

    private func now() throws -> Date {
        try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse("2027-01-01T02:00:05.000Z")
    }

    @Test("It says who owns what, since when, and how far behind; what isn't known is a dash")
    func picture() throws {
        let table = try #require(ClusterTable(json: Data(Self.json.utf8)))
        #expect(
            try table.lines(columns: 80, now: now()) == [
                "  NODE   EVENTS      SINCE  URL",
                "* north       1  2 h 0 min  http://10.0.0.1:8080",
                "  south       1  1 h 0 min  http://10.0.0.2:8080",
                "",
                "EVENT          OWNER  EPOCH  SINCE  BEHIND",
                "arena-night-1  south      3   35 s   1,200",
                "club           –         12    5 s       –",
                "opera          north      1      –       0",
            ])
    }

    @Test("However long the names are, 80 columns are enough, and nothing in them reaches the terminal")
    func long() throws {
        let name = String(repeating: "n", count: 200)
        let json = """
            {"node":"\(name)","nodes":[{"name":"\(name)","url":"http://\(name)\\u001b[31m","since":""}],
             "events":[{"event":"\(name)","owner":"\(name)","epoch":1,"since":"","behind":5}]}
            """
        let table = try #require(ClusterTable(json: Data(json.utf8)))
        for line in try table.lines(columns: 80, now: now()) {
            #expect(line.count <= 80 && !line.contains("\u{1b}"), "\(line)")
        }
        #expect(ClusterTable(json: Data("{}".utf8)) == nil)
    }
}
