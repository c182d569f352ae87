import AsyncHTTPClient
import Doubles
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import OnsaleEngine
import OnsalePayments
import OnsaleSale
import OnsaleStreams
import Synchronization
import Testing

@testable import OnsaleHTTP

/// What a node does with requests that another one must answer.
@Suite struct NodesTests {
    /// The endpoints that not just any node answers. A new one must be looked at.
    private static let decided: [String: ServingNode] = [
        "createEvent": .creator, "listMyOrders": .several, "getMe": .several, "receivePaymentNotice": .several,
        "createOrder": .cashier,
        "getTimeline": .historian, "getOrderStory": .historian, "exportOrders": .historian,
    ].merging(
        [
            "joinWaitingRoom", "claimPass", "giveUpPass", "createHold", "getHold", "releaseHold",
            "getOrder", "getQRCode", "cancelOrder", "getReport", "changeOnsale", "changeEvent", "publishEvent",
            "pauseOnsale", "resumeOnsale",
            "blockSeats", "unblockSeats", "listOrders", "listBlocks", "refundTickets", "getBuyer", "listAudit",
            "checkIn",
            "listVoidTickets", "getDoor", "findTickets",
        ].map { ($0, .promptOwner) }, uniquingKeysWith: { first, _ in first })

    private static let anyNodes: Set = [
        "createSession", "deleteMe", "listEvents", "getEvent", "getSeatingPlan", "getAvailability", "getWaitingRoom",
        "listEntrants",
        "streamAvailability", "streamWaitingRoom", "getKeys", "getReadiness", "getProblemType", "getOpenAPI",
        "getAsyncAPI",
        "createWebhookEndpoint", "listWebhookEndpoints", "getWebhookEndpoint", "deleteWebhookEndpoint",
        "rotateWebhookSecret", "switchOnWebhookEndpoint", "listWebhookDeliveries", "redeliverWebhook", "getSettlement",
        "exportSettlement", "getCaller", "createAccount", "listAccounts", "renewAccountToken", "revokeAccount",
    ]

    @Test("Every endpoint says which node answers it, and whatever goes through the writer goes to the owner")
    func decides() async throws {
        try await ServiceTester.run { tester in
            for operation in tester.operations {
                #expect(operation.node == NodesTests.decided[operation.id] ?? .any, "\(operation.id)")
                #expect(
                    NodesTests.anyNodes.contains(operation.id) == (operation.node == .any), "\(operation.id)")
                if operation.node != .any { #expect(operation.allows(.unavailable), "\(operation.id)") }
            }
        }
    }

    @Test("A single node names none in its answers, and believes nothing that only nodes say")
    func singleNode() async throws {
        try await ServiceTester.run { tester in
            let secret = try #require(HTTPField.Name("onsale-node-secret"))
            let answer = try await tester.ask(.get, "/v1/events", headers: [secret: ""])
            #expect(answer.headers[.onsaleNode] == nil && answer.headers[.onsaleTook] == nil)
        }
    }

    @Test("A sale goes on at its owner, whichever node the fan's requests come to")
    func sale() async throws {
        try await NodeTester.pair { north, south in
            try await NodeTester.create("opera", at: north, south)
            north.places.put("opera", .at(south.peer))
            let session = try await north.session()
            let pass = try await north.pass("opera", session: session)
            let opera = "/v1/events/opera"
            let body = #"{"seats":["A1","A2"]}"#
            let hold = try await north.ask(
                .POST, opera + "/holds", token: pass, body, headers: ["idempotency-key": "h1"])
            #expect(hold.status == 201)
            #expect(hold.way == ["north", "south"])
            // The same at the owner's own port: one key, one hold.
            let again = try await south.ask(
                .POST, opera + "/holds", token: pass, body, headers: ["idempotency-key": "h1"])
            #expect(again.body == hold.body && again.way == ["south", nil])
            let path = opera + "/holds/" + (try hold.text("hold"))
            #expect(try await north.ask(.GET, path, token: pass).status == 200)
            #expect(try await north.ask(.HEAD, path, token: pass).body.readableBytes == 0)
            #expect(try await north.ask(.DELETE, path, token: pass).status == 204)
            let order = try await north.buy("opera", pass: pass, key: "o1")
            let seen = try await north.ask(.GET, opera + "/orders/" + order, token: session)
            #expect(try seen.text("state") == "confirmed")
            let report = try await north.ask(.GET, opera + "/report", token: ServiceTester.adminToken)
            #expect(report.json?["sold"] as? Int == 1 && report.way == ["north", "south"])
            // Nothing of it happened here, where it was merely passed on.
            #expect(north.engine.loadedViews().allSatisfy { $0.counts.sold == 0 })
            let table = try await north.ask(.GET, opera + "/orders.csv", token: ServiceTester.adminToken)
            #expect(String(buffer: table.body).contains(order) && table.way == ["north", "south"])
        }
    }

    @Test("Every answer names its node, refusals and streams included; none tells what is only for nodes")
    func names() async throws {
        try await NodeTester.pair { north, south in
            try await NodeTester.create("opera", at: north, south)
            north.places.put("opera", .at(south.peer))
            for (path, token, status) in [
                ("/openapi.json", nil, 200), ("/v1/events", nil, 200), ("/nothing", nil, 404),
                ("/v1/events/none", nil, 404),
                ("/v1/events/opera/report", nil, 401), ("/v1/events/opera/holds/hld_1", "bad", 401),
            ] as [(String, String?, Int)] {
                let answer = try await north.ask(.GET, path, token: token)
                #expect(answer.status == status && answer.way == ["north", nil], "\(path)")
            }
            let passed = try await north.ask(
                .GET, "/v1/events/opera/orders/ord_1", token: ServiceTester.adminToken,
                headers: ["x-request-id": "mine"])
            #expect(passed.status == 404 && passed.way == ["north", "south"] && passed.problem == "not-found")
            #expect(passed.headers["x-request-id"] == ["mine"])
            #expect(passed.header("onsale-took") == nil && passed.header("onsale-not-owner") == nil)
            #expect(try await stream(north, "/v1/events/opera/availability/stream").way == ["north", nil])
        }
    }

    private func stream(_ node: NodeTester, _ path: String) async throws -> NodeTester.Answer {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(node.port)" + path)
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let first = try await answer.body.first { _ in true } ?? ByteBuffer()
        return NodeTester.Answer(status: Int(answer.status.code), headers: answer.headers, body: first)
    }

    // MARK: What goes on

    @Test(
        "Fields of one connection stay behind, those of the request go on, and what only nodes say is this node's own")
    func fields() async throws {
        let hop = try #require(HTTPField.Name("x-hop"))
        try await FalsePeer.run(answer: { _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/json", .connection: "x-hop", hop: "1"],
                body: .init(byteBuffer: ByteBuffer(string: "{}")))
        }) { peer in
            try await NodeTester.run("north") { north in
                try await NodeTester.create("opera", at: north)
                north.places.put("opera", .at(peer.peer("south")))
                let answer = try await north.ask(
                    .GET, "/v1/events/opera/report?a=%20b&c", token: ServiceTester.adminToken,
                    headers: [
                        "connection": "keep-alive, x-mine", "x-mine": "1", "keep-alive": "5", "te": "trailers",
                        "x-other": "2", "x-request-id": "abc", "x-forwarded-for": "9.9.9.9", "onsale-hops": "7",
                        "forwarded-for": "8.8.8.8", "onsale-node-secret": "guessed", "onsale-part": "own",
                    ])
                #expect(answer.status == 200 && answer.header("x-hop") == nil)
                let sent = try #require(peer.requests.first)
                #expect(sent.path == "/v1/events/opera/report?a=%20b&c")
                func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { sent.headerFields[$0] } }
                for name in ["x-mine", "keep-alive", "te", "x-forwarded-for", "onsale-part"] {
                    #expect(value(name) == nil, "\(name)")
                }
                #expect(value("x-other") == "2" && value("x-request-id") == "abc")
                #expect(value("authorization") == "Bearer " + ServiceTester.adminToken)
                #expect(value("onsale-hops") == "1" && value("forwarded-for") == "127.0.0.1")
                #expect(value("onsale-node-secret") == north.places.secret)
            }
        }
    }

    @Test("A client is counted at the node that it came to, and there alone")
    func countsOnce() async throws {
        try await NodeTester.pair(limitsLoopback: true) { north, south in
            try await NodeTester.create("opera", at: north, south)
            north.places.put("opera", .at(south.peer))
            let session = try await north.session()
            let room = "/v1/events/opera/waiting-room"
            // More than a buyer's burst, all at once, so that nothing is refilled meanwhile however slow the machine is.
            // What pretends to be counted already is counted.
            let answers = try await withThrowingTaskGroup(of: NodeTester.Answer.self) { group in
                for _ in 0..<60 {
                    group.addTask {
                        try await north.ask(
                            .POST, room, token: session, headers: ["onsale-node-secret": "guessed", "onsale-hops": "1"])
                    }
                }
                return try await group.reduce(into: [NodeTester.Answer]()) { $0.append($1) }
            }
            let refused = answers.filter { $0.status == 429 }
            #expect(!refused.isEmpty && refused.allSatisfy { $0.way == ["north", nil] })
            #expect(answers.filter { $0.status < 300 }.allSatisfy { $0.way == ["north", "south"] })
            // The owner has counted none of these.
            #expect(try await south.ask(.POST, room, token: session).status == 200)
        }
    }

    @Test("A body that is too large goes nowhere")
    func tooLarge() async throws {
        try await NodeTester.pair { north, south in
            try await NodeTester.create("opera", at: north)
            north.places.put("opera", .at(south.peer))
            let answer = try await north.ask(
                .POST, "/v1/events/opera/blocks", token: ServiceTester.adminToken,
                String(repeating: " ", count: (64 << 10) + 1))
            #expect(answer.status == 413 && answer.way == ["north", nil])
        }
    }

    // MARK: Nodes that don't answer

    private static let pause = "/v1/events/opera/onsale/pause"

    @Test("What could not be sent is sent once more, to whoever owns the event by then")
    func unsent() async throws {
        try await NodeTester.pair { north, south in
            try await NodeTester.create("opera", at: north, south)
            let gone = try await FalsePeer.gone("west")
            north.places.put("opera", .at(gone), .at(south.peer))
            let answer = try await north.ask(.POST, Self.pause, token: ServiceTester.adminToken)
            #expect(answer.status == 200 && answer.way == ["north", "south"])
            #expect(north.places.unanswered == ["west"])
            // By then it may be this node.
            north.places.put("opera", .at(gone), .here)
            let own = try await north.ask(
                .POST, "/v1/events/opera/blocks", token: ServiceTester.adminToken, #"{"seats":["A1"]}"#)
            #expect(own.status == 201 && own.way == ["north", nil])
            north.places.put("opera", .at(gone))
            let refused = try await north.ask(.POST, Self.pause, token: ServiceTester.adminToken)
            #expect(refused.status == 503 && refused.problem == "unavailable" && refused.header("retry-after") == "1")
            north.places.put("opera", .nowhere(retryAfterSeconds: 3))
            let nowhere = try await north.ask(.POST, Self.pause, token: ServiceTester.adminToken)
            #expect(nowhere.problem == "unavailable" && nowhere.header("retry-after") == "3")
        }
    }

    @Test("What may have arrived is repeated by its client alone, unless it only reads")
    func lost() async throws {
        try await FalsePeer.run(answer: { _ in nil }) { peer in
            try await NodeTester.run("north") { north in
                try await NodeTester.create("opera", at: north)
                north.places.put("opera", .at(peer.peer("south")))
                let written = try await north.ask(.POST, Self.pause, token: ServiceTester.adminToken)
                #expect(written.status == 503 && written.problem == "unavailable")
                #expect(written.header("retry-after") == "1")
                #expect(peer.requests.count == 1)
                let read = try await north.ask(.GET, "/v1/events/opera/report", token: ServiceTester.adminToken)
                #expect(read.status == 503)
                #expect(peer.requests.count == 3)
                #expect(north.places.unanswered.count == 3)
            }
        }
    }

    @Test("A node that doesn't own the event either is believed, and the owner is looked for once more")
    func notOwner() async throws {
        let denial = Response(
            status: .serviceUnavailable,
            headers: [.contentType: "application/problem+json", .onsaleNotOwner: "west", .retryAfter: "1"],
            body: .init(byteBuffer: ByteBuffer(string: #"{"type":"/problems/unavailable","status":503}"#)))
        try await FalsePeer.run(as: "west", answer: { _ in denial }) { west in
            try await NodeTester.pair { north, south in
                try await NodeTester.create("opera", at: north, south)
                north.places.put("opera", .at(west.peer("west")), .at(south.peer))
                let answer = try await north.ask(
                    .POST, "/v1/events/opera/blocks", token: ServiceTester.adminToken, #"{"seats":["A1"]}"#)
                #expect(answer.status == 201 && answer.way == ["north", "south"])
                north.places.put("opera", .at(west.peer("west")))
                let refused = try await north.ask(.POST, Self.pause, token: ServiceTester.adminToken)
                #expect(refused.status == 503 && refused.problem == "unavailable")
                #expect(refused.header("onsale-not-owner") == nil)
                #expect(west.requests.count == 3)
            }
        }
    }

    @Test("Two nodes that take each other for the owner don't pass a request to and fro")
    func loop() async throws {
        try await NodeTester.pair { north, south in
            try await NodeTester.create("opera", at: north, south)
            north.places.put("opera", .at(south.peer))
            south.places.put("opera", .at(north.peer))
            let answer = try await north.ask(.POST, Self.pause, token: ServiceTester.adminToken)
            #expect(answer.status == 503 && answer.problem == "unavailable")
            #expect(answer.header("onsale-not-owner") == nil)
            // There and back, and once more after the second look.
            #expect(north.places.asked == 4 && south.places.asked == 2)
        }
    }

    // MARK: What is about several events

    @Test("A buyer's orders are those of all nodes, newest first, page by page; none is left out in silence")
    func orders() async throws {
        try await NodeTester.pair { north, south in
            try await NodeTester.create("opera", at: north, south)
            try await NodeTester.create("ballet", at: north, south)
            north.places.put("opera", .at(south.peer))
            south.places.put("ballet", .at(north.peer))
            let session = try await north.session()
            let opera = try await south.pass("opera", session: session)
            let ballet = try await north.pass("ballet", session: session)
            var bought: [String] = []
            for round in 0..<3 {
                bought.append(try await south.buy("opera", pass: opera, key: "o\(round)"))
                bought.append(try await north.buy("ballet", pass: ballet, key: "b\(round)"))
            }
            for node in [north, south] {
                let all = try await node.ask(.GET, "/v1/orders", token: session)
                #expect(Self.listed(all) == bought.reversed())
                #expect(all.json?["next"] is NSNull)
                var pages: [String] = []
                var after = ""
                for _ in 0..<4 {
                    let page = try await node.ask(.GET, "/v1/orders?limit=2" + after, token: session)
                    #expect(page.status == 200)
                    pages += Self.listed(page)
                    guard let next = page.json?["next"] as? String else { break }
                    after = "&after=" + next
                }
                #expect(pages == bought.reversed())
            }
            // A node that knows of an order which nobody lists.
            south.places.put("opera", .nowhere(retryAfterSeconds: 1))
            #expect(try await south.ask(.GET, "/v1/orders", token: session).problem == "unavailable")
            south.places.put("opera", .here)
            south.places.set(peers: [try await FalsePeer.gone("north")])
            let refused = try await south.ask(.GET, "/v1/orders", token: session)
            #expect(refused.status == 503 && refused.problem == "unavailable")
            // Nothing can be missing that would be on a node without events.
            south.places.set(peers: [north.peer, try await FalsePeer.gone("edge")])
            south.places.set(owners: ["north", "south"])
            #expect(Self.listed(try await south.ask(.GET, "/v1/orders", token: session)) == bought.reversed())
            #expect(south.places.unanswered.contains("edge"))
        }
    }

    @Test("What something else says at a node's address is no answer of that node")
    func stranger() async throws {
        let forged = Response(
            status: .created, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: #"{"hold":"hld_forged"}"#)))
        for name in [nil, "west"] as [String?] {
            try await FalsePeer.run(as: name, answer: { _ in forged }) { peer in
                try await NodeTester.run("north") { north in
                    try await NodeTester.create("opera", at: north)
                    north.places.put("opera", .at(peer.peer("south")))
                    let answer = try await north.ask(.POST, Self.pause, token: ServiceTester.adminToken)
                    #expect(answer.status == 503 && answer.problem == "unavailable")
                    #expect(north.places.unanswered == ["south"])
                    #expect(peer.requests.count == 1)
                }
            }
        }
    }

    private static func listed(_ answer: NodeTester.Answer) -> [String] {
        (answer.json?["orders"] as? [[String: Any]])?.compactMap { $0["order"] as? String } ?? []
    }

    @Test("A notice of the provider's goes to the owner of its order, or to all nodes where that is unknown")
    func notices() async throws {
        try await NodeTester.pair { north, south in
            try await NodeTester.create("opera", at: north, south)
            north.places.put("opera", .at(south.peer))
            let session = try await south.session()
            let order = try await south.buy(
                "opera", pass: try await south.pass("opera", session: session), key: "o1")
            // Each reads the money's state anew, where it is asked at all.
            func notify(_ node: NodeTester, _ object: String) async throws -> NodeTester.Answer {
                let body = #"{"type":"charge.refunded","data":{"object":\#(object)}}"#
                let signature = WebhookSignature.make(
                    Array(body.utf8), secret: "w", seconds: Int64(Date().timeIntervalSince1970))
                return try await node.ask(
                    .POST, "/v1/webhooks/payments", body, headers: ["stripe-signature": signature])
            }
            // An idle node probes the provider now and then.
            @Sendable func calls(_ node: NodeTester) -> Int {
                node.gateway.state.withLock { $0.calls.count { $0 != "probe" } }
            }
            let before = (calls(north), calls(south))
            let known = try await notify(north, #"{"metadata":{"order":"\#(order)"}}"#)
            #expect(known.status == 200 && known.way == ["north", "south"])
            #expect(try await eventually { calls(south) > before.1 })
            #expect(calls(north) == before.0)
            let intent = #"{"object":"charge","payment_intent":"pi_unknown"}"#
            let (northern, southern) = (calls(north), calls(south))
            #expect(try await notify(north, intent).status == 200)
            #expect(try await eventually { calls(north) > northern && calls(south) > southern })
            north.places.set(peers: [try await FalsePeer.gone("south")])
            #expect(try await notify(north, intent).problem == "unavailable")
        }
    }

    private func eventually(_ holds: @Sendable () -> Bool) async throws -> Bool {
        for _ in 0..<1000 {
            if holds() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test("A new event is made at the node that takes new ones, however large its plan")
    func creation() async throws {
        try await NodeTester.pair { north, south in
            north.places.set(creator: south.peer)
            let description = String(repeating: "x", count: 200_000)
            let answer = try await north.ask(
                .POST, "/v1/events", token: ServiceTester.adminToken,
                """
                {"id":"opera","title":"Opera","startsAt":"2030-01-01T20:00:00.000Z","currency":"KRW",
                 "areas":[{"name":"A","capacity":5,"category":"A"}],"prices":[{"category":"A","amount":1}],
                 "note":"\(description)"}
                """)
            #expect(answer.status == 201 && answer.way == ["north", "south"])
            #expect(south.engine.summaries().map(\.id) == ["opera"] && north.engine.summaries().isEmpty)
        }
    }

    // MARK: Streams

    @Test("A stream of an event that only its owner knows goes through, and ends with either side")
    func streams() async throws {
        try await NodeTester.pair { north, south in
            try await NodeTester.create("opera", at: south)
            north.places.put("opera", .at(south.peer))
            // The client goes.
            let opened = try await stream(north, "/v1/events/opera/availability/stream")
            #expect(opened.status == 200 && opened.way == ["north", "south"])
            #expect(String(buffer: opened.body).hasPrefix("event: snapshot"))
            #expect(try await eventually { south.broadcaster.listeners == 0 })
            // The owner goes.
            let request = HTTPClientRequest(
                url: "http://127.0.0.1:\(north.port)/v1/events/opera/waiting-room/stream")
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            var pieces = answer.body.makeAsyncIterator()
            #expect(try await pieces.next() != nil)
            await south.broadcaster.stop()
            while (try? await pieces.next()) != nil {}
        }
    }
}
