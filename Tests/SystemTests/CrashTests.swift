import Foundation
import NIOHTTP1
import Synchronization
import Testing

/// kill -9 under load, again and again, comparing what is left with what was answered.
@Suite(.serialized) struct CrashTests {
    /// What the fans were told, over all rounds.
    final class Told: Sendable {
        struct State {
            var holdCount = 0
            var holds: [String: (seat: String, pass: String)] = [:]
            var orders: [String: (seat: String, pass: String, state: String)] = [:]
        }

        let state = Mutex(State())
    }

    private static let rounds =
        ProcessInfo.processInfo.environment["ONSALE_CRASH_ROUNDS"].flatMap(Int.init) ?? 6
    private static let fans = 12

    @Test("Whenever the server is killed, nothing answered is lost and no seat is sold twice")
    func killsUnderLoad() async throws {
        try await withFolder { folder in
            let told = Told()
            for round in 0..<Self.rounds {
                let server = try await Serve.start(data: folder)
                // Soon gives up on a server that is gone.
                let client = Client(url: server.url, timeoutSeconds: 2)
                let event = "show-\(round / 4)"
                if round % 4 == 0 {
                    try await client.createEvent(event, rows: 60, limits: #""holdSeconds":3600"#)
                }
                try await load(client, server, event, round, told)
                if round % 3 == 2 { try await expectVerified(folder) }
                // Each round checks its own event's answers, the last one all of them.
                try await expectAllThere(folder, told, event: round == Self.rounds - 1 ? nil : event)
            }
            try await expectVerified(folder)
            let counts = told.state.withLock { ($0.holdCount, $0.orders.count) }
            #expect(counts.0 > 0 && counts.1 > 0, "the load must have bought something")
            print("crash test: \(Self.rounds) rounds, \(counts.0) holds and \(counts.1) orders answered, none lost")
        }
    }

    /// Fans buy until the server is gone.
    private func load(
        _ client: Client, _ server: RunningProgram, _ event: String, _ round: Int, _ told: Told
    ) async throws {
        await withTaskGroup(of: Void.self) { group in
            for fan in 0..<Self.fans {
                group.addTask { try? await buy(client, server, event, "\(round)-\(fan)", told) }
            }
            group.addTask {
                // Anywhere from the first request to the busy middle.
                try? await Task.sleep(for: .milliseconds(Int.random(in: 40...700)))
                await server.kill()
            }
        }
    }

    private func buy(_ client: Client, _ server: RunningProgram, _ event: String, _ name: String, _ told: Told)
        async throws
    {
        for attempt in 0..<100 where server.process.isRunning {
            let pass = try await client.pass("fan-\(name)-\(attempt)", event: event)
            let seat = "\(Int.random(in: 0..<60))-\(Int.random(in: 0..<10))"
            let hold = try await client.hold(pass, #"{"seats":["\#(seat)"]}"#, event: event)
            guard hold.status == 201, let id = hold.string("hold") else { continue }
            told.state.withLock { state in
                state.holdCount += 1
                state.holds["\(event)/\(id)"] = (seat, pass)
            }
            let method = attempt % 5 == 4 ? "pm_card_chargeDeclined" : "pm_card_visa"
            let order = try await client.order(
                pass, hold: id, method: method, event: event, key: "key-\(name)-\(attempt)", waitSeconds: attempt % 2)
            guard order.status == 201 || order.status == 202, let number = order.string("order"),
                let state = order.string("state")
            else { continue }
            told.state.withLock { state in state.holds["\(event)/\(id)"] = nil }
            told.state.withLock { $0.orders["\(event)/\(number)"] = (seat, pass, state) }
        }
    }

    /// Restarts and asks for everything that was answered.
    private func expectAllThere(_ folder: String, _ told: Told, event: String?) async throws {
        let server = try await Serve.start(data: folder)
        let client = Client(url: server.url)
        let (holds, orders) = told.state.withLock { ($0.holds, $0.orders) }
        for (name, hold) in holds {
            let parts = name.split(separator: "/")
            let answer = try await client.send(.GET, "/v1/events/\(parts[0])/holds/\(parts[1])", token: hold.pass)
            // Its order may have been placed with the answer lost; then the hold ended in that order.
            if answer.status != 200 {
                let seats = try await client.send(
                    .GET, "/v1/events/\(parts[0])/orders?limit=500", token: Serve.adminToken)
                #expect(answer.slug == "hold-expired" && seats.status == 200, "hold \(name) was answered and is lost")
            }
        }
        var owners: [String: String] = [:]
        for (name, order) in orders where event.map({ name.hasPrefix($0 + "/") }) ?? true {
            let parts = name.split(separator: "/")
            var now: String?
            for _ in 0..<300 {
                now = try await client.send(.GET, "/v1/events/\(parts[0])/orders/\(parts[1])", token: order.pass)
                    .string("state")
                if now != "authorizing" { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(now == "confirmed" || now == "declined", "order \(name) was answered and is \(now ?? "lost")")
            if order.state != "authorizing" {
                #expect(now == order.state, "order \(name) was \(order.state) and is \(now ?? "lost")")
            }
            if now == "confirmed" {
                let other = owners.updateValue(name, forKey: "\(parts[0])/\(order.seat)")
                #expect(other == nil, "seat \(order.seat) was sold to \(name) and to \(other ?? "")")
            }
        }
        told.state.withLock { state in
            state.holds = [:]
        }
        await server.kill()
    }
}
