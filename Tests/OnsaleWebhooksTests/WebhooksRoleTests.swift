import Foundation
import NIOCore
import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import Synchronization
import Testing

@testable import OnsaleWebhooks

@Suite(.serialized, .timeLimit(.minutes(5))) struct WebhooksRoleTests {
    @Test("What happens goes to those who want it, once though the bus says it twice", arguments: TablesKind.allCases)
    func delivers(kind: TablesKind) async throws {
        let (orders, all) = (EndpointServer(), EndpointServer())
        try await orders.serve { ordersPort in
            try await all.serve { allPort in
                try await WebhooksWorld.with(kind) { world in
                    try await world.live { role in
                        let (first, _) = try await role.endpoints.create(
                            url: "http://127.0.0.1:\(ordersPort)/hook?a=b", types: ["onsale.order.*"])
                        _ = try await role.endpoints.create(url: "http://127.0.0.1:\(allPort)/", types: ["*"])
                        let data =
                            #"{"amount":9007199254740993,"tickets":[{"ticket":"t1","barcode":"secret"}],"#
                            + #""proof":"fan-7","event":{"title":"바다"}}"#
                        let events = [event(1, data: data), event(2, .mailSent), event(3, .orderRefunded)]
                        try await world.bus.publish(events)
                        try await world.bus.publish(events)
                        try await eventually(20, "all is delivered") {
                            try await role.endpoints.deliveries(of: first.id.text).map(\.state)
                                == [.delivered, .delivered] && all.requests.count >= 3
                        }
                        try await eventually(20, "it is counted") { role.counts["delivered"] == 5 }
                        #expect(role.counts["pending"] == 0 && role.trouble == nil)
                        let log = try await role.endpoints.deliveries(of: first.id.text)
                        #expect(log.allSatisfy { $0.attempts.map(\.status) == [200] })
                    }
                }
                #expect(orders.requests.count == 2 && all.requests.count == 3)
                #expect(Set(all.requests.map(\.id)).isSuperset(of: orders.requests.map(\.id)))
            }
        }
        let request = try #require(orders.requests.first { $0.id == WebhookID(of: event(1)).text })
        #expect(request.line == "POST /hook?a=b HTTP/1.1" && request.headers["content-type"] == "application/json")
        #expect(
            request.text == #"{"type":"onsale.order.confirmed.v1","timestamp":"2027-01-15T08:00:00.000Z","data":"#
                + #"{"amount":9007199254740993,"event":{"title":"바다"},"tickets":[{"ticket":"t1"}]}}"#)
    }

    @Test("A process that stops before, while, or after it sends loses nothing", arguments: TablesKind.allCases)
    func restarts(kind: TablesKind) async throws {
        let server = EndpointServer { _ in .silence }
        try await server.serve { port in
            try await WebhooksWorld.with(kind) { world in
                var id = ""
                // Taken in, and no sender yet.
                try await world.live({ $0.limits.attemptsMax = 0 }) { role in
                    id = try await role.endpoints.create(url: "http://127.0.0.1:\(port)/", types: ["*"]).0.id.text
                    try await world.bus.publish([event(1)])
                    try await eventually(20, "it is taken in") { role.counts["pending"] == 1 }
                }
                // It stops while the endpoint thinks.
                try await world.live { _ in
                    try await eventually(20, "it is sent") { server.requests.count == 1 }
                }
                // It is killed: nothing of the attempt is noted, the lease ends by itself.
                try await world.meddle("UPDATE webhook_delivery SET state = 'sending', lease = 'x', due_at = 0")
                server.answer { _ in .status(204) }
                try await world.live { role in
                    try await eventually(20, "it is delivered") { role.counts["delivered"] == 1 }
                }
                // And after that it isn't sent again.
                try await world.bus.publish([event(1)])
                try await world.live { role in
                    try await Task.sleep(for: .milliseconds(500))
                    #expect(try await role.endpoints.deliveries(of: id).first?.attempts.map(\.outcome) == ["delivered"])
                }
            }
        }
        #expect(server.requests.count == 2)
        #expect(Set(server.requests.map(\.id)).count == 1)
    }

    @Test("An endpoint that hangs, fails or is gone delays no other", arguments: TablesKind.allCases)
    func isolation(kind: TablesKind) async throws {
        let (hanging, gone, failing, good) = (
            EndpointServer { _ in .silence }, EndpointServer { _ in .status(410) },
            EndpointServer { _ in .status(500) }, EndpointServer()
        )
        let count = 40
        try await hanging.serve { hangingPort in
            try await gone.serve { gonePort in
                try await failing.serve { failingPort in
                    try await good.serve { goodPort in
                        try await WebhooksWorld.with(kind) { world in
                            try await world.live({ $0.senderLimits.attempt = .seconds(30) }) { role in
                                var ids: [String] = []
                                for port in [hangingPort, gonePort, failingPort, goodPort] {
                                    let url = "http://127.0.0.1:\(port)/"
                                    ids.append(try await role.endpoints.create(url: url, types: ["*"]).0.id.text)
                                }
                                try await world.bus.publish((1...count).map { event($0) })
                                try await eventually(25, "the good one has all") { good.requests.count == count }
                                try await eventually(20, "somebody is told") { world.told.withLock { $0 } == [.gone] }
                                #expect(try await role.endpoints.endpoint(ids[1]).switchedOff == .gone)
                                #expect(try await role.endpoints.endpoint(ids[2]).failures >= 3)
                                #expect(role.counts["switchedOff"] == 1)
                                await #expect(throws: WebhookRefusal.switchedOff) {
                                    try await role.endpoints.redeliver(gone.requests[0].id, to: ids[1])
                                }
                            }
                        }
                    }
                }
            }
        }
        #expect(hanging.requests.count == 4 && good.underWayMax <= 4 && gone.requests.count <= 4)
        // Three failures, then one a pause.
        #expect(failing.requests.count < 15)
    }

    @Test("Failures are retried, and by hand at once, with the same webhook-id", arguments: TablesKind.allCases)
    func retries(kind: TablesKind) async throws {
        let server = EndpointServer { _ in .status(503, headers: "retry-after: 7200\r\n", body: "full\u{7}") }
        try await server.serve { port in
            try await WebhooksWorld.with(kind) { world in
                try await world.live { role in
                    let (endpoint, secret) = try await role.endpoints.create(
                        url: "http://127.0.0.1:\(port)/", types: ["*"])
                    let id = endpoint.id.text
                    try await world.bus.publish([event(1)])
                    try await eventually(20, "it has failed") {
                        try await role.endpoints.deliveries(of: id).first?.attempts.count == 1
                    }
                    let failed = try #require(try await role.endpoints.deliveries(of: id).first)
                    #expect(failed.state == .pending && failed.attempts[0].status == 503)
                    #expect(failed.attempts[0].answer == "full.")
                    let wait = failed.dueAt.milliseconds - failed.attempts[0].beganAt.milliseconds
                    #expect((3_600_000...4_000_000).contains(wait))
                    server.answer { _ in .status(200) }
                    let next = try await role.endpoints.rotateSecret(of: id)
                    try await role.endpoints.redeliver(failed.message.text, to: id)
                    try await eventually(20, "it is delivered") { role.counts["delivered"] == 1 }
                    #expect(Set(server.requests.map(\.id)) == [failed.message.text])
                    let request = server.requests[1]
                    let seconds = try #require(Int64(request.headers["webhook-timestamp"] ?? ""))
                    let expected = [next, secret].map {
                        WebhookSignature.sign(request.body, id: failed.message, seconds: seconds, with: $0)
                    }
                    #expect(request.headers["webhook-signature"] == expected.joined(separator: " "))
                    // What was delivered is sent again too, if somebody wants it.
                    try await role.endpoints.redeliver(failed.message.text, to: id)
                    try await eventually(20, "it is sent again") { server.requests.count == 3 }
                    try await eventually(20, "its log goes on") {
                        try await role.endpoints.deliveries(of: id).first?.attempts.map(\.number) == [1, 2, 3]
                    }
                }
            }
        }
    }
}
