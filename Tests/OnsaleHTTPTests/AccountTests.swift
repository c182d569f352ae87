import Foundation
import HTTPTypes
import NIOCore
import OnsaleAccounts
import OnsaleTables
import Servers
import TestTables
import Testing

@testable import OnsaleHTTP

/// The staff's accounts: what their tokens may do, and what is recorded of it.
@Suite struct AccountTests {
    private static let admin = ServiceTester.adminToken
    private static let opera = "/v1/events/opera"

    private struct Made {
        let id: String
        let token: String
    }

    private static func run(_ body: @escaping @Sendable (ServiceTester) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let tables = try sqliteTables("accounts", in: folder)
        try await ServiceTester.run(accounts: StaffAccounts(tables)) { tester in
            #expect(try await tester.ask(.post, "/v1/events", token: admin, RouteTests.event).status == 201)
            try await body(tester)
        }
        await tables.close()
    }

    private static func make(_ name: String, _ role: String, by token: String = admin, _ tester: ServiceTester)
        async throws -> Made
    {
        let answer = try await tester.ask(
            .post, "/v1/accounts", token: token, #"{"name":"\#(name)","role":"\#(role)"}"#)
        #expect(answer.status == 201)
        return Made(id: try answer.text("id"), token: try answer.text("token"))
    }

    @Test("An account is made, told its token once, renewed, revoked and still listed")
    func life() async throws {
        try await Self.run { tester in
            let owner = try await Self.make("Kim Minji", "owner", tester)
            let gate = try await Self.make("Gate B", "door", by: owner.token, tester)
            let caller = try await tester.ask(.get, "/v1/account", token: gate.token)
            #expect(
                try caller.text("name") == "Gate B" && caller.text("role") == "door" && caller.text("id") == gate.id)
            let shared = try await tester.ask(.get, "/v1/account", token: Self.admin)
            #expect(try shared.text("role") == "owner" && shared.json?["id"] is NSNull)
            let renewed = try await tester.ask(.post, "/v1/accounts/\(gate.id)/token", token: owner.token)
            #expect(renewed.status == 201 && renewed.headers[.cacheControl] == "no-store")
            #expect(try await tester.ask(.get, "/v1/account", token: gate.token).status == 401)
            let next = try renewed.text("token")
            #expect(try await tester.ask(.get, "/v1/account", token: next).status == 200)
            #expect(try await tester.ask(.delete, "/v1/accounts/\(gate.id)", token: owner.token).status == 204)
            #expect(try await tester.ask(.get, "/v1/account", token: next).status == 401)
            #expect(try await tester.ask(.delete, "/v1/accounts/\(gate.id)", token: owner.token).status == 404)
            #expect(try await tester.ask(.post, "/v1/accounts/\(gate.id)/token", token: owner.token).status == 404)
            let listed = try await tester.ask(.get, "/v1/accounts", token: owner.token)
            let accounts = try #require(listed.json?["accounts"] as? [[String: Any]])
            #expect(accounts.map { $0["name"] as? String } == ["Kim Minji", "Gate B"])
            #expect(accounts.map { $0["createdBy"] as? String } == ["organizer", "Kim Minji"])
            #expect(accounts[1]["revokedBy"] as? String == "Kim Minji")
            #expect(!String(buffer: listed.body).contains("onsale_"))
        }
    }

    @Test("What can't be an account is refused by name")
    func refused() async throws {
        try await Self.run { tester in
            _ = try await Self.make("Gate B", "door", tester)
            for (body, pointer) in [
                (#"{"name":"gate b","role":"viewer"}"#, "/name"), (#"{"name":" ","role":"door"}"#, "/name"),
                (#"{"name":"a\u202eb","role":"door"}"#, "/name"), (#"{"name":"a","role":"admin"}"#, "/role"),
                (#"{"name":"\#(String(repeating: "x", count: 81))","role":"door"}"#, "/name"),
            ] {
                let answer = try await tester.ask(.post, "/v1/accounts", token: Self.admin, body)
                let errors = answer.json?["errors"] as? [[String: Any]]
                #expect(errors?.first?["pointer"] as? String == pointer, "\(body)")
            }
        }
    }

    @Test("Each role may do exactly what the contract says, at every endpoint")
    func roles() async throws {
        try await Self.run { tester in
            var tokens: [StaffRole: String] = [:]
            for role in StaffRole.allCases {
                tokens[role] = try await Self.make(role.rawValue, role.rawValue, tester).token
            }
            let staffed = tester.operations.filter { !$0.roles.isEmpty }
            #expect(staffed.count > 30)
            for operation in staffed {
                let path = operation.path.replacing(":event", with: "opera").replacing(":order", with: "ord_1")
                    .replacing(":ticket", with: "tkt_1").replacing(":buyer", with: "byr_1")
                    .replacing(":endpoint", with: "whe_1").replacing(":delivery", with: "msg_1")
                    .replacing(":account", with: "acc_1")
                for (role, token) in tokens {
                    let answer = try await tester.ask(operation.method, path, token: token)
                    let isAllowed = operation.roles.contains(where: role.includes)
                    #expect((answer.status != 403) == isAllowed, "\(operation.id) as \(role.rawValue)")
                    if !isAllowed {
                        #expect(answer.json?["role"] as? String == role.rawValue, "\(operation.id)")
                        #expect(answer.json?["needs"] as? String == operation.roles[0].rawValue, "\(operation.id)")
                    }
                }
            }
            // What the roles are for, in words: a slip in a declaration would pass what is above.
            let least = Dictionary(grouping: staffed, by: { $0.roles[0] }).mapValues { Set($0.map(\.id)) }
            #expect(
                least[.owner] == [
                    "createEvent", "changeEvent", "publishEvent", "changeOnsale", "createWebhookEndpoint",
                    "listWebhookEndpoints", "getWebhookEndpoint", "deleteWebhookEndpoint", "rotateWebhookSecret",
                    "switchOnWebhookEndpoint", "listWebhookDeliveries", "redeliverWebhook", "createAccount",
                    "listAccounts", "renewAccountToken", "revokeAccount",
                ])
            #expect(
                least[.boxOffice] == [
                    "pauseOnsale", "resumeOnsale", "blockSeats", "unblockSeats", "refundTickets", "cancelOrder",
                    "getQRCode",
                ])
            #expect(least[.door] == ["checkIn", "listVoidTickets", "findTickets", "getDoor", "getCaller"])
        }
    }

    @Test("Whoever was known goes on while a neighbour behind the same address guesses; a configured token waits")
    func neighbours() async throws {
        try await Self.run { tester in
            let gate = try await Self.make("Gate B", "door", tester)
            let behind: HTTPFields = [.xForwardedFor: "198.51.100.7"]
            func status(_ token: String) async throws -> Int {
                try await tester.ask(.get, "/v1/account", token: token, headers: behind).status
            }
            #expect(try await status(gate.token) == 200)
            let wrong = "onsale_staff_" + String(repeating: "A", count: 43)
            var last = 0
            for _ in 0..<500 where last != 429 { last = try await status(wrong) }
            #expect(last == 429)
            #expect(try await status(gate.token) == 200)
            #expect(try await status(Self.admin) == 429)
        }
    }

    @Test("The audit list tells what is proved from what is claimed")
    func audit() async throws {
        try await Self.run { tester in
            let office = try await Self.make("Kim Minji", "box-office", tester)
            let claim: HTTPFields = [.onsaleActor: "Kim%20Minji"]
            #expect(
                try await tester.ask(.post, Self.opera + "/onsale/pause", token: Self.admin, headers: claim).status
                    == 200)
            // An account goes by its own name, whatever it says.
            let other: HTTPFields = [.onsaleActor: "Lee"]
            #expect(
                try await tester.ask(.post, Self.opera + "/onsale/resume", token: office.token, headers: other).status
                    == 200)
            let entries = try await tester.ask(.get, Self.opera + "/audit", token: office.token).json?["entries"]
            let told = try #require(entries as? [[String: Any]])
            #expect(told.map { $0["by"] as? String } == ["Kim Minji", "Kim Minji", "organizer"])
            #expect(told.map { $0["account"] as? String } == [office.id, nil, nil])
        }
    }

    @Test("A viewer sees drafts and orders, but nothing that opens the door")
    func viewer() async throws {
        try await Self.run { tester in
            let viewer = try await Self.make("Sponsor", "viewer", tester)
            let gate = try await Self.make("Gate B", "door", tester)
            let draft = RouteTests.event.replacing(#""opera""#, with: #""ball""#).replacing(
                #""title""#, with: #""state":"draft","title""#)
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, draft).status == 201)
            #expect(try await tester.ask(.get, "/v1/events/ball", token: viewer.token).status == 200)
            #expect(try await tester.ask(.get, "/v1/events/ball", token: gate.token).status == 404)
            #expect(try await tester.ask(.get, "/v1/events/ball").status == 404)
            let (order, _) = try await DoorTests.buy(tester, email: "fan@example.com", seats: ["A1"])
            for path in ["/orders/" + order, "/orders"] {
                let seen = try await tester.ask(.get, Self.opera + path, token: viewer.token)
                #expect(seen.status == 200 && !String(buffer: seen.body).contains("barcode"), "\(path)")
                let whole = try await tester.ask(.get, Self.opera + path, token: Self.admin)
                #expect(String(buffer: whole.body).contains("barcode"), "\(path)")
            }
        }
    }
}
