import Foundation
import HTTPTypes
import Testing

@testable import OnsaleHTTP

/// Seats kept back, and why.
@Suite struct BlockTests {
    private static let admin = ServiceTester.adminToken
    private static let opera = "/v1/events/opera"

    @Test("Seats kept back say why and since when, until they are given back")
    func reasons() async throws {
        try await ServiceTester.run { tester in
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, RouteTests.event).status == 201)
            func block(_ body: String) async throws -> ServiceTester.Answer {
                try await tester.ask(.post, Self.opera + "/blocks", token: Self.admin, body)
            }
            func listed() async throws -> [String] {
                let answer = try await tester.ask(.get, Self.opera + "/blocks", token: Self.admin)
                let blocks = try #require(answer.json?["blocks"] as? [[String: Any]])
                #expect(blocks.allSatisfy { $0["since"] is String })
                return blocks.map { "\($0["seat"] as? String ?? "") \($0["reason"] as? String ?? "–")" }
            }
            #expect(try await block(#"{"seats":["A3"],"reason":"음향 콘솔"}"#).status == 201)
            #expect(try await block(#"{"seats":["A1"]}"#).status == 201)
            // What is kept back already keeps its reason.
            #expect(try await block(#"{"seats":["A1","A2","A3"],"reason":"Press"}"#).status == 201)
            #expect(try await listed() == ["A1 –", "A2 Press", "A3 음향 콘솔"])
            let free = try await tester.ask(
                .delete, Self.opera + "/blocks", token: Self.admin, #"{"seats":["A2","A3"]}"#)
            #expect(free.status == 204)
            #expect(try await listed() == ["A1 –"])
            for bad in [String(repeating: "x", count: 101), #"a\n"#] {
                let answer = try await block(#"{"seats":["A2"],"reason":"\#(bad)"}"#)
                #expect(answer.problem == "invalid-request")
            }
            #expect(try await listed() == ["A1 –"])
            let fan = try await tester.fan("fan@example.com", at: Self.opera)
            #expect(try await tester.ask(.get, Self.opera + "/blocks", token: fan.session).status == 403)
            let audit = try await tester.ask(.get, Self.opera + "/audit", token: Self.admin).json
            let details = (audit?["entries"] as? [[String: Any]])?.compactMap { $0["detail"] as? String }
            #expect(details?.contains("A3: 음향 콘솔") == true)
        }
    }
}
