import Doubles
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization
import Testing

@testable import OnsaleEngine

/// What a provider may do to an order within its protocol, and what must follow.
@Suite struct SagaTests {
    private let gateway = FakeGateway()
    private let clock = TestClock()

    private func withShow(_ body: (Engine, EventHandle) async throws -> Void) async throws {
        let engine = Engine(
            journal: MemoryJournal(), clock: clock, payments: gateway, logger: .silent, fatal: { fatalError($0) })
        try engine.start()
        _ = try await engine.create(Example.definition(), document: nil)
        do { try await body(engine, try await engine.event("show")) } catch {
            await engine.stop()
            throw error
        }
        await engine.stop()
    }

    private func buy(_ engine: Engine, _ event: EventHandle, waitSeconds: Int = 60) async throws -> Order {
        let pass = try await engine.admit(Example.buyer(1), to: event)
        let hold = try await engine.apply(
            HoldPlaces(.seats([1]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
        return try await engine.apply(
            PlaceOrder(hold.id, buyer: Example.buyer(1), paymentMethod: "card", trace: nil, key: Example.key(1)),
            to: event, waitUntil: engine.now().adding(seconds: waitSeconds))
    }

    private func eventually(
        _ engine: Engine, _ event: EventHandle, _ isTrue: @escaping @Sendable (Order) -> Bool
    ) async throws -> Bool {
        for _ in 0..<600 {
            if let order = try await engine.read(event, { $0.sale.order(OrderID(1)) }), isTrue(order) { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    @Test("A replayed failure is looked up, then repeated under a new key, leaving one payment")
    func savedFailure() async throws {
        gateway.state.withLock { $0.faults = [.failure] }
        try await withShow { engine, event in
            let order = try await buy(engine, event)
            #expect(order.state == .confirmed)
            let calls = gateway.state.withLock { $0.calls.filter { $0.hasPrefix("authorize") || $0 == "find" } }
            #expect(calls == ["authorize 0", "find", "authorize 1"])
        }
    }

    @Test("After a failure that still had its effect, the payment is found")
    func lateFailure() async throws {
        gateway.state.withLock { $0.faults = [.lateFailure] }
        try await withShow { engine, event in
            let order = try await buy(engine, event)
            #expect(order.state == .confirmed)
            #expect(gateway.state.withLock { $0.accounts.count == 1 && $0.authorizeCalls == 1 })
        }
    }

    @Test("A payer who must confirm gets the URL, is waited for, and is then charged")
    func requiresAction() async throws {
        gateway.state.withLock { $0.action = "https://bank.example/confirm" }
        try await withShow { engine, event in
            let order = try await buy(engine, event)
            #expect(order.state == .requiresAction && order.action == "https://bank.example/confirm")
            gateway.state.withLock { $0.accounts[0].status = .authorized }
            #expect(try await eventually(engine, event) { $0.state == .confirmed })
        }
    }

    @Test("A payer who doesn't confirm within ten minutes loses the seats, and the reservation is released")
    func actionNotTaken() async throws {
        gateway.state.withLock { $0.action = "https://bank.example/confirm" }
        try await withShow { engine, event in
            _ = try await buy(engine, event)
            clock.advance(seconds: 601)
            #expect(try await eventually(engine, event) { $0.state == .expired && $0.duty == nil })
            #expect(event.view.counts.free == 40)
            #expect(gateway.state.withLock { $0.accounts.map(\.status) } == [.canceled])
        }
    }

    @Test("A capture of less than the full amount confirms nothing, and the money goes back")
    func shortCapture() async throws {
        gateway.state.withLock { $0.capturesOnly = 100 }
        try await withShow { engine, event in
            let order = try await buy(engine, event)
            #expect(order.state == .declined && order.declineCode == "payment_mismatch")
            #expect(try await eventually(engine, event) { $0.duty == nil && $0.refunded == 100 })
        }
    }

    @Test("A refund is done when it succeeds, not while it is pending; a failed one is requested again")
    func pendingRefund() async throws {
        gateway.state.withLock { $0.refundStatus = .pending }
        try await withShow { engine, event in
            _ = try await buy(engine, event)
            _ = try await engine.apply(CancelOrder(OrderID(1), buyer: nil, key: nil), to: event)
            #expect(try await !eventuallyWithin(engine, event, milliseconds: 400) { $0.state == .refunded })
            gateway.state.withLock { state in
                let failed = state.accounts[0].refunds.map { Refund(id: $0.id, amount: $0.amount, status: .failed) }
                state.accounts[0].refunds = failed
                state.refundStatus = .succeeded
            }
            #expect(try await eventually(engine, event) { $0.state == .refunded })
            #expect(gateway.state.withLock { Set($0.accounts[0].refunds.map(\.id)).count == 2 })
        }
    }

    private func eventuallyWithin(
        _ engine: Engine, _ event: EventHandle, milliseconds: Int, _ isTrue: @escaping @Sendable (Order) -> Bool
    ) async throws -> Bool {
        try await Task.sleep(for: .milliseconds(milliseconds))
        return try await engine.read(event) { $0.sale.order(OrderID(1)).map(isTrue) ?? false }
    }

    private func buyThree(_ engine: Engine, _ event: EventHandle) async throws -> Order {
        let pass = try await engine.admit(Example.buyer(1), to: event)
        let hold = try await engine.apply(
            HoldPlaces(.seats([1, 2, 3]), buyer: Example.buyer(1), pass: pass, key: nil), to: event)
        return try await engine.apply(
            PlaceOrder(hold.id, buyer: Example.buyer(1), paymentMethod: "card", trace: nil, key: Example.key(1)),
            to: event, waitUntil: engine.now().adding(seconds: 60))
    }

    private func takeBack(_ ticket: TicketID, _ engine: Engine, _ event: EventHandle) async throws -> Order {
        try await engine.apply(ReturnTickets([ticket], of: OrderID(1), reason: nil, key: nil), to: event)
    }

    @Test("A part of an order goes back once, though the answer is lost, and the rest stays until it goes too")
    func parts() async throws {
        try await withShow { engine, event in
            let order = try await buyThree(engine, event)
            // The list of refunds is answered, the refund is not.
            gateway.state.withLock { $0.faults = [nil, .lostAnswer] }
            let tickets = Array(order.tickets)
            #expect(try await takeBack(tickets[1], engine, event).state == .confirmed)
            #expect(event.view.counts.free == 38 && event.view.counts.sold == 2)
            #expect(try await eventually(engine, event) { $0.refunded == 1000 && $0.duty == nil })
            #expect(gateway.state.withLock { $0.accounts[0].refunds.map(\.amount) } == [1000])
            #expect(event.view.orders[.confirmed] == 1 && event.view.refunded == 1000)
            _ = try await engine.apply(CancelOrder(OrderID(1), buyer: nil, key: nil), to: event)
            #expect(try await eventually(engine, event) { $0.state == .refunded })
            #expect(gateway.state.withLock { $0.accounts[0].refunds.map(\.amount) } == [1000, 2000])
            #expect(event.view.counts.free == 40 && event.view.totalsHold)
        }
    }

    @Test(
        "One part's money goes before the next part's, so that none can go twice; a refund that fails later is made again"
    )
    func partAfterPart() async throws {
        gateway.state.withLock { $0.refundStatus = .pending }
        try await withShow { engine, event in
            let order = try await buyThree(engine, event)
            let tickets = Array(order.tickets)
            _ = try await takeBack(tickets[0], engine, event)
            _ = try await takeBack(tickets[2], engine, event)
            #expect(try await !eventuallyWithin(engine, event, milliseconds: 400) { $0.refunded > 0 })
            #expect(gateway.state.withLock { $0.accounts[0].refunds.map(\.amount) } == [1000])
            gateway.state.withLock { state in
                state.accounts[0].refunds = state.accounts[0].refunds.map {
                    Refund(id: $0.id, amount: $0.amount, status: .succeeded)
                }
                state.refundStatus = .succeeded
            }
            #expect(try await eventually(engine, event) { $0.refunded == 2000 && $0.duty == nil })
            #expect(gateway.state.withLock { $0.accounts[0].refunds.map(\.amount) } == [1000, 1000])
            let intent = gateway.state.withLock { state in
                state.accounts[0].refunds[1] = Refund(id: "late", amount: 1000, status: .failed)
                return state.accounts[0].intent
            }
            engine.inquire(about: nil, intent: intent, isAboutReturn: true)
            let isMadeAgain = try await eventually(engine, event) { [gateway] order in
                let refunds = gateway.state.withLock { $0.accounts[0].refunds.count }
                return order.refunded == 2000 && order.duty == nil && refunds == 3
            }
            #expect(isMadeAgain)
            #expect(try await engine.read(event) { $0.breaches().isEmpty })
        }
    }

    @Test("Money already refunded is not refunded again, only the rest")
    func partlyRefunded() async throws {
        try await withShow { engine, event in
            _ = try await buy(engine, event)
            gateway.state.withLock {
                $0.accounts[0].refunds = [Refund(id: "theirs", amount: 300, status: .succeeded)]
            }
            _ = try await engine.apply(CancelOrder(OrderID(1), buyer: nil, key: nil), to: event)
            #expect(try await eventually(engine, event) { $0.state == .refunded })
            #expect(gateway.state.withLock { $0.accounts[0].refunds.map(\.amount) } == [300, 700])
        }
    }

    @Test("A full refund at the provider voids the tickets, a partial one is recorded, and a dispute voids them too")
    func doneAtProvider() async throws {
        try await withShow { engine, event in
            _ = try await buy(engine, event)
            let intent = gateway.state.withLock { $0.accounts[0].intent }
            gateway.state.withLock {
                $0.accounts[0].refunds = [Refund(id: "theirs", amount: 300, status: .succeeded)]
            }
            engine.inquire(about: nil, intent: intent, isAboutReturn: true)
            #expect(try await eventually(engine, event) { $0.state == .confirmed && $0.refunded == 300 })
            // One answer that the payment is unknown is not believed: it is asked for again.
            gateway.state.withLock {
                $0.forgets = 1
                $0.accounts[0].refunds.append(Refund(id: "more", amount: 100, status: .succeeded))
            }
            engine.inquire(about: nil, intent: intent, isAboutReturn: true)
            for _ in 0..<100 where gateway.state.withLock({ $0.forgets > 0 }) {
                try await Task.sleep(for: .milliseconds(20))
            }
            clock.advance(seconds: 5)
            #expect(try await eventually(engine, event) { $0.refunded == 400 })
            gateway.state.withLock { $0.accounts[0].isDisputed = true }
            engine.inquire(about: nil, intent: intent, isAboutReturn: true)
            #expect(try await eventually(engine, event) { $0.isDisputed })
            #expect(try await engine.read(event) { $0.sale.ticket(1)?.isVoid == true })
            gateway.state.withLock {
                $0.accounts[0].refunds.append(Refund(id: "rest", amount: 600, status: .succeeded))
            }
            engine.inquire(about: nil, intent: intent, isAboutReturn: true)
            #expect(try await eventually(engine, event) { $0.state == .refunded })
            #expect(event.view.counts.free == 40)
            #expect(try await engine.read(event) { $0.breaches().isEmpty })
            let audited = try await engine.read(event) { $0.audit.map(\.note.action) }
            #expect(audited == [.refundSeen, .refundSeen, .disputeSeen, .refundSeen])
        }
    }

    @Test("If the provider no longer knows a payment, the order ends, the seats are freed and the loss is logged")
    func lostPayment() async throws {
        try await withShow { engine, event in
            gateway.state.withLock { $0.faults = [nil, .lostRequest] }
            async let bought = buy(engine, event, waitSeconds: 300)
            for _ in 0..<200 where gateway.state.withLock({ $0.accounts.isEmpty }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            gateway.state.withLock { $0.accounts.removeAll() }
            for _ in 0..<12 {
                try await Task.sleep(for: .milliseconds(500))
                clock.advance(seconds: 10)
            }
            let order = try await bought
            #expect(order.state == .declined || order.state == .confirmed)
            if order.state == .declined { #expect(event.view.counts.free == 40) }
        }
    }

    @Test("A provider that is away gets only probes, and everything resumes when it is back")
    func awayAndBack() async throws {
        gateway.state.withLock { $0.isDown = true }
        try await withShow { engine, event in
            async let bought = buy(engine, event, waitSeconds: 300)
            for _ in 0..<4000 {
                if case .away = engine.provider { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            let calls = gateway.state.withLock { $0.calls.count { $0 != "probe" } }
            try await Task.sleep(for: .seconds(1))
            #expect(gateway.state.withLock { $0.calls.count { $0 != "probe" } } == calls)
            gateway.state.withLock { $0.isDown = false }
            let order = try await bought
            #expect(order.state == .confirmed)
            #expect(engine.provider == .well)
        }
    }

    @Test("A rejected secret key is reported, and recovery needs no restart")
    func wrongKey() async throws {
        gateway.state.withLock { $0.refusesKey = true }
        try await withShow { engine, event in
            async let bought = buy(engine, event, waitSeconds: 300)
            for _ in 0..<500 {
                if case .unauthorized = engine.provider { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            guard case .unauthorized = engine.provider else {
                Issue.record("\(engine.provider)")
                return
            }
            gateway.state.withLock { $0.refusesKey = false }
            let order = try await bought
            #expect(order.state == .confirmed)
        }
    }
}
