import Foundation
import HTTPTypes
import Testing

@testable import OnsaleHTTP

/// What an event tells about itself: at creation, as a draft, changed.
@Suite struct ProfileTests {
    private static let admin = ServiceTester.adminToken
    private static let gala = "/v1/events/gala"

    private func event(_ more: String) -> String {
        """
        {"id":"gala","title":"Gala","startsAt":"2030-01-01T20:00:00.000Z","currency":"KRW",
         "areas":[{"name":"Floor","capacity":5,"category":"Floor"}],
         "prices":[{"category":"Floor","amount":55000}]\(more)}
        """
    }

    @Test("What is told at creation is served, and nothing else is made up")
    func told() async throws {
        try await ServiceTester.run { tester in
            let more = """
                ,"timeZone":"Asia/Seoul","description":"둘째 밤","posterURL":"https://example.com/p.png","ageLimit":12,
                "runningMinutes":120,"terms":"No refunds after noon."
                """
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, event(more)).status == 201)
            let told = try #require(try await tester.ask(.get, Self.gala).json)
            #expect(told["description"] as? String == "둘째 밤" && told["terms"] as? String == "No refunds after noon.")
            #expect(told["posterURL"] as? String == "https://example.com/p.png" && told["ageLimit"] as? Int == 12)
            #expect(told["runningMinutes"] as? Int == 120 && told["timeZone"] as? String == "Asia/Seoul")
            #expect(told["state"] as? String == "published" && told["stage"] == nil)
            let drawn = RouteTests.event.replacing(#""id":"opera""#, with: #""id":"drawn","stage":{"x":20.4,"y":-30}"#)
            for event in [RouteTests.event, drawn] {
                #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, event).status == 201)
            }
            let stage = try await tester.ask(.get, "/v1/events/drawn").json?["stage"]
            #expect(stage as? [String: Int] == ["x": 20, "y": -30])
            let opera = try #require(try await tester.ask(.get, "/v1/events/opera").json)
            // Nobody has said.
            #expect(opera["stage"] == nil)
            #expect(
                ["description", "posterURL", "ageLimit", "runningMinutes", "terms", "timeZone"].allSatisfy {
                    opera[$0] == nil
                })
        }
    }

    @Test(
        "What can't be told is refused, at creation and later",
        arguments: [
            #""posterURL":"http://example.com/p.png""#, #""posterURL":"https://u:p@example.com/""#, #""ageLimit":-1"#,
            #""runningMinutes":0"#, #""description":"LONG""#, #""terms":"LONG""#,
        ])
    func refused(_ member: String) async throws {
        let member = member.replacing("LONG", with: String(repeating: "x", count: 20_001))
        try await ServiceTester.run { tester in
            let created = try await tester.ask(.post, "/v1/events", token: Self.admin, event("," + member))
            #expect(created.status == 422)
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, event("")).status == 201)
            #expect(try await tester.ask(.patch, Self.gala, token: Self.admin, "{\(member)}").status == 422)
        }
    }

    @Test("A draft is there for organizers alone until it is published, for good")
    func draft() async throws {
        try await ServiceTester.run { tester in
            let created = try await tester.ask(.post, "/v1/events", token: Self.admin, event(#","state":"draft""#))
            #expect(created.status == 201)
            #expect(try created.text("state") == "draft")
            let session = try await tester.ask(.post, "/v1/sessions", #"{"email":"fan@example.com"}"#).text("token")
            func listed(_ token: String?) async throws -> Int {
                (try await tester.ask(.get, "/v1/events", token: token).json?["events"] as? [Any])?.count ?? -1
            }
            #expect(try await listed(nil) == 0)
            #expect(try await listed(session) == 0)
            #expect(try await listed(Self.admin) == 1)
            for path in ["", "/availability", "/waiting-room"] {
                #expect(try await tester.ask(.get, Self.gala + path).status == 404, "\(path)")
                #expect(try await tester.ask(.get, Self.gala + path, token: session).status == 404, "\(path)")
                #expect(try await tester.ask(.get, Self.gala + path, token: Self.admin).status == 200, "\(path)")
            }
            for path in ["/availability/stream", "/waiting-room/stream"] {
                #expect(try await tester.ask(.head, Self.gala + path).status == 404, "\(path)")
                #expect(try await tester.ask(.head, Self.gala + path, token: Self.admin).status == 200, "\(path)")
            }
            #expect(try await tester.ask(.post, Self.gala + "/waiting-room", token: session).status == 404)
            #expect(try await tester.ask(.post, Self.gala + "/publish", token: session).status == 403)
            #expect(
                try await tester.ask(.patch, Self.gala, token: Self.admin, #"{"title":"Gala night"}"#).status == 200)
            #expect(try await tester.ask(.get, Self.gala).status == 404)
            for _ in 0..<2 {
                let published = try await tester.ask(.post, Self.gala + "/publish", token: Self.admin)
                #expect(published.status == 200)
                #expect(try published.text("state") == "published")
            }
            #expect(try await tester.ask(.get, Self.gala).text("title") == "Gala night")
            #expect(try await listed(nil) == 1)
            #expect(try await tester.ask(.post, Self.gala + "/waiting-room", token: session).status == 201)
            // The second publishing changed nothing, so nothing is noted of it.
            let audit = try await tester.ask(.get, Self.gala + "/audit", token: Self.admin).json
            let entries = try #require(audit?["entries"] as? [[String: Any]])
            #expect(entries.compactMap { $0["action"] as? String } == ["published", "edited", "created"])
        }
        let bad = event(#","state":"secret""#)
        try await ServiceTester.run { tester in
            let refused = try await tester.ask(.post, "/v1/events", token: Self.admin, bad)
            #expect(refused.status == 422)
        }
    }

    @Test("A change leaves what it doesn't name, and null takes away")
    func changed() async throws {
        try await ServiceTester.run { tester in
            let created = try await tester.ask(
                .post, "/v1/events", token: Self.admin, event(#","description":"a","ageLimit":12"#))
            #expect(created.status == 201)
            let first = try await tester.ask(
                .patch, Self.gala, token: Self.admin, #"{"title":"New","description":null,"runningMinutes":90}"#)
            #expect(first.status == 200)
            let told = try #require(try await tester.ask(.get, Self.gala).json)
            #expect(told["title"] as? String == "New" && told["description"] == nil)
            #expect(told["ageLimit"] as? Int == 12 && told["runningMinutes"] as? Int == 90)
            #expect(try await tester.ask(.patch, Self.gala, #"{"title":"Mine"}"#).status == 401)
            for bad in [#"{"title":""}"#, #"{"title":5}"#, #"{"ageLimit":"twelve"}"#, "[]", ""] {
                let status = try await tester.ask(.patch, Self.gala, token: Self.admin, bad).status
                #expect([400, 422].contains(status), "\(bad): \(status)")
            }
            #expect(try await tester.ask(.get, Self.gala).text("title") == "New")
        }
    }
}
