import OnsaleSale
import OnsaleValues
import Testing

@testable import OnsaleEngine
@testable import OnsaleHistory
@testable import OnsaleWaitingRoom

/// The story of an order for each way it can go.
@Suite struct StoryTests {
    private func story(of order: OrderID, in script: Script) throws -> [StoryStep] {
        let order = try #require(script.partition.sale.order(order))
        return try EventHistory.story(
            of: StorySubject(order, under: script.definition.terms, in: script.definition), in: script.definition,
            draw: DrawnNumbers(script.partition.line), now: script.now, journal: script.journal)
    }

    private static let beginning = ["Called", "Pass granted", "Hold made", "Order placed"]

    /// A buyer with a pass and an order for two seats.
    private func ordered(_ script: Script) throws -> OrderID {
        try script.begin()
        let pass = try script.admit(1)
        return try script.order(try script.hold(.seats([4, 5]), pass))
    }

    @Test("Bought: from the call to the ticket at the door")
    func bought() throws {
        let script = try Script()
        let order = try ordered(script)
        #expect(try story(of: order, in: script).last?.what == "Waiting")
        try script.results(order, .authorized(intent: "pi_1"))
        #expect(
            try story(of: order, in: script).last?.detail == "The provider has not confirmed that it took the money.")
        try script.results(order, .captured(intent: "pi_1", amount: 4000))
        try script.run(CheckIn(1))
        let steps = try story(of: order, in: script)
        #expect(
            steps.map(\.what) == Self.beginning + ["Payment authorized", "Order confirmed", "Ticket checked in"])
        #expect(steps[2].detail == "Seats s4, s5 for 40.00 EUR. Answered: held until 08:15:00.")
        #expect(
            steps[3].detail.hasSuffix(
                "for seats s4, s5, 40.00 EUR. The provider is asked to reserve the money. Trace "
                    + "0af7651916cd43dd8448eb211c80319c."))
        #expect(steps[4].at.milliseconds - steps[3].at.milliseconds == 300)
        #expect(
            steps[5].detail
                == "The provider took 40.00 EUR (payment pi_1). Answered: confirmed, with 2 tickets for seats s4, s5.")
        #expect(steps[6].detail.contains("tkt_"))
    }

    @Test("Declined, and the hold runs out")
    func declined() throws {
        let script = try Script()
        let order = try ordered(script)
        try script.results(order, .declined(code: "card_declined"))
        let steps = try story(of: order, in: script)
        #expect(steps.map(\.what) == Self.beginning + ["Payment declined", "Waiting"])
        #expect(
            steps[4].detail
                == "The provider declined the payment. Answered: declined, card_declined. The hold was kept until "
                + "08:15:00.")
        #expect(steps[5].detail == "Hold of seats s4, s5: can be paid until 08:15:00.")
        try script.wait(seconds: 400)
        #expect(try story(of: order, in: script).last?.what == "Hold expired")
    }

    @Test("Declined five times: the hold is given back, and the pass ends")
    func declinedFiveTimes() throws {
        let script = try Script()
        try script.begin()
        let hold = try script.hold(.seats([4]), try script.admit(1))
        var orders: [OrderID] = []
        for _ in 1...5 {
            orders.append(try script.order(hold))
            try script.results(orders[orders.count - 1], .declined(code: "card_declined"))
        }
        let last = try story(of: orders[4], in: script)
        #expect(
            last.map(\.what)
                == ["Called", "Pass granted", "Hold made"] + [String](repeating: "Another order placed", count: 4)
                + ["Order placed", "Payment declined", "Seats released", "Pass ended"])
        #expect(last[9].detail == "The hold was given back after 5 declined payments. Seat s4 is free again.")
        #expect(last[10].detail.contains("not admitted"))
        #expect(!last[8].detail.contains("kept"))
    }

    @Test("The bank must be asked, and nobody answers: the order expires, and money that comes late goes back")
    func expired() throws {
        let script = try Script()
        let order = try ordered(script)
        try script.results(order, .actionRequired(intent: "pi_1", url: Show.url))
        #expect(try story(of: order, in: script).last?.detail == "The payer has not confirmed with the bank yet.")
        try script.wait(seconds: 700)
        #expect(try story(of: order, in: script).last?.detail.contains("nothing is reserved") == true)
        try script.results(order, .captured(intent: "pi_1", amount: 4000))
        #expect(try story(of: order, in: script).last?.detail.contains("money went back") == true)
        try script.results(order, .refunded(total: 4000))
        #expect(
            try story(of: order, in: script).map(\.what)
                == Self.beginning + [
                    "Confirmation required", "Order expired", "Payment captured late", "Refund sent",
                ])
    }

    @Test("The money was reserved but can't be taken")
    func captureRefused() throws {
        let script = try Script()
        let order = try ordered(script)
        try script.results(
            order, .pending(intent: "pi_1"), .authorized(intent: "pi_1"), .captureRefused(code: "capture_failed"),
            .voided)
        let steps = try story(of: order, in: script)
        #expect(
            steps.map(\.what) == Self.beginning + [
                "Payment known", "Payment authorized", "Order declined", "Reservation released",
            ])
        #expect(
            steps[6].detail
                == "The provider declined the payment pi_1. Answered: declined, capture_failed. Seats s4, s5 are free "
                + "again. Whatever is reserved is let go.")
    }

    @Test("What doesn't fit buys nothing")
    func mismatched() throws {
        let script = try Script()
        let order = try ordered(script)
        try script.results(order, .captured(intent: "pi_1", amount: 1))
        let steps = try story(of: order, in: script)
        #expect(steps.map(\.what).suffix(4).dropLast(2) == ["Payment declined", "Payment captured late"])
        #expect(steps[4].detail.contains("does not fit") && steps[5].detail.contains("0.01 EUR"))
    }

    @Test("Cancelled by the organizer, refunded, and the refund fails once")
    func cancelled() throws {
        let script = try Script()
        let order = try ordered(script)
        try script.results(order, .authorized(intent: "pi_1"), .captured(intent: "pi_1", amount: 4000))
        try script.cancel(order, by: "Jiwoo")
        try script.results(
            order, .refunded(total: 4000), .refunded(total: 1000), .refunded(total: 4000),
            .stray(intent: "pi_2", captured: 4000), .strayReturned(intent: "pi_2"))
        let steps = try story(of: order, in: script)
        #expect(
            steps.map(\.what).dropFirst(6) == [
                "Order cancelled", "Noted", "Refund sent", "Refund failed", "Refund sent", "Second payment found",
                "Second payment returned",
            ])
        #expect(steps[7].detail.hasPrefix("“Jiwoo” cancelled the order: ord_"))
        #expect(steps[9].detail.contains("30.00 EUR"))
    }

    @Test("The provider gives money back on its own, and the payer disputes the rest")
    func disputed() throws {
        let script = try Script()
        let order = try ordered(script)
        try script.results(
            order, .captured(intent: "pi_1", amount: 4000), .disputed(true), .disputed(false), .refunded(total: 1000),
            .refunded(total: 4000))
        #expect(
            try story(of: order, in: script).map(\.what).dropFirst(6) == [
                "Payment disputed", "Dispute won", "Refunded by the provider", "Refunded by the provider",
            ])
    }

    @Test("A hold given back, a buyer's whole way, and a ticket: each by its ID")
    func explained() throws {
        let script = try Script()
        try script.begin()
        let pass = try script.admit(1)
        let hold = try script.hold(.area(0, quantity: 3), pass)
        try script.run(ReleaseHold(hold.id, buyer: hold.buyer))
        let order = try script.order(try script.hold(.seats([8]), pass))
        try script.results(order, .authorized(intent: "pi_1"), .captured(intent: "pi_1", amount: 2000))
        try script.run(GiveUpPass(pass.id, buyer: pass.buyer))
        let explainer = Explainer(journal: script.journal, now: script.now)
        let definition = script.definition

        let holdID = PublicID(.hold, at: hold.madeAt, serial: hold.id.serial, tag: definition.tag)
        let ofHold = try #require(try explainer.explain(.hold(holdID), in: nil).first)
        #expect(ofHold.steps.map(\.what) == ["Called", "Pass granted", "Hold made", "Seats released", "Pass given up"])
        #expect(ofHold.heading.contains(": over. 3 places in Floor, 15.00 EUR, buyer byr_"))

        let ofBuyer = try #require(try explainer.explain(.buyer(pass.buyer), in: nil).first)
        #expect(
            ofBuyer.steps.map(\.what) == [
                "Joined the lobby", "Draw held", "Called", "Pass granted", "Hold made", "Seats released", "Hold made",
                "Order placed", "Payment authorized", "Order confirmed", "Pass given up",
            ])
        #expect(ofBuyer.heading.hasSuffix("1 order, 1 confirmed."))

        let ticket = try #require(script.partition.sale.ticket(1))
        let ticketID = PublicID(.ticket, at: ticket.issuedAt, serial: 1, tag: definition.tag)
        let ofTicket = try #require(try explainer.explain(.ticket(ticketID), in: nil).first)
        #expect(ofTicket.steps == (try story(of: order, in: script)))
        #expect(ofTicket.heading.hasPrefix("Ticket \(ticketID.text): valid. Order ord_"))

        let others = PublicID(.order, at: script.now, serial: 1, tag: definition.tag)
        #expect(try explainer.explain(.order(others), in: nil).isEmpty)
        #expect(try explainer.explain(.buyer(Show.buyer(99)), in: nil).isEmpty)
        #expect(try explainer.explain(.order(PublicID(.order, at: script.now, serial: 1, tag: 9)), in: nil).isEmpty)
        #expect(ExplainedID("ord_nonsense") == nil && ExplainedID(ticketID.text) == .ticket(ticketID))
    }

    @Test("A buyer's story says where refused requests are found, since it can't tell of them")
    func caveat() throws {
        let caveat = try #require(ExplainedID.buyer(Show.buyer(1)).caveat)
        for word in ["refused", "onsale.access", "debug", "buyer", "problem", "trace"] {
            #expect(caveat.contains(word))
        }
        #expect(ExplainedID.order(PublicID(.order, at: Show.start, serial: 1, tag: 1)).caveat == nil)
    }

    @Test("A trace that nobody recorded is said to be so")
    func traceNotRecorded() throws {
        let script = try Script()
        try script.begin()
        let hold = try script.hold(.seats([4]), try script.admit(1))
        let trace = String(Show.trace.dropLast(2)) + "00"
        let order = try #require(
            try script.run(
                PlaceOrder(hold.id, buyer: hold.buyer, paymentMethod: Show.method, trace: trace, key: Show.key(50))))
        let placed = try #require(try story(of: order.id, in: script).first { $0.what == "Order placed" })
        #expect(placed.detail.hasSuffix(" Trace 0af7651916cd43dd8448eb211c80319c (not recorded)."))
    }

    @Test("A thing is found in the second of two events with the same tag")
    func sameTag() throws {
        let journal = MemoryJournal()
        try Script(Show.definition("a"), in: journal).begin()
        let script = try Script(Show.definition("b"), in: journal)
        let serial = try ordered(script)
        let order = try #require(script.partition.sale.order(serial))
        let id = try #require(ExplainedID(script.definition.orderID(order)))
        #expect(try Explainer(journal: journal, now: script.now).explain(id, in: nil).map(\.event) == ["b"])
        #expect(try Explainer(journal: journal, now: script.now).explain(id, in: "a").isEmpty)
    }

    // MARK: A server that stopped

    /// Three hours after the last fact.
    private func later(_ id: ExplainedID, _ script: Script) throws -> Explanation {
        let explainer = Explainer(journal: script.journal, now: script.now.adding(seconds: 3 * 3600))
        return try #require(try explainer.explain(id, in: nil).first)
    }

    private static func wasToEnd(_ time: String) -> String {
        "was to end at 2027-01-15 \(time); the server has not written that down yet"
    }

    @Test("What must be over by now isn't told as live: a hold and its pass")
    func overdueHold() throws {
        let script = try Script()
        try script.begin()
        let hold = try script.hold(.seats([4]), try script.admit(1))
        let id = PublicID(.hold, at: hold.madeAt, serial: hold.id.serial, tag: script.definition.tag)
        let ofHold = try later(.hold(id), script)
        #expect(ofHold.heading.contains(": \(Self.wasToEnd("08:15:00")). Seat s4,"))
        #expect(
            ofHold.steps.filter { $0.what == "Waiting" }.map(\.detail) == [
                "Hold of seat s4: \(Self.wasToEnd("08:15:00")).", "The pass \(Self.wasToEnd("08:25:00")).",
            ])
        #expect(try later(.buyer(hold.buyer), script).steps.suffix(2) == ofHold.steps.suffix(2))
    }

    @Test("What must be over by now isn't told as live: an order", arguments: [false, true])
    func overdueOrder(isAtBank: Bool) throws {
        let script = try Script()
        let id = try ordered(script)
        if isAtBank { try script.results(id, .actionRequired(intent: "pi_1", url: Show.url)) }
        let order = try #require(script.partition.sale.order(id))
        let ofOrder = try later(try #require(ExplainedID(script.definition.orderID(order))), script)
        #expect(ofOrder.heading.contains(": \(Self.wasToEnd("08:20:00")). Seats s4, s5,"))
        #expect(
            ofOrder.steps.filter { $0.what == "Waiting" }.map(\.detail) == [
                "The payment was not decided in time: the order \(Self.wasToEnd("08:20:00")).",
                "The pass \(Self.wasToEnd("08:25:00")).",
            ])
        let hold = PublicID(.hold, at: Show.start.adding(seconds: 600), serial: 1, tag: script.definition.tag)
        #expect(try later(.hold(hold), script).heading.contains(": its order \(Self.wasToEnd("08:20:00")). "))
        // An order that is decided has no end.
        try script.results(id, .authorized(intent: "pi_1"))
        let taken = try later(try #require(ExplainedID(script.definition.orderID(order))), script)
        #expect(taken.heading.contains(": the money is being taken. "))
        #expect(taken.steps.last?.detail == "The pass \(Self.wasToEnd("08:25:00")).")
    }

    @Test("A pass that ended because all was sold is not waited for")
    func soldOut() throws {
        let script = try Script()
        try script.begin()
        let pass = try script.admit(1)
        let other = try script.admit(2)
        for selection: OnsaleSale.Selection in [.seats((0..<40).map { SeatIndex($0) }), .area(0, quantity: 10)] {
            let order = try script.order(try script.hold(selection, pass))
            try script.results(order, .authorized(intent: "pi_\(order.serial)"))
        }
        try script.wait(seconds: 1)
        #expect(try later(.buyer(other.buyer), script).steps.last?.what == "Sold out")
    }

    @Test("What must be over by now isn't told as live: a call, and a place in line after the sale")
    func overdueLine() throws {
        let script = try Script(Show.definition(shoppers: 1))
        try script.begin()
        for number in 1...2 { try script.run(JoinLine(Show.buyer(number))) }
        let change = ScheduleChange(
            lobbyOpensAt: nil, opensAt: nil, closesAt: .some(Show.start.adding(seconds: 3600)), maxActiveShoppers: nil)
        try script.run(ChangeSchedule(change))
        try script.wait(seconds: 600)
        let called = try #require(script.partition.line.calls.keys.first)
        let buyer = script.partition.line.places.buyer(of: called)
        let other = Show.buyer(buyer == Show.buyer(1) ? 2 : 1)
        func last(_ buyer: BuyerID, _ seconds: Int) throws -> String? {
            let explainer = Explainer(journal: script.journal, now: script.now.adding(seconds: seconds))
            return try explainer.explain(.buyer(buyer), in: nil).first?.steps.last?.detail
        }
        #expect(try last(buyer, 19) == "A pass is kept for number 1 until 08:10:20.")
        #expect(try last(buyer, 20) == "The call of number 1 \(Self.wasToEnd("08:10:20")).")
        #expect(try last(other, 20) == "In line for a pass, with number 2.")
        #expect(try last(other, 3000) == "In line with number 2 when the sale closed at 2027-01-15 09:00:00.")
    }
}
