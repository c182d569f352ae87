import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import NIOHTTP1
import OnsaleEngine
import OnsaleSettlement
import OnsaleValues
import Seeded
import ServiceLifecycle
import Servers
import Synchronization
import Testing

@testable import OnsalePayments

/// The sandbox's list of balance transactions, alone and read through a socket.
@Suite(.timeLimit(.minutes(3))) struct SandboxBalanceTests {
    private func record(_ id: String, captured: Int64?, at: Int64, refunds: [(String, Int64, Int64)] = [])
        -> SandboxStore.Record
    {
        .init(
            intent: .init(
                id: id, amount: 1000, amountReceived: captured, currency: "krw",
                status: captured == nil ? .requiresCapture : .succeeded, metadata: ["order": "ord_" + id],
                latestCharge: .id("ch_" + id), created: at),
            refunded: refunds.reduce(0) { $0 + $1.1 },
            refunds: refunds.map { .init(id: $0.0, amount: $0.1, created: $0.2) }, capturedAt: captured.map { _ in at })
    }

    @Test("Reserved money isn't listed, taken money once, each refund once, however often a record is kept")
    func once() {
        var state = SandboxStore.State()
        state.keep(record("pi_1", captured: nil, at: 5))
        #expect(state.balance.newest(from: 0, to: 99, after: nil, atMost: 9).isEmpty)
        state.keep(record("pi_1", captured: 1000, at: 5))
        for _ in 0..<2 { state.keep(record("pi_1", captured: 1000, at: 5, refunds: [("re_1", 300, 7)])) }
        let listed = state.balance.newest(from: 0, to: 99, after: nil, atMost: 9)
        #expect(listed.map(\.amount) == [-300, 1000] && listed.map(\.created) == [7, 5])
        #expect(listed.map(\.fee) == [0, 29] && listed.map(\.net) == [-300, 971])
        #expect(listed.map(\.type) == ["refund", "charge"] && listed.map(\.id) == ["txn_1-refund", "txn_1"])
    }

    @Test("Paging through any range gives what sorting the whole list gives", arguments: 1...60)
    func pages(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var state = SandboxStore.State()
        var model: [(created: Int64, id: String)] = []
        for number in 0..<Int.random(in: 0...150, using: &random) {
            let at = Int64.random(in: 0...20, using: &random)
            let refunds = (0..<Int.random(in: 0...2, using: &random)).map {
                ("re_\(number)_\($0)", Int64(10), Int64.random(in: at...22, using: &random))
            }
            state.keep(record("pi_\(number)", captured: 1000, at: at, refunds: refunds))
            model.append((at, "txn_\(number)"))
            model += refunds.map { ($0.2, "txn_\($0.0.dropFirst(3))-refund") }
        }
        model.sort { ($0.created, $0.id) > ($1.created, $1.id) }
        for _ in 0..<20 {
            let from = Int64.random(in: -1...23, using: &random)
            let time = from...Int64.random(in: from...24, using: &random)
            let size = Int.random(in: 1...40, using: &random)
            var (read, after) = ([String](), String?.none)
            repeat {
                let page = state.balance.newest(
                    from: time.lowerBound, to: time.upperBound, after: after, atMost: size)
                read += page.map(\.id)
                after = page.last?.id
            } while after != nil && read.count <= model.count
            #expect(read == model.filter { time.contains($0.created) }.map(\.id), "seed \(seed), \(time) by \(size)")
        }
    }

    @Test("A log from before has its lines too, and a restart changes none")
    func restart() async throws {
        let folder = try TemporaryFolder("onsale-sandbox")
        let url = URL(fileURLWithPath: folder.path)
        var old = record("pi_1", captured: 1000, at: 5, refunds: [("re_1", 300, 7)])
        old.capturedAt = nil
        old.refunds?[0].created = nil
        let kept = old
        _ = try await SandboxStore(folder: url).change(key: nil) { _ in
            (kept, .init(fingerprint: "", status: 200, body: "", at: 0))
        }
        let lines = try SandboxStore(folder: url).read { $0.balance.newest(from: 0, to: 9, after: nil, atMost: 9) }
        #expect(lines.map(\.created) == [5, 5] && lines.map(\.amount).reduce(0, +) == 700)
    }

    /// Runs `body` with a gateway to a sandbox of its own on a free port.
    private func withSandbox(_ body: @Sendable (StripeGateway, HTTPClient, String) async throws -> Void) async throws {
        let folder = try TemporaryFolder("onsale-sandbox")
        let client = StripeGateway.makeClient()
        let (ports, port) = AsyncStream<Int>.makeStream()
        let sandbox = try PaymentsSandbox(
            folder: URL(fileURLWithPath: folder.path), host: "127.0.0.1", port: 0, secretKey: "sk_test", webhook: nil,
            client: client, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let service = sandbox.application { number in
            port.yield(number)
            port.finish()
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run() }
                let number = try #require(await ports.first { _ in true })
                let base = "http://127.0.0.1:\(number)"
                try await body(
                    StripeGateway(baseURL: base, secretKey: "sk_test", publicURL: base, client: client), client, base)
                group.cancelAll()
            }
        } catch is CancellationError {
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private func paid(_ gateway: StripeGateway, _ name: String, amount: Int64) async throws -> String {
        let order = PaymentOrder(
            reference: name, amount: amount, currency: "KRW", paymentMethod: "pm_card_visa", trace: nil, event: "evt_1")
        let payment = try await gateway.authorize(order, attempt: 0)
        _ = try await gateway.capture(payment.intent, for: order, attempt: 0)
        return payment.intent
    }

    @Test("What was taken and given back is read from the sandbox, page by page, and agrees with what we expect")
    func statement() async throws {
        try await withSandbox { gateway, client, base in
            let begun = Int64(Date().timeIntervalSince1970) - 1
            var expected: [ExpectedMovement] = []
            let now = Timestamp(milliseconds: begun * 1000)
            func expect(_ name: String, _ intent: String, _ kind: MovementKind, _ amount: Int64) {
                expected.append(
                    ExpectedMovement(
                        identity: "\(name)/\(kind)", order: name, payment: intent, kind: kind, amount: amount,
                        currency: "KRW", at: now, day: SettlementDay(now, offsetSeconds: 0)))
            }
            for number in 0..<120 {
                let (name, amount) = ("ord_\(number)", Int64(10_000 + number))
                let intent = try await paid(gateway, name, amount: amount)
                expect(name, intent, .charge, amount)
                guard number % 4 == 0 else { continue }
                let order = PaymentOrder(
                    reference: name, amount: amount, currency: "KRW", paymentMethod: "pm_card_visa", trace: nil,
                    event: "evt_1")
                _ = try await gateway.refund(intent, amount: 4000, for: order, key: name)
                expect(name, intent, .refund, -4000)
            }
            let read = Mutex<[[ProviderLine]]>([])
            try await StripeStatement(gateway).read(since: begun) { page in read.withLock { $0.append(page) } }
            let pages = read.withLock { $0 }
            #expect(pages.map(\.count) == [100, 50])
            let lines = pages.flatMap { $0 }
            #expect(Set(lines.map(\.id)).count == 150)
            let comparison = try Reconciliation(
                expected: expected, lines: lines, currency: "KRW", now: now, pendingDays: 0
            ) { SettlementDay($0, offsetSeconds: 0) }
            #expect(comparison.differences.isEmpty && comparison.agreed == 150)
            #expect(lines.allSatisfy { $0.net == ($0.amount ?? 0) - $0.fee && $0.availableOn > $0.created })

            // The ways in which a request can be wrong.
            for (query, status) in [
                ("limit=1000&created[gte]=0", 200), ("starting_after=txn_nobody", 400), ("limit=x", 200),
            ] {
                let answer = try await client.exchange(
                    .GET,
                    base + "/v1/balance_transactions?" + query.replacing("[", with: "%5B").replacing("]", with: "%5D"),
                    ["Authorization": "Bearer sk_test"], body: nil, timeoutSeconds: 5)
                #expect(answer.status.code == status, "\(query)")
            }
            let refused = try await client.exchange(
                .GET, base + "/v1/balance_transactions", [:], body: nil, timeoutSeconds: 5)
            #expect(refused.status.code == 401)
        }
    }
}
