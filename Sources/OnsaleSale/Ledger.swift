import OnsaleValues

/// A double-entry ledger of the event's money. Every posting debits one account and credits another, so all accounts
/// always sum to zero.
public struct Ledger: Hashable, Sendable {
    /// Debits are positive, credits negative, in minor units of the event's currency.
    public enum Account: Int, Sendable, CaseIterable {
        /// Money the provider holds for the organizer.
        case cash
        /// Revenue from confirmed orders.
        case sales
        /// Captured money that must go back.
        case refundsPayable
    }

    public private(set) var balances: [Int64]
    /// All money ever captured.
    public private(set) var gross: Int64
    /// The part of ``gross`` that has gone back.
    public private(set) var refunded: Int64

    init(balances: [Int64] = [0, 0, 0], gross: Int64 = 0, refunded: Int64 = 0) {
        self.balances = balances
        self.gross = gross
        self.refunded = refunded
    }

    public subscript(account: Account) -> Int64 { balances[account.rawValue] }

    /// Always zero (rule 2).
    public var sum: Int64 { balances.reduce(0, &+) }

    /// Captured money pays for a confirmed order.
    mutating func captureForSale(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .cash, credit: .sales, amount)
        try Ledger.add(amount, to: &gross)
    }

    /// Money arrived for an order that had already ended; it is owed back at once.
    mutating func captureOwedBack(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .cash, credit: .refundsPayable, amount)
        try Ledger.add(amount, to: &gross)
    }

    /// Sold money becomes payable as a refund, or has been refunded already.
    mutating func reverseSale(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .sales, credit: .refundsPayable, amount)
    }

    /// Money payable as a refund counts as sold after all.
    mutating func restoreSale(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .refundsPayable, credit: .sales, amount)
    }

    /// The provider has given money back.
    mutating func refund(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .refundsPayable, credit: .cash, amount)
        try Ledger.add(amount, to: &refunded)
    }

    /// A refund failed, and its money is back.
    mutating func reverseRefund(_ amount: Int64) throws(ContradictoryFact) {
        try post(debit: .cash, credit: .refundsPayable, amount)
        try Ledger.add(-amount, to: &refunded)
    }

    private mutating func post(debit: Account, credit: Account, _ amount: Int64) throws(ContradictoryFact) {
        guard amount >= 0 else { throw ContradictoryFact("a posted amount is negative") }
        try Ledger.add(amount, to: &balances[debit.rawValue])
        try Ledger.add(-amount, to: &balances[credit.rawValue])
    }

    private static func add(_ amount: Int64, to balance: inout Int64) throws(ContradictoryFact) {
        let (sum, isOverflow) = balance.addingReportingOverflow(amount)
        guard !isOverflow else { throw ContradictoryFact("a ledger balance overflows") }
        balance = sum
    }
}
