import Foundation
import NIOCore
import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import Synchronization
import Testing

@testable import OnsaleWebhooks

@Suite(.serialized, .timeLimit(.minutes(5))) struct WebhookEndpointsTests {
    @Test("Unfit input is refused, pages end, and what is removed is forgotten", arguments: TablesKind.allCases)
    func administration(kind: TablesKind) async throws {
        try await WebhooksWorld.with(kind) { world in
            try await world.live({
                $0.reach = .isPublic
                $0.limits.endpointsMax = 2
                $0.limits.attemptsMax = 0
            }) { role in
                let endpoints = role.endpoints
                await #expect(throws: WebhookRefusal.url(.notPublic)) {
                    try await endpoints.create(url: "https://127.0.0.1/", types: ["*"])
                }
                await #expect(throws: WebhookRefusal.types(.none)) {
                    try await endpoints.create(url: "https://a.com/", types: [])
                }
                let id = try await endpoints.create(url: "https://a.com/", types: ["*"]).0.id.text
                _ = try await endpoints.create(url: "https://b.com/", types: ["onsale.mail.*"])
                await #expect(throws: WebhookRefusal.tooManyEndpoints(2)) {
                    try await endpoints.create(url: "https://c.com/", types: ["*"])
                }
                for unknown in ["", "whe_1", "whe_" + String(repeating: "0", count: 32)] {
                    await #expect(throws: WebhookRefusal.unknownEndpoint) { try await endpoints.remove(unknown) }
                    await #expect(throws: WebhookRefusal.unknownEndpoint) {
                        try await endpoints.rotateSecret(of: unknown)
                    }
                    await #expect(throws: WebhookRefusal.unknownEndpoint) {
                        try await endpoints.deliveries(of: unknown)
                    }
                }
                await #expect(throws: WebhookRefusal.unknownDelivery) {
                    try await endpoints.redeliver(WebhookID(of: event(99)).text, to: id)
                }
                try await world.bus.publish((1...7).map { event($0) })
                try await eventually(20, "all is taken in") { role.counts["pending"] == 7 }
                var pages: [[LoggedDelivery]] = []
                repeat {
                    pages.append(
                        try await endpoints.deliveries(of: id, before: pages.last?.last?.message.text, limit: 3))
                } while pages.last?.isEmpty == false
                #expect(pages.map(\.count) == [3, 3, 1, 0])
                #expect(Set(pages.joined().map(\.message)).count == 7)
                try await endpoints.remove(id)
                #expect(try await endpoints.all().map(\.url) == ["https://b.com/"])
                _ = try await endpoints.create(url: "https://c.com/", types: ["*"])
                try await eventually(20, "nothing is left of it") {
                    let deliveries = try await world.rows("SELECT endpoint FROM webhook_delivery")
                    let endpoints = try await world.rows("SELECT id FROM webhook_endpoint WHERE id = '\(id)'")
                    return deliveries.isEmpty && endpoints.isEmpty
                }
            }
        }
    }

    @Test(
        "Two processes on the same tables send each delivery once and keep the bounds", arguments: TablesKind.allCases)
    func together(kind: TablesKind) async throws {
        let (server, count) = (EndpointServer { _ in .later(milliseconds: 20) }, 60)
        try await server.serve { port in
            try await WebhooksWorld.with(kind) { world in
                try await world.live { role in
                    try await world.live { other in
                        _ = try await role.endpoints.create(url: "http://127.0.0.1:\(port)/", types: ["*"])
                        try await world.bus.publish((1...count).map { event($0) })
                        try await eventually(25, "all is delivered") {
                            role.counts["delivered"] == count && other.counts["delivered"] == count
                        }
                    }
                }
            }
        }
        #expect(server.requests.count == count && Set(server.requests.map(\.id)).count == count)
        #expect(server.underWayMax <= 4)
    }

    @Test("An endpoint that fails for long, or falls behind, is switched off, and its owner told for certain")
    func switchingOff() async throws {
        let server = EndpointServer { _ in .status(500) }
        let refusals = Mutex(2)
        try await server.serve { port in
            try await WebhooksWorld.with(.sqlite) { world in
                let told: WebhooksRole.SwitchOffPort = { endpoint, reason in
                    try refusals.withLock { left in
                        left -= 1
                        if left >= 0 { throw CancellationError() }
                    }
                    #expect(endpoint.url.hasSuffix(":\(port)/"))
                    world.told.withLock { $0.append(reason) }
                }
                var id = ""
                try await world.live({ $0.limits.attemptsMax = 0 }, switchedOff: told) { role in
                    id = try await role.endpoints.create(url: "http://127.0.0.1:\(port)/", types: ["*"]).0.id.text
                    try await world.bus.publish([event(1)])
                    try await eventually(20, "it is taken in") { role.counts["pending"] == 1 }
                }
                try await world.meddle(
                    "UPDATE webhook_endpoint SET failures = 50, failing_milliseconds = 259000000, failed_at = 0")
                try await world.live(switchedOff: told) { role in
                    try await eventually(20, "the owner is told") { world.told.withLock { $0 } == [.failing] }
                    // What happens now is not for it.
                    try await world.bus.publish([event(2)])
                    try await eventually(20, "it is taken in") {
                        try await world.rows("SELECT 1 FROM handled").count == 2
                    }
                    #expect(try await role.endpoints.deliveries(of: id).map(\.state) == [.pending])
                }
                try await world.live(
                    {
                        $0.limits.attemptsMax = 0
                        $0.limits.backlogMax = 3
                    }, switchedOff: told
                ) { role in
                    #expect(try await role.endpoints.switchOn(id).switchedOff == nil)
                    try await world.bus.publish((3...5).map { event($0) })
                    try await eventually(20, "the owner is told") {
                        world.told.withLock { $0 } == [.failing, .backlog]
                    }
                }
                server.answer { _ in .status(200) }
                try await world.live(switchedOff: told) { role in
                    _ = try await role.endpoints.switchOn(id)
                    try await eventually(20, "what waited is delivered") { role.counts["delivered"] == 4 }
                }
            }
        }
        #expect(server.requests.count == 5)
    }

    @Test("Whoever has the tables has no secret, and a wrong key sends nothing")
    func sealed() async throws {
        let server = EndpointServer()
        try await server.serve { port in
            try await WebhooksWorld.with(.sqlite) { world in
                try await world.live({ $0.limits.attemptsMax = 0 }) { role in
                    let (_, secret) = try await role.endpoints.create(url: "http://127.0.0.1:\(port)/", types: ["*"])
                    let sealed = try await world.rows("SELECT sealed FROM webhook_secret")
                    #expect(sealed.count == 1 && !secret.text.contains(sealed[0][0] ?? ""))
                    try await world.bus.publish([event(1)])
                    try await eventually(20, "it is taken in") { role.counts["pending"] == 1 }
                }
                let wrong = try WebhooksWorld.seal(8)
                try await world.live({ $0.seal = wrong }) { role in
                    try await eventually(20, "the operator is told") {
                        role.trouble?.contains("can't be opened") == true
                    }
                }
                #expect(server.requests.isEmpty)
                try await world.live { role in
                    try await eventually(20, "it is sent") { role.counts["delivered"] == 1 && role.trouble == nil }
                }
            }
        }
    }
}
