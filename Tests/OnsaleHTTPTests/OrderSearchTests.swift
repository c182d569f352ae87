import HTTPTypes
import Testing

@testable import OnsaleHTTP

/// What an order's answer says, and how an organizer finds it.
@Suite struct OrderSearchTests {
    private static let admin = ServiceTester.adminToken
    private static let opera = "/v1/events/opera"

    private func orders(_ query: String, _ tester: ServiceTester) async throws -> [String] {
        let answer = try await tester.ask(.get, Self.opera + "/orders?" + query, token: Self.admin)
        #expect(answer.status == 200, "\(query): \(answer.body)")
        return try #require(answer.json?["orders"] as? [[String: Any]]).compactMap { $0["order"] as? String }
    }

    @Test("An order says what it is for in every state")
    func places() async throws {
        try await ServiceTester.run { tester in
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, RouteTests.event).status == 201)
            let fan = try await tester.fan("fan@example.com", at: Self.opera)
            func check(_ order: ServiceTester.Answer, _ state: String, _ seats: [String], _ area: String?) throws {
                #expect(try order.text("state") == state)
                #expect(order.json?["seats"] as? [String] == seats)
                #expect(order.json?["area"] as? String == area)
                #expect(order.json?["quantity"] as? Int == 2)
            }
            let bought = try await tester.buy(#"{"seats":["A2","A1"]}"#, by: fan, at: Self.opera, key: "o1")
            try check(bought, "confirmed", ["A2", "A1"], nil)
            let path = Self.opera + "/orders/" + (try bought.text("order"))
            #expect(try await tester.ask(.post, path + "/cancel", token: fan.session).status == 202)
            var order = try await tester.ask(.get, path, token: fan.session)
            for _ in 0..<500 where try order.text("state") != "refunded" {
                try await Task.sleep(for: .milliseconds(10))
                order = try await tester.ask(.get, path, token: fan.session)
            }
            try check(order, "refunded", ["A2", "A1"], nil)
            #expect((order.json?["tickets"] as? [Any])?.isEmpty == true)
            let standing = #"{"area":"Standing","quantity":2}"#
            let declined = try await tester.buy(standing, by: fan, at: Self.opera, key: "o2", method: "declined")
            try check(declined, "declined", [], "Standing")
        }
    }

    @Test("Orders are found by address, seat and state, in either direction, page by page")
    func found() async throws {
        try await ServiceTester.run { tester in
            let event = RouteTests.event.replacing(#""capacity":5"#, with: #""capacity":50"#)
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, event).status == 201)
            let first = try await tester.fan("first.fan@gmail.com", at: Self.opera)
            let second = try await tester.fan("second@example.com", at: Self.opera)
            var all: [String] = []
            for (places, fan, method) in [
                (#"{"seats":["A1"]}"#, first, "card"), (#"{"area":"Standing","quantity":1}"#, second, "card"),
                (#"{"seats":["A2","A3"]}"#, first, "declined"), (#"{"area":"Standing","quantity":2}"#, second, "card"),
            ] {
                let answer = try await tester.buy(
                    places, by: fan, at: Self.opera, key: "o\(all.count)", method: method)
                all.append(try answer.text("order"))
            }
            #expect(try await orders("", tester) == all)
            #expect(try await orders("order=oldest", tester) == all)
            #expect(try await orders("order=newest", tester) == all.reversed())
            // As the address is folded at sign-in.
            for typed in ["First.Fan@GMail.com", "firstfan%2Bseats@googlemail.com", "%20first.fan@gmail.com%20"] {
                #expect(try await orders("email=\(typed)", tester) == [all[0], all[2]], "\(typed)")
            }
            #expect(try await orders("email=second@example.com&order=newest", tester) == [all[3], all[1]])
            #expect(try await orders("email=nobody@example.com", tester).isEmpty)
            #expect(try await orders("seat=A3", tester) == [all[2]])
            #expect(try await orders("seat=A3&email=second@example.com", tester).isEmpty)
            #expect(try await orders("email=first.fan@gmail.com&state=declined", tester) == [all[2]])
            // The declined order's hold is given back, and the seat is bought again.
            let hold = try await tester.ask(.delete, Self.opera + "/waiting-room/pass", token: first.pass)
            #expect(hold.status == 204)
            let again = try await tester.buy(#"{"seats":["A3"]}"#, by: second, at: Self.opera, key: "again")
            all.append(try again.text("order"))
            #expect(try await orders("seat=A3", tester) == [all[2], all[4]])
            #expect(try await orders("seat=A3&order=newest", tester) == [all[4], all[2]])
            #expect(try await orders("seat=A3&state=confirmed", tester) == [all[4]])
            // Pages go on where the last ended, whatever was placed meanwhile.
            for query in ["", "&order=newest", "&seat=A3", "&email=second@example.com&order=newest"] {
                let whole = try await orders("limit=500" + query, tester)
                var paged: [String] = []
                var next: String? = ""
                while let after = next {
                    let page = try await tester.ask(
                        .get, Self.opera + "/orders?limit=1\(query)" + (after.isEmpty ? "" : "&after=\(after)"),
                        token: Self.admin)
                    let ids = try #require(page.json?["orders"] as? [[String: Any]]).compactMap {
                        $0["order"] as? String
                    }
                    #expect(ids.count == 1)
                    paged += ids
                    next = page.json?["next"] as? String
                    if paged.count == 1 {
                        let late = "late\(query.utf8.count)"
                        let fan = try await tester.fan(late + "@example.com", at: Self.opera)
                        _ = try await tester.buy(
                            #"{"area":"Standing","quantity":1}"#, by: fan, at: Self.opera, key: late,
                            method: "declined")
                    }
                }
                if query.isEmpty {
                    #expect(paged.count == whole.count + 1)
                    #expect(Array(paged.dropLast()) == whole)
                } else {
                    #expect(paged == whole, "\(query)")
                }
            }
            for bad in ["email=fan", "email=", "seat=B9", "order=best", "after=ord_1", "state=lost", "limit=0"] {
                let refused = try await tester.ask(.get, Self.opera + "/orders?" + bad, token: Self.admin)
                #expect(refused.problem == "invalid-request", "\(bad)")
                let errors = refused.json?["errors"] as? [[String: Any]]
                #expect(errors?.first?["pointer"] as? String == "/" + bad.prefix { $0 != "=" }, "\(bad)")
            }
            #expect(
                try await tester.ask(.get, Self.opera + "/orders?seat=A1", token: first.session).status == 403)
        }
    }
}
