import OnsaleValues

/// A double-entry ledger of the event's money. Every posting debits one account and credits another, so the sum over
/// all accounts is zero at every moment.
public struct Ledger: Hashable, Sendable {
    /// Debits are positive, credits negative; minor units of the event's currency.
    public enum Account: Int, Sendable, CaseIterable {
        /// Money that the provider holds for the organizer.
        case cash
        /// What confirmed orders have brought in.
        case sales
        /// Captured money that must go back.
        case refundsPayable
    }

    public private(set) var balances: [Int64]
    /// All money ever captured.
    public private(set) var gross: Int64
    /// What of it has gone back.
    public private(set) var refunded: Int64

    init(balances: [Int64] = [0, 0, 0], gross: Int64 = 0, refunded: Int64 = 0) {
        self.balances = balances
        self.gross = gross
        self.refunded = refunded
    }

    public subscript(account: Account) -> Int64 { balances[account.rawValue] }

    /// Zero, always.
    public var sum: Int64 { balances.reduce(0, &+) }

    /// Money that pays for a confirmed order.
    mutating func captureForSale(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .cash, credit: .sales, amount)
        try Ledger.add(amount, to: &gross)
    }

    /// Money that came for an order which had already ended: owed back from the first moment.
    mutating func captureOwedBack(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .cash, credit: .refundsPayable, amount)
        try Ledger.add(amount, to: &gross)
    }

    /// What was sold is to be given back, or was.
    mutating func reverseSale(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .sales, credit: .refundsPayable, amount)
    }

    /// What was to be given back counts as sold after all.
    mutating func restoreSale(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .refundsPayable, credit: .sales, amount)
    }

    /// The provider has given money back.
    mutating func refund(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .refundsPayable, credit: .cash, amount)
        try Ledger.add(amount, to: &refunded)
    }

    /// Money that had gone back is here again.
    mutating func reverseRefund(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .cash, credit: .refundsPayable, amount)
        try Ledger.add(-amount, to: &refunded)
    }

    private mutating func post(debit: Account, credit: Account, _ amount: Int64) throws(ContradictoryFact) {
        guard amount >= 0 else { throw ContradictoryFact("an amount posted is never negative") }
        try Ledger.add(amount, to: &balances[debit.rawValue])
        try Ledger.add(-amount, to: &balances[credit.rawValue])
    }

    private static func add(_ amount: Int64, to balance: inout Int64) throws(ContradictoryFact) {
        let (sum, isOverflow) = balance.addingReportingOverflow(amount)
        guard !isOverflow else { throw ContradictoryFact("the ledger cannot hold so much money") }
        balance = sum
    }
}
