import Foundation
import HTTPTypes
import NIOCore
import Testing

@testable import OnsaleHTTP

/// What the report tells of parts of an event.
@Suite struct ReportTests {
    private static let admin = ServiceTester.adminToken
    private static let hall = "/v1/events/hall"
    private static let event = """
        {"id":"hall","title":"Hall","startsAt":"2030-01-01T20:00:00.000Z","currency":"KRW",
         "seatingPlan":{"name":"Hall","categories":[{"name":"VIP"},{"name":"R"},{"name":"none"}],"zones":[
          {"name":"Empty"},
          {"name":"Left","rows":[{"seats":[
           {"seat_guid":"L1","position":{"x":0,"y":0},"category":"VIP"},
           {"seat_guid":"L2","position":{"x":20,"y":0},"category":"R"},
           {"seat_guid":"L3","position":{"x":40,"y":0},"category":"VIP"}]}]},
          {"rows":[{"seats":[{"seat_guid":"R1","position":{"x":0,"y":20},"category":"R"}]},
                   {"seats":[{"seat_guid":"R2","position":{"x":0,"y":40},"category":"R"}]}]}]},
         "areas":[{"name":"Floor","capacity":5,"category":"R"}],
         "prices":[{"category":"VIP","amount":1000},{"category":"R","amount":10}]}
        """

    private func figures(_ part: Any?, _ name: String) throws -> [String] {
        try #require(part as? [[String: Any]]).map { part in
            let numbers = ["capacity", "free", "held", "sold", "blocked", "gross"].map { part[$0] as? Int ?? -1 }
            return "\(part[name] as? String ?? "?") \(numbers)"
        }
    }

    @Test(
        "Categories and sections tell what is free, held, sold and kept back, and what was taken; present and absent wait"
    )
    func parts() async throws {
        try await ServiceTester.run { tester in
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, Self.event).status == 201)
            let fan = try await tester.fan("fan@example.com", at: Self.hall)
            let order = try await tester.buy(#"{"seats":["L1","L2","R1"]}"#, by: fan, at: Self.hall, key: "o1")
            let block = try await tester.ask(.post, Self.hall + "/blocks", token: Self.admin, #"{"seats":["R2"]}"#)
            #expect(block.status == 201)
            let other = try await tester.fan("other@example.com", at: Self.hall)
            _ = try await tester.buy(#"{"area":"Floor","quantity":2}"#, by: other, at: Self.hall, key: "o2")
            _ = try await tester.ask(.post, Self.hall + "/holds", token: other.pass, #"{"seats":["L3"]}"#)
            let cancel = Self.hall + "/orders/" + (try order.text("order")) + "/cancel"
            func report() async throws -> [String: Any] {
                try #require(try await tester.ask(.get, Self.hall + "/report", token: Self.admin).json)
            }
            let before = try await report()
            #expect(
                try figures(before["categories"], "category") == [
                    "VIP [2, 0, 1, 1, 0, 1000]", "R [8, 3, 0, 4, 1, 40]",
                ])
            #expect(
                try figures(before["sections"], "section") == [
                    "Left [3, 0, 1, 2, 0, 1010]", " [2, 0, 0, 1, 1, 10]", "Floor [5, 3, 0, 2, 0, 20]",
                ])
            #expect(before["present"] as? Int == 0 && before["absent"] as? Int == 0)
            #expect(try await tester.ask(.post, cancel, token: Self.admin).status == 202)
            // What is taken back is free again, and was taken all the same.
            #expect(
                try figures(try await report()["sections"], "section").first == "Left [3, 2, 1, 0, 0, 1010]")
        }
    }

    @Test("An event of areas alone has no zones; a plan that isn't one has none")
    func noZones() async throws {
        #expect(PlanSections.sections(inPlan: ByteBuffer(string: "[]")).isEmpty)
        #expect(PlanSections.sections(inPlan: ByteBuffer(string: #"{"zones":[{"rows":null}]}"#)).isEmpty)
        let event = #"""
            {"id":"hall","title":"Hall","startsAt":"2030-01-01T20:00:00.000Z","currency":"KRW",
             "areas":[{"name":"Floor","capacity":5,"category":"R"}],"prices":[{"category":"R","amount":10}]}
            """#
        try await ServiceTester.run { tester in
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, event).status == 201)
            let report = try await tester.ask(.get, Self.hall + "/report", token: Self.admin).json
            #expect(try figures(report?["sections"], "section") == ["Floor [5, 5, 0, 0, 0, 0]"])
        }
    }
}
