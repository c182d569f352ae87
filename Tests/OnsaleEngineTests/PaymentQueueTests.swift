import OnsaleSale
import OnsaleValues
import Seeded
import Testing

@testable import OnsaleEngine

/// When each order's calls are made, without a provider.
@Suite struct PaymentQueueTests {
    private func task(_ number: UInt32) -> PaymentTask {
        var sale = Partition(definition: Example.definition(seats: 200)).sale
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
        guard let order = sale.order(OrderID(number)),
            let task = PaymentTask(order, in: Example.definition(seats: 200))
        else { preconditionFailure("an order has a task") }
        return task
    }

    // A macro's expression can't change what it is about.
    private func start(_ queue: inout PaymentQueue) -> [PaymentQueue.Call] { queue.calls() }
    private func due(_ queue: inout PaymentQueue, _ now: UInt64) -> [PaymentTask] { queue.due(now: now) }

    @Test("One call an order at a time; what comes meanwhile goes on at once, and the last news counts")
    func oneAtATime() throws {
        var queue = PaymentQueue()
        queue.take(task(1))
        let first = try #require(start(&queue).first)
        queue.take(task(1))
        queue.take(task(1))
        #expect(start(&queue).isEmpty)
        let isDoubtful = queue.ended(first, .done, now: 0)
        #expect(!isDoubtful)
        let second = queue.calls()
        #expect(second.count == 1 && second.first?.course.tries == 1)
        _ = queue.ended(second[0], .done, now: 0)
        #expect(start(&queue).isEmpty && queue.running == 0 && !queue.hasSleepers)
    }

    @Test("What brought no answer sleeps, is looked up when it is due, and is forgotten when nothing is asked any more")
    func sleeps() throws {
        var queue = PaymentQueue()
        queue.take(task(1))
        _ = queue.ended(try #require(start(&queue).first), .again(milliseconds: 250), now: 1_000_000)
        #expect(due(&queue, 250_999_999).isEmpty)
        #expect(due(&queue, 251_000_000).count == 1)
        // While it is looked up it is not due again.
        #expect(due(&queue, 252_000_000).isEmpty)
        queue.remind(of: task(1))
        #expect(start(&queue).isEmpty)
        queue.take(task(1))
        let again = try #require(start(&queue).first)
        #expect(again.course.tries == 2)
        _ = queue.ended(again, .again(milliseconds: 250), now: 0)
        queue.forget(task(1))
        #expect(!queue.hasSleepers)
    }

    @Test("Where the provider has asked for patience nothing hastens it")
    func patience() throws {
        var queue = PaymentQueue()
        var random = SeededRandom(seed: 1)
        queue.take(task(1))
        _ = queue.ended(try #require(start(&queue).first), .again(milliseconds: 9000, isTold: true), now: 0)
        queue.hasten(task(1), now: 8_999_999_999)
        queue.wakeAll(now: 0, &random)
        #expect(start(&queue).isEmpty && due(&queue, 8_999_999_999).isEmpty)
        queue.hasten(task(1), now: 9_000_000_000)
        #expect(start(&queue).count == 1)
    }

    @Test("While the provider is away nothing is asked; on trial a few are, and then all that waited")
    func gate() throws {
        var queue = PaymentQueue()
        for _ in 0..<8 { _ = queue.gate.gotNoAnswer(at: Example.start) }
        for number in 1...20 as ClosedRange<UInt32> { queue.take(task(number)) }
        #expect(start(&queue).isEmpty)
        _ = queue.gate.answered(isProbe: true)
        let trial = queue.calls()
        #expect(trial.count == PaymentQueue.trialCallsMax)
        _ = queue.gate.answered(isProbe: false)
        #expect(start(&queue).count == 20 - PaymentQueue.trialCallsMax)
    }

    @Test("After the stop no call begins, whatever came while the last was under way")
    func stop() throws {
        var queue = PaymentQueue()
        queue.take(task(1))
        let call = try #require(start(&queue).first)
        queue.take(task(1))
        queue.stop()
        _ = queue.ended(call, .done, now: 0)
        queue.take(task(2))
        #expect(start(&queue).isEmpty && queue.running == 0)
    }
}
