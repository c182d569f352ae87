import OnsaleSale
import OnsaleValues
import Seeded
import Testing

@testable import OnsaleEngine

/// When the queue makes each order's calls, without a provider.
@Suite struct PaymentQueueTests {
    private static let definition = Example.definition(seats: 200)

    /// The task of an order that has just been placed, or is at a later step.
    private func task(_ number: UInt32, _ kind: PaymentTask.Kind = .authorize) -> PaymentTask {
        var sale = Partition(definition: Self.definition).sale
        var facts: [SaleFact] = []
        for serial in 1...number {
            let buyer = Example.buyer(Int(serial))
            let hold = try? sale.apply(
                HoldPlaces(.seats([SeatIndex(serial)]), buyer: buyer, pass: 1, key: nil), now: Example.start,
                facts: &facts)
            guard let hold else { continue }
            _ = try? sale.apply(
                PlaceOrder(
                    hold.id, buyer: buyer, paymentMethod: "card", trace: nil, key: Example.key(Int(serial))),
                now: Example.start, facts: &facts)
        }
        guard let order = sale.order(OrderID(number)) else { preconditionFailure("an order was placed") }
        return PaymentTask(order, kind: kind, in: Self.definition, epoch: 0)
    }

    private func key(_ number: UInt32) -> PaymentQueue.Key { PaymentQueue.Key(task(number)) }

    private static let quarter = PaymentQueue.Pause(milliseconds: 250)

    @Test("An order has one call at a time; a next step that came meanwhile follows at once, ahead of other orders")
    func oneAtATime() throws {
        var queue = PaymentQueue()
        queue.set(task(1), for: key(1))
        let first = try #require(queue.calls().first)
        for number in 2...300 as ClosedRange<UInt32> {
            queue.set(task(2), for: .init(event: "e", order: OrderID(number)))
        }
        #expect(queue.calls().count == PaymentQueue.callsMax - 1)
        queue.set(task(1, .capture), for: key(1))
        #expect(queue.calls().isEmpty)
        queue.finish(first, Self.quarter, now: 0)
        let second = queue.calls()
        #expect(second.map(\.task.kind) == [.capture] && second.first?.course.tries == 1)
    }

    @Test("It doesn't matter whether the next step or the end of the call comes first", arguments: [true, false])
    func eitherOrder(isToldFirst: Bool) throws {
        var queue = PaymentQueue()
        queue.set(task(1), for: key(1))
        let call = try #require(queue.calls().first)
        if isToldFirst { queue.set(task(1, .capture), for: key(1)) }
        queue.finish(call, Self.quarter, now: 0)
        if !isToldFirst { queue.set(task(1, .capture), for: key(1)) }
        let next = queue.calls()
        #expect(next.map(\.task.kind) == [.capture])
        if isToldFirst { queue.set(nil, for: key(1)) }
        queue.finish(next[0], Self.quarter, now: 0)
        if !isToldFirst { queue.set(nil, for: key(1)) }
        #expect(queue.calls(at: .max).isEmpty && queue.running == 0)
    }

    @Test("An unanswered call sleeps and is repeated when due, but never once the order needs nothing more")
    func sleeps() throws {
        var queue = PaymentQueue()
        queue.set(task(1), for: key(1))
        queue.finish(try #require(queue.calls().first), Self.quarter, now: 1_000_000)
        queue.remind(of: task(1))
        // The step is the same; only other details of the order have changed.
        queue.set(task(1), for: key(1))
        #expect(queue.calls(at: 250_999_999).isEmpty)
        let again = queue.calls(at: 251_000_000)
        #expect(again.first?.course.tries == 2)
        queue.finish(again[0], Self.quarter, now: 0)
        queue.set(nil, for: key(1))
        #expect(queue.calls(at: .max).isEmpty && !queue.hasSleepers)
    }

    @Test("Nothing shortens a delay that the provider asked for")
    func patience() throws {
        var queue = PaymentQueue()
        var random = SeededRandom(seed: 1)
        queue.set(task(1), for: key(1))
        queue.finish(try #require(queue.calls().first), .init(milliseconds: 9000, isFromProvider: true), now: 0)
        queue.hasten(key(1), now: 8_999_999_999)
        queue.wakeAll(now: 0, &random)
        #expect(queue.calls(at: 8_999_999_999).isEmpty)
        queue.hasten(key(1), now: 9_000_000_000)
        #expect(queue.calls().count == 1)
    }

    @Test("When the provider is back, everything waiting resumes within a second")
    func back() throws {
        var queue = PaymentQueue()
        var random = SeededRandom(seed: 1)
        for number in 1...9 as ClosedRange<UInt32> { queue.set(task(number), for: key(number)) }
        for call in queue.calls() { queue.finish(call, .init(milliseconds: 8000), now: 0) }
        queue.wakeAll(now: 0, &random)
        #expect(queue.calls(at: 1_000_000_000).count == 9)
        #expect(queue.calls(at: .max).isEmpty)
    }

    @Test("While the provider is away no calls are made; on trial a few are, and then all that wait")
    func gate() throws {
        var queue = PaymentQueue()
        for _ in 0..<8 { _ = queue.gate.noteSilence(at: Example.start) }
        for number in 1...20 as ClosedRange<UInt32> { queue.set(task(number), for: key(number)) }
        #expect(queue.calls().isEmpty)
        _ = queue.gate.noteAnswer(isProbe: true)
        #expect(queue.calls().count == PaymentQueue.trialCallsMax)
        _ = queue.gate.noteAnswer(isProbe: false)
        #expect(queue.calls().count == 20 - PaymentQueue.trialCallsMax)
    }

    @Test("An order whose calls were repeated is checked at the end", arguments: [true, false])
    func doubt(isToldFirst: Bool) throws {
        var queue = PaymentQueue()
        queue.set(task(1), for: key(1))
        var call = try #require(queue.calls().first)
        call.course.isDoubtful = true
        if isToldFirst { queue.set(nil, for: key(1)) }
        queue.finish(call, Self.quarter, now: 0)
        if !isToldFirst { queue.set(nil, for: key(1)) }
        guard case .lookForStrays(let reference)? = queue.actions(now: 0).first else {
            Issue.record("nobody looks")
            return
        }
        #expect(reference == call.task.payment.reference)
        #expect(queue.actions(now: .max).isEmpty)
    }

    @Test("A webhook for an order that needs nothing any more is not taken for one that is under way")
    func hastensNothing() throws {
        var queue = PaymentQueue()
        var isKnown = [queue.hasten(key(1), now: 0)]
        queue.set(task(1), for: key(1))
        isKnown.append(queue.hasten(key(1), now: 0))
        let call = try #require(queue.calls().first)
        isKnown.append(queue.hasten(key(1), now: 0))
        queue.set(nil, for: key(1))
        isKnown.append(queue.hasten(key(1), now: 0))
        queue.finish(call, Self.quarter, now: 0)
        isKnown.append(queue.hasten(key(1), now: 0))
        #expect(isKnown == [false, true, true, false, false])
        #expect(queue.calls(at: .max).isEmpty)
    }

    @Test("An event out of service gets no more calls; orders of other events go on")
    func leave() throws {
        var queue = PaymentQueue()
        queue.set(task(1), for: key(1))
        let call = try #require(queue.calls().first)
        queue.set(task(2), for: key(2))
        queue.set(task(3), for: .init(event: "another", order: OrderID(3)))
        queue.leave(Self.definition.id)
        queue.finish(call, Self.quarter, now: 0)
        #expect(queue.calls(at: .max).map(\.task.order) == [OrderID(3)])
    }

    @Test("After a stop no call begins, whatever came while the last was in progress")
    func stop() throws {
        var queue = PaymentQueue()
        queue.set(task(1), for: key(1))
        let call = try #require(queue.calls().first)
        queue.set(task(1, .capture), for: key(1))
        queue.stop()
        queue.finish(call, Self.quarter, now: 0)
        queue.set(task(2), for: key(2))
        #expect(queue.calls(at: .max).isEmpty && queue.running == 0)
    }
}

extension PaymentQueue {
    /// The calls to make now. A function, because an expression inside `#expect` can't mutate the queue.
    fileprivate mutating func calls(at now: UInt64 = 0) -> [Call] {
        actions(now: now).compactMap { if case .call(let call) = $0 { call } else { nil } }
    }
}
