import OnsaleSale
import OnsaleValues
import Testing

/// Prices and limits that change while people buy.
@Suite struct TermsTests {
    private func hold(
        _ seats: [SeatIndex], by buyer: Int = 1, in sale: inout Sale, at now: Timestamp = Hall.start
    ) throws -> Hold {
        try sale.ask(HoldPlaces(.seats(seats), buyer: Hall.buyer(buyer), pass: 1, key: nil), at: now).get()
    }

    private func order(_ hold: Hold, in sale: inout Sale, key: Int) throws -> Order {
        try sale.ask(
            PlaceOrder(hold.id, buyer: hold.buyer, paymentMethod: "pm", trace: nil, key: Hall.key(key))
        ).get()
    }

    private func pay(_ order: Order, in sale: inout Sale) {
        sale.ask(SettlePayment(order.id, [.captured(intent: "pi_\(order.id.serial)", amount: order.amount)]))
    }

    @Test("A hold made before a change is ordered, captured and refunded in part at its own price")
    func priceKept() throws {
        var sale = Hall.sale(rows: 1, width: 4)
        let before = try hold([0, 1], in: &sale)
        try sale.ask(ChangeTerms(prices: [0: 50_000])).get()
        let after = try hold([2, 3], by: 2, in: &sale)
        #expect(before.amount == 396_000 && after.amount == 100_000)
        let (old, new) = (try order(before, in: &sale, key: 1), try order(after, in: &sale, key: 2))
        pay(old, in: &sale)
        pay(new, in: &sale)
        try sale.ask(ChangeTerms(prices: [0: 10_000])).get()
        #expect(sale.takings.ofParts == [496_000])
        let returned = try sale.ask(ReturnTickets([1], of: old.id, reason: nil, key: nil)).get()
        #expect(returned.partReturn?.due == 198_000)
        let cheap = try sale.ask(ReturnTickets([3], of: new.id, reason: nil, key: nil)).get()
        #expect(cheap.partReturn?.due == 50_000)
        #expect(sale.breaches().isEmpty)
    }

    @Test("A lower limit takes nothing from anyone and refuses what comes next; a higher one allows it")
    func limit() throws {
        var sale = Hall.sale(rows: 1, width: 6, limit: 4)
        _ = try hold([0, 1, 2], in: &sale)
        try sale.ask(ChangeTerms(ticketsPerBuyer: 2)).get()
        #expect(sale.breaches().isEmpty)
        let more = HoldPlaces(.seats([3]), buyer: Hall.buyer(1), pass: 1, key: nil)
        #expect(throws: Refusal.purchaseLimit(limit: 2, current: 3)) { try sale.ask(more).get() }
        try sale.ask(ChangeTerms(ticketsPerBuyer: 5)).get()
        _ = try sale.ask(more).get()
        #expect(sale.breaches().isEmpty)
    }

    @Test("Holds that last less long expire before older ones, also after a snapshot")
    func shorterHolds() throws {
        var sale = Hall.sale(rows: 1, width: 4)
        let long = try hold([0], in: &sale)
        try sale.ask(ChangeTerms(holdSeconds: 10)).get()
        let short = try hold([1], by: 2, in: &sale)
        #expect(long.expiresAt > short.expiresAt)
        var writer = ByteWriter()
        sale.encodeSnapshot(into: &writer)
        var reader = ByteReader(writer.bytes)
        var restored = try Sale(plan: sale.plan, terms: Hall.sale(rows: 1, width: 4).terms.current, snapshot: &reader)
        #expect(restored.terms == sale.terms)
        for var sale in [sale, restored] {
            #expect(sale.nextDue() == short.expiresAt)
            var facts: [SaleFact] = []
            sale.advance(to: short.expiresAt, facts: &facts)
            #expect(sale.hold(short.id) == nil && sale.hold(long.id) != nil)
            #expect(sale.nextDue() == long.expiresAt)
            sale.advance(to: long.expiresAt, facts: &facts)
            #expect(sale.hold(long.id) == nil && facts.count == 2)
        }
        _ = restored.nextDue()
    }

    @Test("What changes nothing is no fact, and what can't be counted is refused whole")
    func refused() throws {
        var sale = Hall.sale(rows: 1, width: 4)
        var facts: [SaleFact] = []
        try sale.ask(ChangeTerms(prices: [0: Hall.prices[0]], ticketsPerBuyer: 4), facts: &facts).get()
        #expect(facts.isEmpty)
        #expect(throws: Refusal.takingsTooLarge) {
            try sale.ask(ChangeTerms(prices: [0: 1_000_000_000_000_000], ticketsPerBuyer: 9)).get()
        }
        #expect(sale.terms.current.ticketsPerBuyer == 4)
    }

    @Test("Only terms that somebody holds under are kept, and no more of them than there is room for")
    func bounded() throws {
        var sale = Hall.sale(rows: 1, width: 1, limit: 1)
        for price in 1...1000 as ClosedRange<Int64> { try sale.ask(ChangeTerms(prices: [0: price])).get() }
        var changes = 0
        while changes < 1000 {
            let held = try hold([0], in: &sale)
            #expect(held.amount == sale.terms.current.prices[0])
            try sale.ask(ReleaseHold(held.id, buyer: held.buyer)).get()
            guard case .success = sale.ask(ChangeTerms(prices: [0: Int64(changes)])) else { break }
            changes += 1
        }
        #expect(changes == 500)
        #expect(throws: Refusal.termsChangedTooOften) { try sale.ask(ChangeTerms(prices: [0: 77_777])).get() }
        #expect(sale.terms[1].prices[0] == 1000 && sale.terms[2].prices[0] == 0 && sale.terms[500].prices[0] == 498)
    }
}
