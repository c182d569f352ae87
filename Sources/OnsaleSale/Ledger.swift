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

    private mutating func post(debit: Account, credit: Account, _ amount: Int64) {
        precondition(amount >= 0, "an amount posted is never negative")
        balances[debit.rawValue] += amount
        balances[credit.rawValue] -= amount
    }

    /// Money that pays for a confirmed order.
    mutating func captureForSale(_ amount: Int64) {
        post(debit: .cash, credit: .sales, amount)
        gross += amount
    }

    /// Money that came for an order which had already ended: owed back from the first moment.
    mutating func captureOwedBack(_ amount: Int64) {
        post(debit: .cash, credit: .refundsPayable, amount)
        gross += amount
    }

    /// A confirmed order was cancelled.
    mutating func reverseSale(_ amount: Int64) {
        post(debit: .sales, credit: .refundsPayable, amount)
    }

    /// The provider has given money back.
    mutating func refund(_ amount: Int64) {
        post(debit: .refundsPayable, credit: .cash, amount)
        refunded += amount
    }
}
