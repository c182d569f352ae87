@testable import OnsaleSale
import OnsaleValues
import Seeded
import Testing

@Suite struct SaleTests {
    private let fan = Hall.buyer(1)

    @Test("The best seats are the nearest adjacent ones that leave no single seat behind")
    func bestIsAdjacentAndClean() throws {
        var sale = Hall.sale(rows: 2, width: 5)
        // The stage is in front of the middle of the first row: seats 1 to 3 are nearest but would leave 0 and 4
        // single.
        let outcome = sale.ask(HoldPlaces(.best(category: 0, quantity: 3), buyer: fan, pass: 1, key: nil))
        guard case .success(let hold) = outcome, case .seats(let seats) = hold.places else {
            Issue.record("\(outcome)")
            return
        }
        #expect(seats == [0, 1, 2])
    }

    @Test("With no adjacent seats left, best available gives the nearest single seats")
    func bestFallsBackToSingles() {
        var sale = Hall.sale(rows: 1, width: 5)
        _ = sale.ask(BlockSeats([1, 3]))
        let outcome = sale.ask(HoldPlaces(.best(category: 0, quantity: 2), buyer: fan, pass: 1, key: nil))
        guard case .success(let hold) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(hold.places == .seats([0, 2]))
    }

    @Test("An aisle separates neighbours")
    func aisleEndsAStretch() {
        let seats = [0, 10, 20, 60, 70, 80].enumerated().map { index, x in
            SeatingPlan.Seat(name: "\(index)", category: 0, row: 0, x: Int32(x), y: 0)
        }
        let plan = SeatingPlan(categories: ["A"], seats: seats, areas: [], stage: .init(x: 40, y: 0), prices: [1])
        var sale = Sale(
            plan: plan,
            terms: .init(prices: [1], ticketsPerBuyer: 4, holdSeconds: 60, preventOrphans: false))
        guard
            case .success(let hold) = sale.ask(
                HoldPlaces(.best(category: 0, quantity: 2), buyer: fan, pass: 1, key: nil))
        else {
            Issue.record("no hold")
            return
        }
        // 2 and 3 are nearest to the stage, but an aisle lies between them.
        #expect(
            hold.places == .seats([1, 2]) || hold.places == .seats([3, 4]) || hold.places == .seats([4, 5])
                || hold.places == .seats([0, 1]))
        #expect(hold.places != .seats([2, 3]))
    }

    @Test("The orphan rule refuses a choice that leaves a single seat and names that seat")
    func orphanRule() {
        var sale = Hall.sale(rows: 1, width: 5, preventOrphans: true)
        #expect(
            sale.ask(HoldPlaces(.seats([1, 2]), buyer: fan, pass: 1, key: nil)) == .failure(.orphanSeat([0])))
        #expect(
            sale.ask(HoldPlaces(.seats([0, 1, 3]), buyer: fan, pass: 1, key: nil)) == .failure(.orphanSeat([2, 4])))
        guard case .success = sale.ask(HoldPlaces(.seats([0, 1]), buyer: fan, pass: 1, key: nil)) else {
            Issue.record("a choice that leaves three seats together is fine")
            return
        }
        guard case .success = sale.ask(HoldPlaces(.seats([2, 3, 4]), buyer: Hall.buyer(2), pass: 1, key: nil)) else {
            Issue.record("taking all that is left is fine")
            return
        }
    }

    @Test("A hold's seats become free at its expiry and not a millisecond earlier")
    func holdExpires() {
        var sale = Hall.sale(rows: 1, width: 4)
        _ = sale.ask(HoldPlaces(.seats([0]), buyer: fan, pass: 1, key: nil))
        let due = Hall.start.adding(seconds: 300)
        #expect(sale.nextDue() == due)
        var facts: [SaleFact] = []
        sale.advance(to: Timestamp(milliseconds: due.milliseconds - 1), facts: &facts)
        #expect(sale.seatText == "h...")
        sale.advance(to: due, facts: &facts)
        #expect(sale.seatText == "....")
        #expect(facts == [.holdExpired(.init(hold: 1))])
    }

    @Test("A hold being paid outlives its expiry")
    func paidHoldDoesNotExpire() {
        var sale = Hall.sale(rows: 1, width: 4)
        _ = sale.ask(HoldPlaces(.seats([0]), buyer: fan, pass: 1, key: nil))
        _ = sale.ask(
            PlaceOrder(HoldID(1), buyer: fan, paymentMethod: "pm", trace: nil, key: Hall.key(1)))
        var facts: [SaleFact] = []
        sale.advance(to: Hall.start.adding(seconds: 599), facts: &facts)
        #expect(sale.seatText == "h...")
        sale.advance(to: Hall.start.adding(seconds: 600), facts: &facts)
        #expect(sale.seatText == "....")
        #expect(sale.order(OrderID(1))?.state == .expired)
        #expect(sale.order(OrderID(1))?.duty == .void)
    }

    @Test("Money that arrives after an order has expired goes back")
    func lateMoneyGoesBack() {
        var sale = Hall.sale(rows: 1, width: 4)
        _ = sale.ask(HoldPlaces(.seats([0]), buyer: fan, pass: 1, key: nil))
        _ = sale.ask(PlaceOrder(HoldID(1), buyer: fan, paymentMethod: "pm", trace: nil, key: Hall.key(1)))
        var facts: [SaleFact] = []
        sale.advance(to: Hall.start.adding(seconds: 600), facts: &facts)
        _ = sale.ask(SettlePayment(OrderID(1), [.captured(intent: "pi", amount: 198_000)]))
        #expect(sale.order(OrderID(1))?.duty == .refund)
        #expect(sale.breaches().isEmpty)
        _ = sale.ask(SettlePayment(OrderID(1), [.refunded(total: 198_000)]))
        #expect(sale.order(OrderID(1))?.duty == nil)
        #expect(sale.ledger.gross == 198_000)
        #expect(sale.ledger.refunded == 198_000)
        #expect(sale.breaches().isEmpty)
    }

    @Test("A second payment for an order is found and goes back")
    func strayPaymentGoesBack() {
        var sale = Hall.sale(rows: 1, width: 4)
        _ = sale.ask(HoldPlaces(.seats([0]), buyer: fan, pass: 1, key: nil))
        _ = sale.ask(PlaceOrder(HoldID(1), buyer: fan, paymentMethod: "pm", trace: nil, key: Hall.key(1)))
        _ = sale.ask(SettlePayment(OrderID(1), [.captured(intent: "pi_1", amount: 198_000)]))
        _ = sale.ask(SettlePayment(OrderID(1), [.stray(intent: "pi_2", captured: 198_000)]))
        #expect(sale.strays.count == 1)
        #expect(sale.hasUnfinishedBusiness)
        #expect(sale.breaches().isEmpty)
        _ = sale.ask(SettlePayment(OrderID(1), [.strayReturned(intent: "pi_2")]))
        #expect(sale.strays.isEmpty)
        #expect(sale.ledger.sum == 0)
        #expect(sale.breaches().isEmpty)
    }

    @Test("An idempotency key is remembered for a day and no longer")
    func keysAreForgotten() {
        var sale = Hall.sale(rows: 1, width: 4)
        let command = HoldPlaces(.seats([0]), buyer: fan, pass: 1, key: Hall.key(1))
        guard case .success(let first) = sale.ask(command) else {
            Issue.record("no hold")
            return
        }
        #expect(sale.ask(command, at: Hall.start.adding(seconds: 86_400)) == .success(first))
        var facts: [SaleFact] = []
        let later = Hall.start.adding(seconds: 86_401)
        sale.advance(to: later, facts: &facts)
        guard case .success(let second) = sale.ask(command, at: later) else {
            Issue.record("no second hold")
            return
        }
        #expect(second.id != first.id)
    }

    @Test("A refusal frees its key")
    func refusalFreesKey() {
        var sale = Hall.sale(rows: 1, width: 4)
        _ = sale.ask(BlockSeats([0]))
        let command = HoldPlaces(.seats([0]), buyer: fan, pass: 1, key: Hall.key(1))
        #expect(sale.ask(command) == .failure(.seatsUnavailable([0])))
        _ = sale.ask(UnblockSeats([0]))
        guard case .success = sale.ask(command) else {
            Issue.record("the key was not free")
            return
        }
    }

    @Test("Decoding hostile bytes as facts fails cleanly and never crashes")
    func hostileFacts() {
        var random = SeededRandom(seed: 42)
        for _ in 0..<20_000 {
            let bytes = (0..<random.below(60)).map { _ in UInt8(random.below(256)) }
            var reader = ByteReader(bytes)
            guard let tag = try? reader.byte() else { continue }
            _ = try? SaleFact(tag: tag, from: &reader)
            var snapshot = ByteReader(bytes)
            _ = try? Sale(
                plan: Hall.plan(rows: 1, width: 2), terms: Hall.sale(rows: 1, width: 2).terms.current,
                snapshot: &snapshot)
        }
    }

    @Test("A fact that contradicts the state is refused")
    func contradictoryFacts() {
        var sale = Hall.sale(rows: 1, width: 4)
        #expect(throws: ContradictoryFact.self) { try sale.replay(.holdExpired(.init(hold: 1)), at: Hall.start) }
        #expect(throws: ContradictoryFact.self) { try sale.replay(.blocked(.init(seats: [9])), at: Hall.start) }
        #expect(throws: ContradictoryFact.self) {
            try sale.replay(.orderConfirmed(.init(order: 1, captured: 1)), at: Hall.start)
        }
        #expect(throws: ContradictoryFact.self) {
            try sale.replay(.checkedIn(.init(ticket: 1, by: nil)), at: Hall.start)
        }
    }
}

/// What a declined payment leaves behind, and what a provider does on its own.
@Suite struct PaymentOutcomeTests {
    private func ordered(_ sale: inout Sale, at now: Timestamp = Hall.start, seat: UInt32 = 0) -> (Hold, Order)? {
        var facts: [SaleFact] = []
        guard
            case .success(let hold) = sale.ask(
                HoldPlaces(.seats([SeatIndex(seat)]), buyer: Hall.buyer(1), pass: 1, key: nil), at: now, facts: &facts),
            case .success(let order) = sale.ask(
                PlaceOrder(
                    hold.id, buyer: Hall.buyer(1), paymentMethod: "pm", trace: nil,
                    key: Hall.key(Int(now.milliseconds % 1000) + 1000, body: 0)),
                at: now, facts: &facts)
        else { return nil }
        return (hold, order)
    }

    private func tell(_ sale: inout Sale, _ order: OrderID, _ results: [PaymentResult], at now: Timestamp) {
        var facts: [SaleFact] = []
        _ = sale.ask(SettlePayment(order, results), at: now, facts: &facts)
    }

    private func advance(_ sale: inout Sale, to now: Timestamp) {
        var facts: [SaleFact] = []
        sale.advance(to: now, facts: &facts)
    }

    @Test("After its first declined order, a hold lasts at least another minute")
    func declinedKeepsHold() throws {
        var sale = Hall.sale(rows: 3, width: 6)
        let (hold, order) = try #require(ordered(&sale))
        let late = hold.expiresAt.adding(seconds: -5)
        advance(&sale, to: late)
        tell(&sale, order.id, [.declined(code: "card_declined")], at: late)
        let kept = try sale.liveHold(hold.id, buyer: Hall.buyer(1))
        #expect(kept.order == nil && kept.expiresAt == late.adding(seconds: 60))
        var facts: [SaleFact] = []
        let second = sale.ask(
            PlaceOrder(hold.id, buyer: Hall.buyer(1), paymentMethod: "pm", trace: nil, key: Hall.key(2000, body: 0)),
            at: late, facts: &facts)
        guard case .success(let again) = second else {
            Issue.record("\(second)")
            return
        }
        let later = late.adding(seconds: 50)
        tell(&sale, again.id, [.declined(code: "card_declined")], at: later)
        #expect(try sale.liveHold(hold.id, buyer: Hall.buyer(1)).expiresAt == late.adding(seconds: 60))
        advance(&sale, to: late.adding(seconds: 60))
        #expect(sale.counts.held == 0 && sale.breaches().isEmpty)
    }

    @Test("A hold is released after five declined orders")
    func fiveDeclines() throws {
        var sale = Hall.sale(rows: 3, width: 6)
        let (hold, first) = try #require(ordered(&sale))
        var order = first
        for attempt in 1...5 {
            #expect(sale.counts.held == 1)
            tell(&sale, order.id, [.declined(code: "card_declined")], at: Hall.start)
            guard attempt < 5 else { break }
            var facts: [SaleFact] = []
            guard
                case .success(let next) = sale.ask(
                    PlaceOrder(
                        hold.id, buyer: Hall.buyer(1), paymentMethod: "pm", trace: nil,
                        key: Hall.key(3000 + attempt, body: 0)),
                    at: Hall.start, facts: &facts)
            else {
                Issue.record("no order \(attempt)")
                return
            }
            order = next
        }
        #expect(sale.counts.held == 0 && sale.breaches().isEmpty)
    }

    @Test("A payment of the wrong amount never confirms an order, and goes back")
    func wrongAmount() throws {
        var sale = Hall.sale(rows: 3, width: 6)
        let (_, order) = try #require(ordered(&sale))
        tell(&sale, order.id, [.authorized(intent: "pi")], at: Hall.start)
        tell(&sale, order.id, [.captured(intent: "pi", amount: 5)], at: Hall.start)
        let ended = try #require(sale.order(order.id))
        #expect(ended.state == .declined && ended.declineCode == "payment_mismatch" && ended.duty == .refund)
        #expect(ended.captured == 5 && sale.counts.sold == 0 && sale.breaches().isEmpty)
    }

    @Test("A refund that succeeds and then fails is owed again")
    func refundReversed() throws {
        var sale = Hall.sale(rows: 3, width: 6)
        let (_, order) = try #require(ordered(&sale))
        tell(&sale, order.id, [.captured(intent: "pi", amount: order.amount)], at: Hall.start)
        var facts: [SaleFact] = []
        _ = sale.ask(CancelOrder(order.id, buyer: nil, key: nil), at: Hall.start, facts: &facts)
        tell(&sale, order.id, [.refunded(total: order.amount)], at: Hall.start)
        #expect(sale.order(order.id)?.state == .refunded)
        tell(&sale, order.id, [.refunded(total: 0)], at: Hall.start)
        #expect(sale.order(order.id)?.state == .refunding && sale.order(order.id)?.duty == .refund)
        #expect(sale.ledger.refunded == 0 && sale.breaches().isEmpty)
    }

    @Test("An impossible amount from the provider changes nothing and is no fault of the sale")
    func absurdAmounts() throws {
        for amount in [-1, .min, .max, SaleTerms.amountMax + 1] as [Int64] {
            var sale = Hall.sale(rows: 3, width: 6)
            let (_, order) = try #require(ordered(&sale))
            tell(&sale, order.id, [.captured(intent: "pi", amount: amount)], at: Hall.start)
            tell(&sale, order.id, [.stray(intent: "pi_2", captured: amount)], at: Hall.start)
            tell(&sale, order.id, [.declined(code: "no")], at: Hall.start)
            tell(&sale, order.id, [.captured(intent: "pi", amount: amount)], at: Hall.start)
            tell(&sale, order.id, [.refunded(total: amount)], at: Hall.start)
            #expect(sale.fault == nil && sale.breaches().isEmpty && sale.ledger.gross == 0, "\(amount)")
        }
    }

    @Test("All results of one answer are applied together, so a crash can't lose the second payment")
    func resultsTogether() throws {
        var sale = Hall.sale(rows: 3, width: 6)
        let (_, order) = try #require(ordered(&sale))
        advance(&sale, to: Hall.start.adding(seconds: 601))
        var facts: [SaleFact] = []
        _ = sale.ask(
            SettlePayment(order.id, [.voided, .stray(intent: "pi_2", captured: 7)]),
            at: Hall.start.adding(seconds: 601),
            facts: &facts)
        #expect(facts.count == 2 && sale.strays["pi_2"]?.captured == 7 && sale.breaches().isEmpty)
    }

    @Test("Money beyond what the ledger can hold is reported as a fault instead of trapping")
    func ledgerOverflow() throws {
        var sale = Hall.sale(rows: 3, width: 6)
        let (_, order) = try #require(ordered(&sale))
        let strays = (0..<10_000).map { PaymentResult.stray(intent: "pi_\($0)", captured: SaleTerms.amountMax) }
        tell(&sale, order.id, strays, at: Hall.start)
        #expect(sale.fault != nil)
    }
}
