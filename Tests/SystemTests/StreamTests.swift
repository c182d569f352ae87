import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// An event of a stream, as a browser would see it.
struct StreamEvent: Sendable {
    var name = "message"
    var id: String?
    var data = ""
    var retry: Int?

    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any]) ?? [:]
    }
}

/// Seat states after a snapshot and every delta so far.
struct SeatPicture {
    private(set) var version = -1
    private(set) var seats: [Character] = []
    private(set) var areas: [String: Int] = [:]

    mutating func apply(_ event: StreamEvent) {
        let json = event.json
        guard let version = json["version"] as? Int else { return }
        self.version = version
        for area in json["areas"] as? [[String: Any]] ?? [] {
            if let name = area["name"] as? String { areas[name] = area["free"] as? Int }
        }
        if event.name == "snapshot" {
            seats = Array(json["seats"] as? String ?? "")
        } else {
            for change in json["seats"] as? [[Any]] ?? [] {
                if let index = change[0] as? Int, let state = change[1] as? String { seats[index] = Character(state) }
            }
        }
    }
}

extension Client {
    /// Listens until `body` has enough, the server ends the stream, or time is up.
    func listen(
        _ path: String, token: String? = nil, lastEventID: String? = nil, seconds: Int64 = 30,
        _ body: (StreamEvent) -> Bool
    ) async throws {
        var request = HTTPClientRequest(url: url + path)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let lastEventID { request.headers.add(name: "Last-Event-ID", value: lastEventID) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(seconds))
        #expect(response.status == .ok && response.headers.first(name: "Content-Type") == "text/event-stream")
        var text = ""
        for try await piece in response.body {
            text += String(buffer: piece)
            while let end = text.range(of: "\n\n") {
                var event = StreamEvent()
                for line in text[..<end.lowerBound].split(separator: "\n") {
                    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
                    switch parts[0] {
                    case "event": event.name = value
                    case "data": event.data += value
                    case "id": event.id = value
                    case "retry": event.retry = Int(value)
                    default: break
                    }
                }
                text = String(text[end.upperBound...])
                guard body(event) else { return }
            }
        }
    }
}

/// The live streams, in both ways of serving them.
@Suite struct StreamTests {
    static let ways = ["sockets", "channels"]

    @Test("Applied deltas give the availability, even across dropped connections", arguments: ways)
    func deltas(way: String) async throws {
        try await withServer(environment: ["ONSALE_STREAMS": way]) { client, _, _ in
            try await client.createEvent(rows: 120, limits: #""holdSeconds":1"#)
            let shopping = Task {
                for round in 0..<25 {
                    let pass = try await client.pass("fan-\(round)")
                    _ = try await client.hold(pass, #"{"seats":["\#(round * 4)-1","\#(round * 4)-2"]}"#)
                    _ = try await client.hold(pass, #"{"area":"Standing","quantity":1}"#)
                    if round % 3 == 0 {
                        _ = try await client.send(.DELETE, "/v1/events/show/waiting-room/pass", token: pass)
                    }
                    try await Task.sleep(for: .milliseconds(40))
                }
            }
            var picture = SeatPicture()
            var lastID: String?
            var snapshots = 0
            // Each connection is dropped after a few messages and resumed where it was.
            for connection in 0..<6 {
                var messages = 0
                try await client.listen("/v1/events/show/availability/stream", lastEventID: lastID) { event in
                    messages += 1
                    if event.name == "snapshot" { snapshots += 1 }
                    picture.apply(event)
                    lastID = event.id ?? lastID
                    return messages < (connection == 0 ? 1 : 3)
                }
            }
            try await shopping.value
            // All holds have expired by now, and nothing changes any more.
            try await Task.sleep(for: .milliseconds(2200))
            let now = try await client.send(.GET, "/v1/events/show/availability")
            try await client.listen("/v1/events/show/availability/stream", lastEventID: lastID) { event in
                if event.name == "snapshot" { snapshots += 1 }
                picture.apply(event)
                return picture.version < now.number("version") ?? 0
            }
            #expect(String(picture.seats) == now.string("seats"))
            #expect(picture.areas["Standing"] == 20)
            #expect(snapshots == 1, "a returning reader gets deltas while they are kept")
        }
    }

    @Test("The room is sent at once and when it changes; a stop ends streams with a hint to come back", arguments: ways)
    func room(way: String) async throws {
        try await withServer(environment: ["ONSALE_STREAMS": way]) { client, server, _ in
            try await client.createEvent(waitingRoom: true)
            var issued: [Int] = []
            var hint: Int?
            let joining = Task {
                try await Task.sleep(for: .milliseconds(300))
                _ = try await client.pass("fan")
                try await Task.sleep(for: .milliseconds(1500))
                return await server.stop()
            }
            try? await client.listen("/v1/events/show/waiting-room/stream") { event in
                if event.name == "room" { issued.append(event.json["issued"] as? Int ?? -1) }
                hint = event.retry ?? hint
                return true
            }
            #expect(issued.first == 0 && issued.last == 1)
            #expect(hint.map { (1000...10_000).contains($0) } ?? false)
            #expect(try await joining.value == 0)
        }
    }

    @Test("Streams answer invalid tickets and unknown events with problems", arguments: ways)
    func refusals(way: String) async throws {
        try await withServer(environment: ["ONSALE_STREAMS": way]) { client, _, _ in
            try await client.createEvent(waitingRoom: true)
            let path = "/v1/events/show/waiting-room/stream"
            #expect(try await client.send(.GET, path, token: "nonsense").slug == "unauthenticated")
            #expect(try await client.send(.GET, path + "?ticket=nonsense").slug == "unauthenticated")
            #expect(try await client.send(.GET, "/v1/events/none/waiting-room/stream").slug == "not-found")
            #expect(try await client.send(.POST, path).slug == "method-not-allowed")
            #expect(try await client.send(.HEAD, path).status == 200)
        }
    }
}
