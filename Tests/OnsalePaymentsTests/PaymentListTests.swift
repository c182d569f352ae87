import Foundation
import OnsaleEngine
import Seeded
import Synchronization
import Testing

@testable import OnsalePayments

/// Orders in doubt read the provider's list together, and no part of it twice.
@Suite(.timeLimit(.minutes(3))) struct PaymentListTests {
    /// A provider's list in memory, newest first, a hundred per page.
    private final class Provider: Sendable {
        struct State {
            var made: [StripeProtocol.Intent] = []
            var pages = 0
            var failures = 0
            /// Pages answered before one fails.
            var pagesUntilFailure = 0
            /// Happens while a page is being fetched.
            var meanwhile: (@Sendable () async -> Void)?
        }

        let state = Mutex(State())
        /// How many were told to come back.
        let toldBusy = Mutex(0)

        func make(_ id: String, for order: String, at created: Int64) {
            let intent = StripeProtocol.Intent(
                id: id, amount: 1, amountCapturable: 1, amountReceived: 0, currency: "krw", status: .requiresCapture,
                captureMethod: "manual", paymentMethod: "pm_card_visa", metadata: ["order": order],
                latestCharge: nil, created: created)
            state.withLock { $0.made.append(intent) }
        }

        var pages: Int { state.withLock { $0.pages } }

        var reader: PaymentList.Reader {
            { time, after in
                let meanwhile = self.state.withLock { state in
                    defer { state.meanwhile = nil }
                    return state.meanwhile
                }
                let page = try self.page(time, after)
                await meanwhile?()
                return page
            }
        }

        private func page(
            _ time: ClosedRange<Int64>, _ after: String?
        ) throws -> StripeProtocol.List<StripeProtocol.Intent> {
            try state.withLock { state in
                state.pages += 1
                if state.failures > 0 {
                    state.pagesUntilFailure -= 1
                    guard state.pagesUntilFailure < 0 else { return try listed(time, after, state) }
                    state.failures -= 1
                    throw PaymentGatewayError.unanswered("as told")
                }
                return try listed(time, after, state)
            }
        }

        private func listed(
            _ time: ClosedRange<Int64>, _ after: String?, _ state: State
        ) throws -> StripeProtocol.List<StripeProtocol.Intent> {
            let asked = state.made.filter { time.contains($0.created ?? 0) }
                .sorted { ($0.created ?? 0, $0.id) > ($1.created ?? 0, $1.id) }
            let begin = after.flatMap { id in asked.firstIndex { $0.id == id } }.map { $0 + 1 } ?? 0
            return .init(data: Array(asked[begin...].prefix(100)), hasMore: asked.count > begin + 100)
        }
    }

    private let now = Int64(Date().timeIntervalSince1970)

    @Test("However many orders are in doubt, and however much is sold, one walk of the list serves them all")
    func sharedWalks() async throws {
        let (provider, list) = (Provider(), PaymentList())
        for number in 0..<2000 {
            provider.make("pi_\(number)", for: "order-\(number)", at: now - 400 + Int64(number) / 10)
        }
        let reader = provider.reader
        for round in 0..<3 {
            let found = try await withThrowingTaskGroup(of: [String].self) { group in
                for number in 0..<50 {
                    group.addTask {
                        try await list.intents(naming: "order-\(round * 50 + number)", since: now - 500, reader)
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
            }
            #expect(found == Set((0..<50).map { "pi_\(round * 50 + $0)" }))
        }
        // One walk of twenty pages for the first question; the others only read the last seconds.
        #expect(provider.pages <= 60, "\(provider.pages) pages for 150 orders")
    }

    @Test("A payment made during a walk is found by a question asked then")
    func madeMeanwhile() async throws {
        let (provider, list) = (Provider(), PaymentList())
        let reader = provider.reader
        provider.make("pi_1", for: "first", at: now - 5)
        let asked = Mutex<Task<[String], any Error>?>(nil)
        let second = now
        provider.state.withLock {
            $0.meanwhile = {
                provider.make("pi_2", for: "second", at: second)
                asked.withLock { $0 = Task { try await list.intents(naming: "second", since: second - 60, reader) } }
                // Until the question is queued.
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        #expect(try await list.intents(naming: "first", since: now - 60, reader) == ["pi_1"])
        let task = try #require(asked.withLock { $0 })
        #expect(try await task.value == ["pi_2"])
    }

    @Test("A failed walk answers nobody, and the next one does")
    func failedWalk() async throws {
        let (provider, list) = (Provider(), PaymentList())
        provider.make("pi_1", for: "order", at: now)
        provider.state.withLock { $0.failures = 1 }
        await #expect(throws: PaymentGatewayError.self) {
            try await list.intents(naming: "order", since: now - 60, provider.reader)
        }
        #expect(try await list.intents(naming: "order", since: now - 60, provider.reader) == ["pi_1"])
    }

    @Test("An answer lost mid-walk counts once, however many wait, and nothing is missed afterwards")
    func failedHalfway() async throws {
        let (provider, list) = (Provider(), PaymentList())
        let reader = provider.reader
        for number in 0..<350 { provider.make("pi_\(number)", for: "order-\(number)", at: now - Int64(number)) }
        provider.state.withLock { ($0.failures, $0.pagesUntilFailure) = (1, 2) }
        provider.state.withLock { $0.meanwhile = { try? await Task.sleep(for: .milliseconds(300)) } }
        let errors = await withTaskGroup(of: PaymentGatewayError?.self) { group in
            for number in 0..<20 {
                group.addTask {
                    do {
                        _ = try await list.intents(naming: "order-\(number)", since: now - 400, reader)
                        return nil
                    } catch { return error as? PaymentGatewayError }
                }
            }
            return await group.reduce(into: [PaymentGatewayError]()) { if let error = $1 { $0.append(error) } }
        }
        let lost = errors.count { if case .unanswered = $0 { true } else { false } }
        let notAsked = errors.count { if case .notAsked = $0 { true } else { false } }
        #expect(lost == 1 && lost + notAsked == errors.count, "\(errors)")
        #expect(try await list.intents(naming: "order-340", since: now - 400, reader) == ["pi_340"])
    }

    @Test("What is too much for one walk is read by the next, and a covered range is answered at once")
    func manyPages() async throws {
        let (provider, list) = (Provider(), PaymentList(pagesMax: 3))
        let reader = provider.reader
        for number in 0..<1500 { provider.make("pi_\(number)", for: "order-\(number)", at: now - 1500 + Int64(number)) }
        #expect(try await list.intents(naming: "order-1490", since: now - 100, reader) == ["pi_1490"])
        let begun = provider.pages
        let found = try await patiently { try await list.intents(naming: "order-5", since: now - 1500, reader) }
        #expect(found == ["pi_5"])
        #expect(provider.pages - begun > 10)
    }

    @Test("A busy second that a walk's last pages can't hold is read by the next walk, without an error")
    func fullSecond() async throws {
        let (provider, list) = (Provider(), PaymentList(pagesMax: 4))
        let reader = provider.reader
        // The walk begins with two pages of new payments, which leaves two for the second that needs two and a half.
        for number in 0..<250 { provider.make("pi_\(number)", for: "order-\(number)", at: now - 500) }
        provider.make("pi_now", for: "now", at: now - 100)
        #expect(try await list.intents(naming: "now", since: now - 200, reader) == ["pi_now"])
        for number in 0..<150 { provider.make("pi_new_\(number)", for: "new-\(number)", at: now - 50) }
        let error = await #expect(throws: PaymentGatewayError.self) {
            try await list.intents(naming: "order-3", since: now - 600, reader)
        }
        guard case .notAsked = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // By then there is less that is new.
        provider.state.withLock { $0.made.removeAll { $0.id.hasPrefix("pi_new") } }
        #expect(try await list.intents(naming: "order-3", since: now - 600, reader) == ["pi_3"])
    }

    /// Comes back as often as told to.
    private func patiently<Value>(_ body: () async throws -> Value) async throws -> Value {
        while true {
            do { return try await body() } catch PaymentGatewayError.notAsked {}
        }
    }

    @Test("With too many questions at once, the rest are told to come back")
    func manyQuestions() async throws {
        let (provider, list) = (Provider(), PaymentList())
        let reader = provider.reader
        // The walk continues once all that there is no room for have been told.
        provider.state.withLock {
            $0.meanwhile = {
                while provider.toldBusy.withLock({ $0 }) < 36 { try? await Task.sleep(for: .milliseconds(5)) }
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    do { _ = try await list.intents(naming: "order-\(number)", since: now, reader) } catch {
                        provider.toldBusy.withLock { $0 += 1 }
                    }
                }
            }
        }
        #expect(provider.toldBusy.withLock { $0 } == 36)
    }

    @Test("An endless list is given up")
    func endless() async throws {
        let list = PaymentList()
        let intent = StripeProtocol.Intent(
            id: "pi_1", amount: 1, amountCapturable: 1, amountReceived: 0, currency: "krw", status: .requiresCapture,
            captureMethod: "manual", paymentMethod: "pm_card_visa", metadata: [:], latestCharge: nil, created: now)
        await #expect(throws: PaymentGatewayError.self) {
            try await list.intents(naming: "order", since: now) { _, _ in .init(data: [intent], hasMore: true) }
        }
    }

    @Test("Whenever a question is asked, every payment made before it is found, oldest first", arguments: 1...40)
    func randomHistory(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let (provider, list) = (Provider(), PaymentList())
        let reader = provider.reader
        var made: [(order: String, id: String, created: Int64)] = []
        var time = now - 1000
        for step in 0..<60 {
            time = min(now, time + Int64.random(in: 0...40, using: &random))
            for number in 0..<Int.random(in: 0...30, using: &random) {
                // Some show up late, and some have an impossible time.
                let created =
                    Int.random(in: 0..<50, using: &random) == 0
                    ? Int64.random(in: now + 3600...(.max), using: &random)
                    : time - Int64.random(in: 0...25, using: &random)
                let order = "order-\(Int.random(in: 0..<40, using: &random))"
                provider.make("pi_\(step)_\(number)", for: order, at: created)
                made.append((order, "pi_\(step)_\(number)", created))
            }
            guard Int.random(in: 0..<3, using: &random) == 0 else { continue }
            let order = "order-\(Int.random(in: 0..<40, using: &random))"
            let since = time - Int64.random(in: 0...900, using: &random)
            let found = try await patiently { try await list.intents(naming: order, since: since, reader) }
            let wanted = made.filter { $0.order == order && $0.created >= since }
            #expect(Set(wanted.map(\.id)).isSubset(of: found), "seed \(seed), step \(step)")
            let times = found.compactMap { id in made.first { $0.id == id }?.created }
            #expect(times == times.sorted())
        }
    }
}
