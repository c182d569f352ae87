import Doubles
import Foundation
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization
import Testing

@testable import OnsaleEngine

/// Trouble with one event or the disk must not starve, stop or confuse a process that sells many events.
@Suite struct HardeningTests {
    private func engine(
        _ journal: any EventStore, clock: any WallClock, gateway: FakeGateway = FakeGateway(), idleSeconds: Int = 600
    ) throws -> Engine {
        let engine = Engine(
            journal: journal, clock: clock, payments: gateway, limits: EngineLimits(idleSeconds: idleSeconds),
            logger: .silent, fatal: { fatalError($0) })
        try engine.start()
        return engine
    }

    /// Turns of the writer loop per second, measured over about two seconds.
    private func turnsPerSecond(of engine: Engine) async throws -> Double {
        let clock = ContinuousClock()
        let (begun, before) = (clock.now, engine.turns)
        try await Task.sleep(for: .seconds(2))
        return Double(engine.turns - before) / ((clock.now - begun) / .seconds(1))
    }

    @Test("The writer rests after an order that a caller waited for")
    func restsAfterWaiting() async throws {
        // The clock stands still, so the call waits until the order is paid, however slow the machine is.
        let clock = TestClock()
        let engine = try engine(MemoryJournal(), clock: clock)
        _ = try await engine.create(Example.definition(), document: nil)
        let event = try await engine.event("show")
        let pass = try await engine.admit(Example.buyer(1), to: event)
        let hold = try await engine.apply(
            HoldPlaces(.seats([1]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
        let order = try await engine.apply(
            PlaceOrder(hold.id, buyer: Example.buyer(1), paymentMethod: "card", trace: nil, key: Example.key(1)),
            to: event, waitUntil: engine.now().adding(seconds: 8))
        #expect(order.state == .confirmed)
        // Move past the end of the wait.
        clock.advance(seconds: 9)
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await turnsPerSecond(of: engine) < 10)
        await engine.stop()
    }

    @Test("The writer rests when the disk is full and something is due")
    func restsOnFullDisk() async throws {
        let journal = MemoryJournal()
        let clock = TestClock()
        let engine = try engine(journal, clock: clock)
        _ = try await engine.create(Example.definition(), document: nil)
        let event = try await engine.event("show")
        let pass = try await engine.admit(Example.buyer(1), to: event)
        _ = try await engine.apply(
            HoldPlaces(.seats([1]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
        journal.setFull(true)
        clock.advance(seconds: 301)
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await turnsPerSecond(of: engine) < 10)
        journal.setFull(false)
        clock.advance(seconds: 2)
        for _ in 0..<200 where event.view.counts.held > 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(event.view.counts.held == 0)
        await engine.stop()
    }

    @Test("Every request is answered, however it interleaves with loading and unloading")
    func unloadingMeetsRequests() async throws {
        let clock = TestClock()
        let engine = try engine(MemoryJournal(), clock: clock, idleSeconds: 0)
        _ = try await engine.create(Example.definition(), document: nil)
        let ticking = Task {
            while !Task.isCancelled {
                clock.advance(seconds: 4000)
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<150 {
                        let event = try await engine.event("show")
                        #expect(try await engine.read(event) { $0.sale.counts.free } == 40)
                        if Int.random(in: 0..<4) == 0 { try await Task.sleep(for: .milliseconds(2)) }
                    }
                }
            }
            try await group.waitForAll()
        }
        ticking.cancel()
        await engine.stop()
    }

    @Test("A passing error while loading an event makes it unavailable only that long")
    func passingError() async throws {
        let clock = TestClock()
        let journal = WatchedJournal()
        let engine = try engine(journal, clock: clock, idleSeconds: 5)
        _ = try await engine.create(Example.definition(), document: nil)
        clock.advance(seconds: 4000)
        for _ in 0..<300 where !engine.loadedViews().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        journal.state.withLock { $0.failsReads = true }
        await #expect(throws: EngineError.unavailable) { try await engine.event("show") }
        journal.state.withLock { $0.failsReads = false }
        #expect(try await engine.event("show").id == "show")
        await engine.stop()
    }

    @Test("After a start, an unloaded event is listed but loaded only on demand")
    func startsWithoutLoading() async throws {
        let clock = TestClock()
        let journal = MemoryJournal()
        let first = try engine(journal, clock: clock, idleSeconds: 5)
        _ = try await first.create(Example.definition(), document: nil)
        clock.advance(seconds: 4000)
        for _ in 0..<300 where !first.loadedViews().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        await first.stop()
        let second = try engine(journal, clock: clock)
        #expect(second.loadedViews().isEmpty)
        #expect(second.summaries().map(\.title) == ["Show"])
        #expect(try await second.event("show").view.counts.free == 40)
        await second.stop()
    }

    @Test("A bug takes only its event out of service and its batch is discarded; the others go on selling")
    func bugInOneEvent() async throws {
        let journal = MemoryJournal()
        let engine = try engine(journal, clock: TestClock())
        _ = try await engine.create(Example.definition("rich"), document: nil)
        _ = try await engine.create(Example.definition("show"), document: nil)
        let rich = try await engine.event("rich")
        let pass = try await engine.admit(Example.buyer(1), to: rich)
        let hold = try await engine.apply(
            HoldPlaces(.seats([1]), buyer: Example.buyer(1), pass: pass, key: nil), to: rich)
        _ = try await engine.apply(
            PlaceOrder(hold.id, buyer: Example.buyer(1), paymentMethod: "card", trace: nil, key: Example.key(1)),
            to: rich)
        // More second payments than the ledger can hold: no real provider could cause this, so it stands for a bug.
        let strays = (0..<10_000).map { PaymentResult.stray(intent: "pi_\($0)", captured: SaleTerms.amountMax) }
        var failure: EngineError?
        do { try await engine.apply(SettlePayment(OrderID(1), strays), to: rich) } catch let error as EngineError {
            failure = error
        }
        #expect(failure == .outOfService)
        await #expect(throws: EngineError.outOfService) { try await engine.event("rich") }
        let show = try await engine.event("show")
        let other = try await engine.admit(Example.buyer(2), to: show)
        _ = try await engine.apply(
            HoldPlaces(.seats([1]), buyer: Example.buyer(2), pass: other, key: nil), to: show)
        await engine.stop()
        // The journal on disk is still sound.
        #expect(try Recovery.recover("rich", from: journal).partition.breaches().isEmpty)
    }

    @Test("An event whose journal another process has written goes out of service; the rest of the batch goes on")
    func deposed() async throws {
        for kind in JournalKind.allCases {
            try await withJournal(kind) { journal in
                let engine = try engine(journal, clock: TestClock())
                _ = try await engine.create(Example.definition("taken"), document: nil)
                _ = try await engine.create(Example.definition("show"), document: nil)
                let (taken, show) = (try await engine.event("taken"), try await engine.event("show"))
                let head = try #require(try journal.head(of: "taken"))
                var writer = ByteWriter()
                Fact.encode([.sale(.blocked(.init(seats: [3])))], into: &writer)
                try journal.append([head.row(payload: writer.bytes, count: 1, time: Example.start)])
                let mine = Task { try await engine.apply(BlockSeats([1]), to: taken) }
                try await engine.apply(BlockSeats([1]), to: show)
                await #expect(throws: EngineError.outOfService) { try await mine.value }
                await #expect(throws: EngineError.outOfService) { try await engine.event("taken") }
                await engine.stop()
                // What the other process wrote is untouched.
                #expect(try Recovery.recover("taken", from: journal).partition.sale.counts.blocked == 1)
                #expect(try Verification(journal: journal).run().breaches.isEmpty)
            }
        }
    }

    @Test("A caller waiting for an order in a failed batch gets exactly one error, and the writer survives")
    func waitedForInVain() async throws {
        let journal = MemoryJournal()
        let clock = TestClock()
        let engine = try engine(journal, clock: clock)
        for id in ["show", "taken"] { _ = try await engine.create(Example.definition(id), document: nil) }
        let (show, taken) = (try await engine.event("show"), try await engine.event("taken"))
        func order(_ event: EventHandle) async throws -> PlaceOrder {
            let pass = try await engine.admit(Example.buyer(1), to: event)
            let hold = try await engine.apply(
                HoldPlaces(.seats([1]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
            return PlaceOrder(
                hold.id, buyer: Example.buyer(1), paymentMethod: "card", trace: nil, key: Example.key(1))
        }
        let (first, second) = (try await order(show), try await order(taken))
        let until = engine.now().adding(seconds: 30)
        journal.setFull(true)
        await #expect(throws: EngineError.storageFull) { try await engine.apply(first, to: show, waitUntil: until) }
        journal.setFull(false)
        clock.advance(seconds: 2)
        #expect(
            try await engine.apply(first, to: show, waitUntil: engine.now().adding(seconds: 30)).state == .confirmed)
        // The same if another process has written the journal.
        let head = try #require(try journal.head(of: "taken"))
        var writer = ByteWriter()
        Fact.encode([.sale(.blocked(.init(seats: [3])))], into: &writer)
        try journal.append([head.row(payload: writer.bytes, count: 1, time: engine.now())])
        await #expect(throws: EngineError.outOfService) {
            try await engine.apply(second, to: taken, waitUntil: engine.now().adding(seconds: 30))
        }
        await engine.stop()
    }

    @Test("An event's plan is stored as a document, so its creation is a small row")
    func creationIsSmall() async throws {
        let journal = MemoryJournal()
        let engine = try engine(journal, clock: TestClock())
        _ = try await engine.create(Example.definition(seats: 20_000), document: nil)
        await engine.stop()
        var size = 0
        try journal.read(partition: "show", from: 1) { size += $0.payload.count }
        #expect(size < 1000)
        #expect(try Recovery.recover("show", from: journal).partition.sale.counts.free == 20_000)
    }
}
