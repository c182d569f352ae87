/// Where money is, or to whom it is owed. Debits are positive, credits negative, in minor units.
public enum Account: String, CaseIterable, Hashable, Sendable {
    /// What the provider has received for us and not given back; its own fees don't count here.
    case provider
    /// What is owed to the organizer, before ``disputes``.
    case organizer
    /// What we have earned, but for what is in ``rounding``.
    case fees
    /// What rounding each fee takes beyond rounding an order's fees once, half to even.
    case rounding
    /// What is owed to buyers whose orders were cancelled.
    case refunds
    /// What payers' banks have taken back; the organizer doesn't get it while it is here.
    case disputes
}

/// What an entry is made for. The entries of each purpose balance by themselves.
public enum Purpose: String, CaseIterable, Hashable, Sendable {
    case sale
    case fee
    case refund
    case dispute
}

/// What stands in each account, for each purpose. It always sums to zero.
public struct Amounts: Hashable, Sendable {
    public struct Slot: Hashable, Comparable, Sendable {
        public let purpose: Purpose
        public let account: Account

        public init(_ purpose: Purpose, _ account: Account) {
            self.purpose = purpose
            self.account = account
        }

        public static func < (left: Slot, right: Slot) -> Bool {
            (left.purpose.rawValue, left.account.rawValue) < (right.purpose.rawValue, right.account.rawValue)
        }
    }

    /// Without zeros.
    private var values: [Slot: Int64] = [:]

    public init() {}

    public subscript(purpose: Purpose, account: Account) -> Int64 { values[Slot(purpose, account)] ?? 0 }

    /// What is not zero, in a fixed order.
    public var all: [(slot: Slot, amount: Int64)] {
        values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What stands in an account, for whatever purpose.
    /// - Throws: ``SettlementError`` of code `overflow`.
    public func total(of account: Account) throws(SettlementError) -> Int64 {
        var total: Int64 = 0
        for purpose in Purpose.allCases { total = try total.plus(self[purpose, account]) }
        return total
    }

    /// Moves an amount from one account to another.
    /// - Throws: ``SettlementError`` of code `overflow`.
    mutating func move(
        _ amount: Int64, debit: Account, credit: Account, for purpose: Purpose
    ) throws(SettlementError) {
        try add(amount, to: Slot(purpose, debit))
        try add(try Int64.zero.minus(amount), to: Slot(purpose, credit))
    }

    mutating func add(_ amount: Int64, to slot: Slot) throws(SettlementError) {
        let sum = try (values[slot] ?? 0).plus(amount)
        values[slot] = sum == 0 ? nil : sum
    }

    /// The difference to earlier amounts.
    func minus(_ earlier: Amounts) throws(SettlementError) -> Amounts {
        var difference = self
        for (slot, amount) in earlier.values { try difference.add(try Int64.zero.minus(amount), to: slot) }
        return difference
    }
}

extension Int64 {
    func plus(_ other: Int64) throws(SettlementError) -> Int64 {
        let (sum, isOverflow) = addingReportingOverflow(other)
        guard !isOverflow else { throw .overflow }
        return sum
    }

    func minus(_ other: Int64) throws(SettlementError) -> Int64 {
        let (difference, isOverflow) = subtractingReportingOverflow(other)
        guard !isOverflow else { throw .overflow }
        return difference
    }

    func times(_ other: Int64) throws(SettlementError) -> Int64 {
        let (product, isOverflow) = multipliedReportingOverflow(by: other)
        guard !isOverflow else { throw .overflow }
        return product
    }
}
