import OnsaleValues
import Testing

@testable import OnsaleSale

/// Idempotency keys cost memory: limits per buyer, a reserve for orders, and space again after a day.
@Suite struct KeyTests {
    private let day: Int64 = 86_400_000

    private func sale(_ limits: KeyLimits) -> Sale {
        var sale = Hall.sale(rows: 3, width: 6)
        sale.keyLimits = limits
        return sale
    }

    private func hold(
        _ sale: inout Sale, buyer: Int, seat: UInt32, key: Int, at now: Timestamp
    ) -> Result<Hold, Refusal> {
        var facts: [SaleFact] = []
        return sale.ask(
            HoldPlaces(.seats([SeatIndex(seat)]), buyer: Hall.buyer(buyer), pass: 1, key: Hall.key(key, body: 0)),
            at: now,
            facts: &facts)
    }

    @Test("A buyer can use up only their own share of keys, not the event's")
    func shareOfBuyer() {
        var sale = sale(KeyLimits(all: 100, forOrders: 10, ofBuyer: 2))
        var facts: [SaleFact] = []
        for key in 0..<2 {
            guard case .success(let hold) = hold(&sale, buyer: 1, seat: 0, key: key, at: Hall.start) else {
                Issue.record("not held")
                return
            }
            _ = sale.ask(ReleaseHold(hold.id, buyer: Hall.buyer(1)), at: Hall.start, facts: &facts)
        }
        #expect(hold(&sale, buyer: 1, seat: 0, key: 9, at: Hall.start) == .failure(.tooManyKeys))
        guard case .success = hold(&sale, buyer: 2, seat: 0, key: 10, at: Hall.start) else {
            Issue.record("another buyer is refused too")
            return
        }
        #expect(sale.breaches().isEmpty)
    }

    @Test("A full memory refuses holds before orders, and has space again once keys are a day old")
    func fullMemory() {
        var sale = sale(KeyLimits(all: 4, forOrders: 2, ofBuyer: 10))
        guard case .success(let first) = hold(&sale, buyer: 1, seat: 0, key: 1, at: Hall.start),
            case .success = hold(&sale, buyer: 2, seat: 1, key: 2, at: Hall.start)
        else {
            Issue.record("not held")
            return
        }
        #expect(hold(&sale, buyer: 3, seat: 2, key: 3, at: Hall.start) == .failure(.overloaded))
        var facts: [SaleFact] = []
        let order = sale.ask(
            PlaceOrder(first.id, buyer: Hall.buyer(1), paymentMethod: "pm", trace: nil, key: Hall.key(1001, body: 0)),
            at: Hall.start, facts: &facts)
        guard case .success = order else {
            Issue.record("\(order): whoever has a hold can pay")
            return
        }
        // A day later there is space, even though no key was remembered meanwhile.
        let tomorrow = Timestamp(milliseconds: Hall.start.milliseconds + day + 1)
        sale.advance(to: tomorrow, facts: &facts)
        guard case .success = hold(&sale, buyer: 3, seat: 2, key: 3, at: tomorrow) else {
            Issue.record("a full memory stays full for ever")
            return
        }
        #expect(sale.breaches().isEmpty)
    }
}
