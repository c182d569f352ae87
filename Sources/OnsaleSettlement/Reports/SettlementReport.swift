/// What is owed to an organizer, day by day, and whether the provider has as much for it.
public struct SettlementReport: Codable, Hashable, Sendable {
    public var days: [Day]

    /// All amounts in minor units of the event's currency.
    public struct Day: Codable, Hashable, Sendable {
        public var day: String
        /// What was sold.
        public var gross: Int64
        /// What we charge, less what was given back.
        public var fees: Int64
        /// What goes back to buyers, from the day that this was decided.
        public var refunds: Int64
        /// What payers' banks took back, less what came again.
        public var disputes: Int64
        /// What the organizer gets of it: gross less all of these.
        public var net: Int64
        /// What the provider lists: what it took in less what it gave back, before its own fees.
        public var provider: Int64
        /// ``provider`` less what it should be by our book.
        public var difference: Int64
    }

    /// - Parameters:
    ///   - posted: what was posted each day.
    ///   - listed: what the provider lists each day.
    /// - Throws: ``SettlementError`` of code `overflow`.
    public init(
        posted: [SettlementDay: Amounts], listed: [SettlementDay: Int64]
    ) throws(SettlementError) {
        days = []
        for day in Set(posted.keys).union(listed.keys).sorted() {
            days.append(try Day(day, posted[day] ?? Amounts(), listed: listed[day] ?? 0))
        }
    }
}

extension SettlementReport.Day {
    init(_ day: SettlementDay, _ amounts: Amounts, listed: Int64) throws(SettlementError) {
        self.day = day.description
        gross = try Int64.zero.minus(amounts[.sale, .organizer])
        fees = amounts[.fee, .organizer]
        refunds = amounts[.refund, .organizer]
        disputes = amounts[.dispute, .disputes]
        net = try Int64.zero.minus(try amounts.total(of: .organizer)).minus(disputes)
        provider = listed
        difference = try listed.minus(try amounts.total(of: .provider))
    }
}
