public import OnsaleValues

/// What comes of comparing what we expect with what the provider lists, line by line.
public struct Reconciliation: Hashable, Sendable {
    /// In the order of payments, then of kinds.
    public private(set) var differences: [Difference] = []
    /// How many expected movements are listed as they should be.
    public private(set) var agreed = 0
    /// What the provider lists a day, in minor units of ``currency``: on the day of what we expect, where there is
    /// such, so that a line just after midnight is no difference.
    public private(set) var listed: [SettlementDay: Int64] = [:]
    public let currency: String

    /// Compares an event's movements with lines.
    /// - Parameters:
    ///   - expected: the movements of whole payments.
    ///   - lines: what is listed for these payments and orders, and what else counts as the event's. A line that comes
    ///     again with its ID counts once; lines that are of no order aren't compared.
    ///   - pendingDays: how long one side may be behind the other.
    ///   - day: the event's day of a moment.
    /// - Throws: ``SettlementError`` of code `overflow`.
    public init(
        expected: [ExpectedMovement], lines: [ProviderLine], currency: String, now: Timestamp, pendingDays: Int,
        day: (Timestamp) -> SettlementDay
    ) throws(SettlementError) {
        self.currency = currency
        let since = Timestamp(milliseconds: now.milliseconds - Int64(max(0, min(pendingDays, 3650))) * 86_400_000)
        for (_, group) in MovementGroup.make(expected, lines).sorted(by: { $0.key < $1.key }) {
            try compare(group, since: since, day: day)
        }
    }

    private mutating func compare(
        _ group: MovementGroup, since: Timestamp, day: (Timestamp) -> SettlementDay
    ) throws(SettlementError) {
        var (open, left) = ([ExpectedMovement](), group.lines)
        for movement in group.expected {
            guard let index = left.firstIndex(where: { $0.isAs(movement) }) else {
                open.append(movement)
                continue
            }
            left.remove(at: index)
            try agree(movement)
        }
        // We may have seen several refunds as one, or one as several.
        if !open.isEmpty, try left.sum(in: currency) == open.sum() {
            for movement in open { try agree(movement) }
            return
        }
        for (movement, line) in zip(open, left) {
            let isSame = line.currency == movement.currency
            let name: Difference.Name = isSame ? .amountDiffers : .currencyDiffers
            differences.append(Difference(name, day: movement.day, expected: movement, line: line))
            try list(line, on: movement.day)
        }
        for movement in open.dropFirst(left.count) {
            let name: Difference.Name = movement.at > since ? .late : .missingAtProvider
            differences.append(Difference(name, day: movement.day, expected: movement))
        }
        for line in left.dropFirst(open.count) {
            let known = group.expected.first { line.isAs($0) }
            let name: Difference.Name = known != nil ? .twice : line.created > since ? .late : .unknownToUs
            differences.append(Difference(name, day: day(line.created), expected: known, line: line))
            try list(line, on: day(line.created))
        }
    }

    private mutating func agree(_ movement: ExpectedMovement) throws(SettlementError) {
        agreed += 1
        listed[movement.day] = try (listed[movement.day] ?? 0).plus(movement.amount)
    }

    private mutating func list(_ line: ProviderLine, on day: SettlementDay) throws(SettlementError) {
        guard line.currency == currency, let amount = line.amount else { return }
        listed[day] = try (listed[day] ?? 0).plus(amount)
    }
}

/// What there is on both sides of one kind, for one payment.
private struct MovementGroup {
    /// Parts a kind from what has none.
    struct Key: Hashable, Comparable {
        let reference: String
        let kind: String

        static func < (left: Key, right: Key) -> Bool {
            (left.reference, left.kind) < (right.reference, right.kind)
        }
    }

    /// The oldest first.
    var expected: [ExpectedMovement] = []
    var lines: [ProviderLine] = []

    static func make(_ expected: [ExpectedMovement], _ lines: [ProviderLine]) -> [Key: MovementGroup] {
        var groups: [Key: MovementGroup] = [:]
        var payments: Set<String> = []
        for movement in expected.sorted(by: { ($0.at, $0.identity) < ($1.at, $1.identity) }) {
            if let payment = movement.payment { payments.insert(payment) }
            let key = Key(reference: movement.payment ?? movement.order, kind: movement.kind.rawValue)
            groups[key, default: MovementGroup()].expected.append(movement)
        }
        var seen: Set<String> = []
        for line in lines.sorted(by: { ($0.created, $0.id) < ($1.created, $1.id) }) where seen.insert(line.id).inserted
        {
            guard let reference = line.payment ?? line.order else { continue }
            let kind = line.kind?.rawValue ?? ""
            // An order whose payment we haven't heard of is known to the provider by its own name alone.
            let byOrder = line.order.map { Key(reference: $0, kind: kind) }
            let key =
                if let byOrder, !payments.contains(reference), groups[byOrder] != nil { byOrder } else {
                    Key(reference: reference, kind: kind)
                }
            groups[key, default: MovementGroup()].lines.append(line)
        }
        return groups
    }
}

extension ProviderLine {
    fileprivate func isAs(_ movement: ExpectedMovement) -> Bool {
        amount == movement.amount && currency == movement.currency && kind == movement.kind
    }
}

extension [ProviderLine] {
    /// Nil if there are none, or if they can't be added up.
    fileprivate func sum(in currency: String) throws(SettlementError) -> Int64? {
        guard !isEmpty else { return nil }
        var sum: Int64 = 0
        for line in self {
            guard line.currency == currency, let amount = line.amount else { return nil }
            sum = try sum.plus(amount)
        }
        return sum
    }
}

extension [ExpectedMovement] {
    fileprivate func sum() throws(SettlementError) -> Int64 {
        var sum: Int64 = 0
        for movement in self { sum = try sum.plus(movement.amount) }
        return sum
    }
}
