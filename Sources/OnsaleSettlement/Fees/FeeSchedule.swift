public import OnsaleBus
public import OnsaleValues

/// What is charged to organizers, as data.
///
/// For each ticket the most particular rule per ticket that fits counts, for each order the most particular rule per
/// order. A rule for an event is more particular than one for a category, and of two that are alike the one counts that
/// became valid last before the order was placed. Where no rule fits, nothing is charged.
public struct FeeSchedule: Hashable, Sendable {
    public struct Rule: Hashable, Sendable {
        public enum Basis: String, Hashable, Sendable, Decodable {
            case ticket
            case order
        }

        /// The events, categories and currency it is for; nil for any.
        public let event: String?
        public let category: String?
        public let currency: String?
        /// Valid for orders placed at this moment or later.
        public let from: Timestamp
        public let basis: Basis
        /// In minor units of ``currency``.
        public let fixed: Int64
        public let perMille: Int64
        public let rounding: Rounding
        /// Whether it is given back when the money goes back, in proportion.
        public let isReturned: Bool

        public init(
            event: String? = nil, category: String? = nil, currency: String? = nil, from: Timestamp, basis: Basis,
            fixed: Int64 = 0, perMille: Int64 = 0, rounding: Rounding = .halfEven, isReturned: Bool = false
        ) {
            self.event = event
            self.category = category
            self.currency = currency
            self.from = from
            self.basis = basis
            self.fixed = fixed
            self.perMille = perMille
            self.rounding = rounding
            self.isReturned = isReturned
        }
    }

    public let rules: [Rule]

    /// Charges nothing.
    public static let free = FeeSchedule(checked: [])

    private init(checked rules: [Rule]) { self.rules = rules }

    /// - Throws: ``FeeScheduleError`` if a rule makes no sense, or if it is open which of two counts.
    public init(_ rules: [Rule]) throws(FeeScheduleError) {
        guard rules.count <= FeeSchedule.rulesMax else {
            throw FeeScheduleError("has \(rules.count) fees, more than \(FeeSchedule.rulesMax)")
        }
        var scopes: [Scope: Int] = [:]
        for (index, rule) in rules.enumerated() {
            if let reason = rule.fault { throw FeeScheduleError("fee \(index + 1) \(reason)") }
            if let other = scopes.updateValue(index + 1, forKey: Scope(rule)) {
                throw FeeScheduleError("fees \(other) and \(index + 1) are for the same from the same moment on")
            }
        }
        self.init(checked: rules)
    }

    public static let rulesMax = 1000

    /// What an order costs its organizer.
    /// - Throws: ``SettlementError`` if the order's lines make no sense.
    public func charge(for order: OrderMessage) throws(SettlementError) -> FeeCharge {
        guard let placedAt = RFC3339.parse(order.placedAt) else {
            throw SettlementError(.unusable, "order \(order.order) has a placedAt that is no date-time of RFC 3339")
        }
        var tally = FeeTally()
        for line in order.lines {
            guard (0...Limits.amountMax).contains(line.unitAmount), (0...Limits.quantityMax).contains(line.quantity)
            else { throw SettlementError(.unusable, "order \(order.order) has a line with an impossible figure") }
            guard let rule = rule(.ticket, for: order.event, category: line.category, at: placedAt) else { continue }
            try tally.add(rule, base: line.unitAmount, times: Int64(line.quantity))
        }
        if let rule = rule(.order, for: order.event, category: nil, at: placedAt) {
            try tally.add(rule, base: order.amount, times: 1)
        }
        return try tally.charge()
    }

    private func rule(_ basis: Rule.Basis, for event: OnsaleEvent, category: String?, at moment: Timestamp) -> Rule? {
        rules.filter { rule in
            rule.basis == basis && rule.from <= moment && rule.event.map { $0 == event.id } ?? true
                && rule.category.map { $0 == category } ?? true && rule.currency.map { $0 == event.currency } ?? true
        }.max { ($0.particularity, $0.from) < ($1.particularity, $1.from) }
    }

    /// What two rules may not share.
    private struct Scope: Hashable {
        let event: String?
        let category: String?
        let currency: String?
        let from: Timestamp
        let basis: Rule.Basis

        init(_ rule: Rule) {
            event = rule.event
            category = rule.category
            currency = rule.currency
            from = rule.from
            basis = rule.basis
        }
    }
}

/// What an order costs its organizer, in minor units.
public struct FeeCharge: Hashable, Sendable {
    public let amount: Int64
    /// The part of ``amount`` that comes from rounding each fee; negative where rounding gives.
    public let rounding: Int64
    /// The part of ``amount`` that is given back when all money goes back.
    public let returnable: Int64

    public init(amount: Int64, rounding: Int64, returnable: Int64) {
        self.amount = amount
        self.rounding = rounding
        self.returnable = returnable
    }
}

/// Why a schedule of fees is refused.
public struct FeeScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Goes on after "The schedule of fees".
    public let description: String

    public init(_ description: String) { self.description = description }
}

extension FeeSchedule.Rule {
    fileprivate var particularity: Int {
        (event == nil ? 0 : 4) + (category == nil ? 0 : 2) + (currency == nil ? 0 : 1)
    }

    /// What is wrong with it.
    fileprivate var fault: String? {
        if !(0...Limits.amountMax).contains(fixed) { return "has a fixed part outside 0 to \(Limits.amountMax)" }
        if !(0...1000).contains(perMille) { return "has a perMille outside 0 to 1000" }
        if fixed > 0, currency == nil { return "has a fixed part, and no currency that it is in" }
        if let currency, Currency(code: currency) == nil { return "has a currency that ISO 4217 doesn't know" }
        if basis == .order, category != nil { return "is per order, and an order may have several categories" }
        for name in [event, category] {
            if let name, name.isEmpty || name.utf8.count > Limits.nameBytesMax {
                return "is for an event or a category whose name is empty or too long"
            }
        }
        return nil
    }
}

/// Adds up an order's fees, each rounded, and beside them exactly.
private struct FeeTally {
    private var amount: Int64 = 0
    private var returnable: Int64 = 0
    private var fixed: Int64 = 0
    /// In thousandths of a minor unit.
    private var thousandths: Int64 = 0

    mutating func add(_ rule: FeeSchedule.Rule, base: Int64, times quantity: Int64) throws(SettlementError) {
        let share = try base.times(rule.perMille)
        let one = try rule.fixed.plus(rule.rounding.quotient(share, 1000))
        let all = try one.times(quantity)
        amount = try amount.plus(all)
        if rule.isReturned { returnable = try returnable.plus(all) }
        fixed = try fixed.plus(try rule.fixed.times(quantity))
        thousandths = try thousandths.plus(try share.times(quantity))
    }

    func charge() throws(SettlementError) -> FeeCharge {
        let once = try fixed.plus(Rounding.halfEven.quotient(thousandths, 1000))
        return FeeCharge(amount: amount, rounding: try amount.minus(once), returnable: returnable)
    }
}
