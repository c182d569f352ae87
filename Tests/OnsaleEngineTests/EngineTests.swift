import Doubles
import Foundation
import OnsaleEngine
import OnsaleSale
import OnsaleStorage
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization
import Testing

@Suite struct EngineTests {
    /// Runs `body` with an engine that has one event; always stops the engine afterward.
    @discardableResult
    private func withEngine<Value>(
        journal: any EventStore = MemoryJournal(), gateway: FakeGateway = FakeGateway(), clock: TestClock = TestClock(),
        limits: EngineLimits = EngineLimits(), creates: Bool = true,
        _ body: (Engine, EventHandle) async throws -> Value
    ) async throws -> Value {
        let engine = Engine(
            journal: journal, clock: clock, payments: gateway, limits: limits, logger: .silent,
            fatal: { fatalError($0) })
        try engine.start()
        if creates { _ = try await engine.create(Example.definition(), document: nil) }
        do {
            let value = try await body(engine, try await engine.event("show"))
            await engine.stop()
            return value
        } catch {
            await engine.stop()
            throw error
        }
    }

    private func buy(
        _ engine: Engine, _ event: EventHandle, buyer: Int, seat: UInt32, pass: PassID, method: String = "card",
        waitSeconds: Int = 100
    ) async throws -> Order {
        let who = Example.buyer(buyer)
        let hold = try await engine.apply(
            HoldPlaces(.seats([SeatIndex(seat)]), buyer: who, pass: pass, key: nil), to: event)
        return try await engine.apply(
            PlaceOrder(
                hold.id, buyer: who, paymentMethod: method, trace: nil, key: Example.key(Int(seat) + 1000 * buyer)),
            to: event, waitUntil: engine.now().adding(seconds: waitSeconds))
    }

    /// Polls until the order is as expected, since payments run on other threads.
    private func eventually(
        _ engine: Engine, _ event: EventHandle, _ isTrue: @escaping @Sendable (Partition) -> Bool
    ) async throws -> Bool {
        for _ in 0..<600 {
            if try await engine.read(event, isTrue) { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    @Test("A seat is sold once, however many buyers request it at the same moment", arguments: JournalKind.allCases)
    func sellsOnce(kind: JournalKind) async throws {
        try await withJournal(kind) { journal in
            try await withEngine(journal: journal) { engine, event in
                let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for buyer in 0..<200 {
                        group.addTask {
                            let pass = try await engine.admit(Example.buyer(buyer), to: event)
                            do {
                                _ = try await engine.apply(
                                    HoldPlaces(.seats([7]), buyer: Example.buyer(buyer), pass: pass, key: nil),
                                    to: event)
                                return true
                            } catch Refusal.seatsUnavailable([7]) {
                                return false
                            }
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(winners == 1)
                #expect(event.view.counts.held == 1)
            }
        }
    }

    @Test("A valid signature alone admits nobody: without a live pass there is no hold")
    func needsLivingPass() async throws {
        let clock = TestClock()
        try await withEngine(clock: clock) { engine, event in
            let hold = HoldPlaces(.seats([0]), buyer: Example.buyer(1), pass: 1, key: nil)
            await #expect(throws: Refusal.notAdmitted) { try await engine.apply(hold, to: event) }
            _ = try await engine.admit(Example.buyer(1), to: event)
            _ = try await engine.apply(hold, to: event)
            clock.advance(seconds: 3600)
            let other = HoldPlaces(.seats([1]), buyer: Example.buyer(1), pass: 1, key: nil)
            await #expect(throws: Refusal.notAdmitted) { try await engine.apply(other, to: event) }
        }
    }

    @Test("A pause stops new holds, but live ones can still be paid")
    func pause() async throws {
        try await withEngine { engine, event in
            let pass = try await engine.admit(Example.buyer(1), to: event)
            let hold = try await engine.apply(
                HoldPlaces(.seats([0]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
            _ = try await engine.apply(PauseSale(), to: event)
            await #expect(throws: Refusal.onsaleClosed) {
                try await engine.apply(
                    HoldPlaces(.seats([1]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
            }
            let order = try await engine.apply(
                PlaceOrder(hold.id, buyer: Example.buyer(1), paymentMethod: "card", trace: nil, key: Example.key(1)),
                to: event, waitUntil: engine.now().adding(seconds: 100))
            #expect(order.state == .confirmed)
        }
    }

    @Test("Giving up a pass releases its holds, except those being paid")
    func giveUpPass() async throws {
        let gateway = FakeGateway()
        gateway.state.withLock { $0.isDown = true }
        try await withEngine(gateway: gateway) { engine, event in
            let buyer = Example.buyer(1)
            let pass = try await engine.admit(buyer, to: event)
            for seat in [0, 1] as [UInt32] {
                _ = try await engine.apply(
                    HoldPlaces(.seats([SeatIndex(seat)]), buyer: buyer, pass: pass, key: nil), to: event)
            }
            _ = try await engine.apply(
                PlaceOrder(HoldID(1), buyer: buyer, paymentMethod: "card", trace: nil, key: Example.key(1)),
                to: event)
            _ = try await engine.apply(GiveUpPass(pass, buyer: buyer), to: event)
            #expect(event.view.counts.held == 1)
            #expect(event.view.line.activeShoppers == 0)
        }
    }

    @Test("Whatever the provider does, money and tickets agree in the end")
    func lostCallsEndWell() async throws {
        let gateway = FakeGateway()
        gateway.state.withLock {
            $0.faults = [.lostAnswer, nil, .lostRequest, .lostAnswer, .lostRequest, nil, .lostAnswer]
        }
        try await withEngine(gateway: gateway) { engine, event in
            let pass = try await engine.admit(Example.buyer(1), to: event)
            for seat in 0..<4 as Range<UInt32> {
                _ = try await buy(engine, event, buyer: 1, seat: seat, pass: pass)
            }
            #expect(try await eventually(engine, event) { $0.sale.ordersAwaitingProvider == 0 })
            let partition = try await engine.read(event) { $0 }
            #expect(partition.sale.orderCount(.confirmed) == 4)
            #expect(partition.breaches().isEmpty)
            let captured = gateway.state.withLock { state in
                state.accounts.reduce(into: Int64(0)) { sum, account in
                    if case .captured(let amount) = account.status { sum += amount }
                }
            }
            #expect(captured == partition.sale.ledger.gross)
        }
    }

    @Test("A refused capture frees the seats and releases the authorization")
    func refusedCapture() async throws {
        let gateway = FakeGateway()
        gateway.state.withLock { $0.refusesCapture = true }
        try await withEngine(gateway: gateway) { engine, event in
            let pass = try await engine.admit(Example.buyer(1), to: event)
            let order = try await buy(engine, event, buyer: 1, seat: 3, pass: pass)
            #expect(order.state == .declined)
            #expect(try await eventually(engine, event) { $0.sale.ordersAwaitingProvider == 0 })
            #expect(event.view.counts.free == 40)
            #expect(gateway.state.withLock { $0.accounts.map(\.status) } == [.canceled])
        }
    }

    @Test("An unanswered authorization expires its order and is undone when the provider is back")
    func unansweredAuthorization() async throws {
        let gateway = FakeGateway()
        let clock = TestClock()
        try await withEngine(gateway: gateway, clock: clock) { engine, event in
            let pass = try await engine.admit(Example.buyer(1), to: event)
            gateway.state.withLock { $0.faults = [.lostAnswer] }
            async let order = buy(engine, event, buyer: 1, seat: 3, pass: pass, waitSeconds: 2000)
            // The provider makes the payment, but its answer is lost.
            #expect(try await eventually(engine, event) { _ in gateway.state.withLock { !$0.accounts.isEmpty } })
            gateway.state.withLock { $0.isDown = true }
            clock.advance(seconds: 601)
            let state = try await order.state
            // The first answer was lost, so either the order expired or a retry succeeded first.
            #expect(state == .expired || state == .confirmed)
            gateway.state.withLock { $0.isDown = false }
            #expect(try await eventually(engine, event) { $0.sale.ordersAwaitingProvider == 0 })
            let partition = try await engine.read(event) { $0 }
            #expect(partition.breaches().isEmpty)
            if state == .expired {
                #expect(event.view.counts.free == 40)
                #expect(gateway.state.withLock { $0.accounts.allSatisfy { $0.status == .canceled } })
            }
        }
    }

    @Test("After a crash at any step, the order resumes at that step", arguments: 0..<5)
    func resumesAfterCrash(steps: Int) async throws {
        let journal = MemoryJournal()
        let gateway = FakeGateway()
        // The journal as it was after this many facts of the order.
        var head = JournalHead.empty("show")
        let definition = Example.definition()
        var partition = Partition(definition: definition)
        func append(_ facts: [Fact]) throws {
            var writer = ByteWriter()
            Fact.encode(facts, into: &writer)
            let row = head.row(payload: writer.bytes, count: facts.count, time: Example.start)
            try journal.append([row])
            head = head.advanced(by: row)
        }
        try append([.created(definition)])
        let buyer = Example.buyer(1)
        let reference = PublicID(.order, at: Example.start, serial: 1, tag: definition.tag).text
        let payment = PaymentOrder(
            reference: reference, amount: 1000, currency: "KRW", paymentMethod: "card", trace: nil,
            event: "show")
        let commands: [any EventCommand] = [
            JoinLine(buyer), ClaimPass(of: 1, buyer: buyer),
            HoldPlaces(.seats([5]), buyer: buyer, pass: 1, key: nil),
            PlaceOrder(HoldID(1), buyer: buyer, paymentMethod: "card", trace: nil, key: Example.key(1)),
            SettlePayment(OrderID(1), [.authorized(intent: "pi_" + reference)]),
            SettlePayment(OrderID(1), [.captured(intent: "pi_" + reference, amount: 1000)]),
            CancelOrder(OrderID(1), buyer: buyer, key: nil),
        ]
        // The provider may be a step ahead of the journal, since the crash lost its answer.
        _ = try await gateway.authorize(payment, attempt: 0)
        if steps >= 1 { _ = try await gateway.capture("pi_" + reference, for: payment, attempt: 0) }
        for command in commands.prefix(min(4 + steps, commands.count)) {
            var facts: [Fact] = []
            _ = try partition.apply(command, now: Example.start, facts: &facts)
            try append(facts)
        }
        try await withEngine(journal: journal, gateway: gateway, creates: false) { engine, event in
            #expect(try await eventually(engine, event) { $0.sale.ordersAwaitingProvider == 0 })
            let recovered = try await engine.read(event) { $0 }
            #expect(recovered.sale.order(OrderID(1))?.state == (steps >= 3 ? .refunded : .confirmed))
            #expect(recovered.breaches().isEmpty)
        }
    }

    @Test("On a full disk, changes are refused, nothing is lost, and the sale resumes once there is room")
    func fullDisk() async throws {
        let journal = MemoryJournal()
        let clock = TestClock()
        try await withEngine(journal: journal, clock: clock) { engine, event in
            let pass = try await engine.admit(Example.buyer(1), to: event)
            let before = try await engine.read(event) { $0.stateHash }
            journal.setFull(true)
            for seat in 0..<3 as Range<UInt32> {
                await #expect(throws: EngineError.storageFull) {
                    try await engine.apply(
                        HoldPlaces(.seats([SeatIndex(seat)]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
                }
            }
            #expect(try await engine.read(event) { $0.stateHash } == before)
            #expect(event.view.counts.free == 40)
            journal.setFull(false)
            clock.advance(seconds: 2)
            _ = try await engine.apply(
                HoldPlaces(.seats([0]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
            let recovered = try Recovery.recover("show", from: journal)
            #expect(recovered.partition.sale.counts.held == 1)
        }
    }

    @Test("A full lane refuses at once while the other lanes go on")
    func overload() async throws {
        let limits = EngineLimits(laneMax: [.max, 10, 0, 10, 10])
        try await withEngine(limits: limits) { engine, event in
            let pass = try await engine.admit(Example.buyer(1), to: event)
            await #expect(throws: EngineError.overloaded(retryAfterSeconds: 1)) {
                try await engine.apply(
                    HoldPlaces(.seats([0]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
            }
            #expect(try await engine.read(event) { $0.sale.counts.free } == 40)
        }
    }

    @Test("An idle event is unloaded and reloaded on next use")
    func unloadsIdle() async throws {
        let clock = TestClock()
        try await withEngine(clock: clock, limits: EngineLimits(idleSeconds: 5)) { engine, event in
            _ = try await engine.apply(BlockSeats([1]), to: event)
            clock.advance(seconds: 4000)
            for _ in 0..<300 where !engine.loadedViews().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            #expect(engine.loadedViews().isEmpty)
            #expect(engine.summaries().map(\.id) == ["show"])
            // The old handle still works, because the engine looks the event up again.
            #expect(try await engine.read(event) { $0.sale.counts.blocked } == 1)
            #expect(engine.loadedViews().count == 1)
        }
    }

    @Test("Replaying the journal gives the state of the running engine, bit for bit", arguments: JournalKind.allCases)
    func replayIsExact(kind: JournalKind) async throws {
        try await withJournal(kind) { journal in
            try await withEngine(journal: journal) { engine, event in
                let pass = try await engine.admit(Example.buyer(1), to: event)
                for seat in 0..<10 as Range<UInt32> {
                    let method = seat % 3 == 0 ? "declined" : "card"
                    let order = try await buy(engine, event, buyer: 1, seat: seat, pass: pass, method: method)
                    if seat % 4 == 1, order.state == .confirmed {
                        _ = try await engine.apply(CancelOrder(order.id, buyer: nil, key: nil), to: event)
                    }
                }
                #expect(try await eventually(engine, event) { $0.sale.ordersAwaitingProvider == 0 })
                let live = try await engine.read(event) { $0.stateHash }
                let recovered = try Recovery.recover("show", from: journal)
                #expect(recovered.partition.stateHash == live)
                #expect(try Verification(journal: journal).run().breaches.isEmpty)
            }
        }
    }

    @Test("A second event with the same ID is refused")
    func createsOnce() async throws {
        try await withEngine { engine, _ in
            await #expect(throws: EngineError.eventExists) {
                try await engine.create(Example.definition(), document: nil)
            }
        }
    }
}
