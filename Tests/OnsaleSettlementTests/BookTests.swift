import OnsaleBus
import OnsaleValues
import Testing

@testable import OnsaleSettlement

/// What each message does to the book.
@Suite struct BookTests {
    private var book = Book()
    private let fees: FeeSchedule

    init() throws { fees = try FeeSchedule([won500AndThreePercent]) }

    private mutating func take(
        _ type: EventType, _ sequence: Int, _ message: OrderMessage, at: Timestamp = monday
    ) throws -> Posting? {
        try book.take(event(type, sequence, message, at: at), message, fees: fees, offset: seoul)
    }

    private func expect(_ wanted: [Account: Int64]) throws {
        let balances = try book.balances()
        #expect(balances.filter { $0.value != 0 } == wanted)
        #expect(balances.values.reduce(0, +) == 0)
    }

    @Test("A sale is the provider's to hand over, and the organizer's less our fees")
    mutating func sale() throws {
        #expect(try take(.orderConfirmed, 1, order("ord_1")) != nil)
        // Two tickets of 10,000: 500 and 3 % each.
        try expect([.provider: 20_000, .fees: -1600, .organizer: -18_400])
    }

    @Test("A message that comes again changes nothing, and neither does one about no money")
    mutating func twice() throws {
        #expect(try take(.orderPlaced, 1, order("ord_1")) == nil)
        #expect(try take(.orderConfirmed, 2, order("ord_1")) != nil)
        let before = book.pages
        #expect(try take(.orderConfirmed, 2, order("ord_1")) == nil)
        #expect(try take(.orderDeclined, 3, order("ord_2")) == nil)
        #expect(book.pages == before)
    }

    @Test("A cancelled order's money is owed to its buyer until it has gone back, with the fees that are given back")
    mutating func cancellation() throws {
        _ = try take(.orderConfirmed, 1, order("ord_1"))
        _ = try take(.orderCancelled, 2, order("ord_1", reason: "buyer"))
        try expect([.provider: 20_000, .refunds: -20_000])
        _ = try take(.orderRefunded, 3, order("ord_1", refunded: 20_000, reason: "buyer"))
        try expect([:])
    }

    @Test("Fees that are kept are the organizer's debt after a refund")
    mutating func keptFees() throws {
        let rule = FeeSchedule.Rule(currency: "KRW", from: monday, basis: .order, fixed: 700, perMille: 10)
        let message = order("ord_1", refunded: 20_000)
        try book.take(event(.orderRefunded, 3, message), message, fees: try FeeSchedule([rule]), offset: seoul)
        try expect([.organizer: 900, .fees: -900])
    }

    @Test("Money that came too late and goes back costs the organizer nothing")
    mutating func lateMoney() throws {
        let rule = FeeSchedule.Rule(currency: "KRW", from: monday, basis: .order, fixed: 700, perMille: 10)
        let message = order("ord_1", refunded: 20_000, isSold: false)
        try book.take(event(.orderRefunded, 3, message), message, fees: try FeeSchedule([rule]), offset: seoul)
        try expect([:])
    }

    @Test("Part of an order's money goes back with as large a part of its fees, and a refund that failed comes again")
    mutating func partial() throws {
        _ = try take(.orderConfirmed, 1, order("ord_1"))
        _ = try take(.orderRefunded, 2, order("ord_1", refunded: 5000, reason: "provider"))
        try expect([.provider: 15_000, .fees: -1200, .organizer: -13_800])
        _ = try take(.orderRefunded, 3, order("ord_1", refunded: 0, reason: "provider"))
        try expect([.provider: 20_000, .fees: -1600, .organizer: -18_400])
        _ = try take(.orderCancelled, 4, order("ord_1", refunded: 0, reason: "buyer"))
        _ = try take(.orderRefunded, 5, order("ord_1", refunded: 20_000, reason: "buyer"))
        // The refund came back: it is owed again.
        _ = try take(.orderCancelled, 6, order("ord_1", refunded: 0, reason: "buyer"))
        try expect([.provider: 20_000, .refunds: -20_000])
    }

    @Test("Disputed money is kept from the organizer, and is the organizer's again once the dispute is won")
    mutating func dispute() throws {
        _ = try take(.orderConfirmed, 1, order("ord_1"))
        _ = try take(.orderRefunded, 2, order("ord_1", refunded: 5000, reason: "provider"))
        _ = try take(.orderCancelled, 3, order("ord_1", refunded: 5000, reason: "dispute"))
        try expect([.disputes: 15_000, .fees: -1200, .organizer: -13_800])
        let kinds = book.orders["ord_1"]?.movements.map(\.kind)
        #expect(kinds == [.charge, .refund, .dispute])
        _ = try take(.orderConfirmed, 4, order("ord_1", refunded: 5000))
        try expect([.provider: 15_000, .fees: -1200, .organizer: -13_800])
        #expect(book.orders["ord_1"]?.movements.map(\.amount) == [20_000, -5000, -15_000, 15_000])
    }

    @Test("Whatever happens to a disputed order, the bank has its money until the dispute is won")
    mutating func disputedMeanwhile() throws {
        _ = try take(.orderConfirmed, 1, order("ord_1"))
        var meanwhile = order("ord_1", reason: "dispute")
        meanwhile.disputedAmount = 20_000
        _ = try take(.orderCancelled, 2, meanwhile)
        #expect(try book.balances()[.disputes] == 20_000)
        (meanwhile.reason, meanwhile.refundedAmount) = ("provider", 300)
        _ = try take(.orderRefunded, 3, meanwhile)
        #expect(try book.balances()[.disputes] == 20_000)
        meanwhile.reason = "organizer"
        _ = try take(.orderCancelled, 4, meanwhile)
        #expect(try book.balances()[.disputes] == 20_000)
    }

    @Test("A dispute that the sale counts as a refund of all is still a dispute")
    mutating func disputeAsRefund() throws {
        _ = try take(.orderConfirmed, 1, order("ord_1"))
        _ = try take(.orderRefunded, 2, order("ord_1", refunded: 20_000, reason: "dispute"))
        try expect([.disputes: 20_000, .fees: -1600, .organizer: -18_400])
    }

    @Test("A message that comes late stands on its own day, and the later day is put right")
    mutating func late() throws {
        let (day, next) = (monday, monday.adding(seconds: 86_400))
        _ = try take(.orderRefunded, 5, order("ord_1", refunded: 20_000), at: next)
        _ = try take(.orderConfirmed, 1, order("ord_1"), at: day)
        let pages = book.pages.sorted { $0.key < $1.key }
        #expect(pages.map(\.key.day.description) == ["2027-03-01", "2027-03-02"])
        #expect(pages[0].value[.sale, .organizer] == -20_000 && pages[0].value[.refund, .organizer] == 0)
        #expect(pages[1].value[.sale, .organizer] == 0 && pages[1].value[.refund, .organizer] == 20_000)
    }

    @Test("A day begins at midnight where the event takes place")
    mutating func midnight() throws {
        let midnight = Timestamp(milliseconds: monday.milliseconds + 15 * 3_600_000)
        _ = try take(.orderConfirmed, 1, order("ord_1"), at: Timestamp(milliseconds: midnight.milliseconds - 1))
        _ = try take(.orderConfirmed, 2, order("ord_2"), at: midnight)
        #expect(book.pages.keys.sorted().map(\.day.description) == ["2027-03-01", "2027-03-02"])
    }

    @Test("A message that contradicts itself or the book is refused, and changes nothing")
    mutating func contradictions() throws {
        _ = try take(.orderConfirmed, 1, order("ord_1"))
        let before = book.pages
        func refuses(_ event: CloudEvent, _ message: OrderMessage) {
            var copy = book
            let error = #expect(throws: SettlementError.self) {
                try copy.take(event, message, fees: fees, offset: seoul)
            }
            #expect(error?.code == .unusable, "\(event)")
            #expect(copy.pages == before)
        }
        for message in [
            order("ord_1", amount: 30_000), order("ord_1", currency: "EUR"), order("ord_1", refunded: 20_001),
            order("ord_1", refunded: -1), order("ord_2", amount: -5), order("ord_2", amount: .max),
            order("ord_2", currency: "XYZ"), order("ord_2", amount: 2_000_000_000_000_000),
            order("", amount: 1), order("ord_3", lines: [.init(category: "R", unitAmount: -1, quantity: 1)]),
            order("ord_3", lines: [.init(category: "R", unitAmount: 1, quantity: .max)]),
        ] {
            refuses(event(.orderConfirmed, 2, message), message)
        }
        let message = order("ord_2")
        for id in ["evt_2/2", "evt_1/x", "evt_1/-1", "evt_1", "evt_1/99999999999999999999"] {
            refuses(
                CloudEvent(
                    id: id, type: .orderConfirmed, subject: "ord_2", time: monday, key: "evt_1", data: []), message)
        }
        refuses(
            CloudEvent(
                id: "evt_1/2", type: .orderConfirmed, subject: "ord_9", time: monday, key: "evt_1", data: []), message)
    }

    @Test("No more messages about an order are kept than make sense")
    mutating func manyStates() throws {
        for sequence in 0..<1000 { _ = try take(.orderConfirmed, sequence, order("ord_1")) }
        let error = #expect(throws: SettlementError.self) { try take(.orderConfirmed, 1000, order("ord_1")) }
        #expect(error?.code == .full)
    }
}
