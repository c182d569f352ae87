public import OnsaleBus

/// The double-entry book of some events, in memory.
public struct Book: Sendable {
    /// What was posted on a day of an event.
    public struct Page: Hashable, Comparable, Sendable {
        public let event: String
        public let day: SettlementDay

        public init(event: String, day: SettlementDay) {
            self.event = event
            self.day = day
        }

        public static func < (left: Page, right: Page) -> Bool { (left.event, left.day) < (right.event, right.day) }
    }

    public private(set) var orders: [String: OrderAccount] = [:]
    private var identities: Set<String> = []
    public private(set) var pages: [Page: Amounts] = [:]

    public init() {}

    /// Takes a message. One that is known, or about no money, changes nothing.
    /// - Returns: what it posted.
    /// - Throws: ``SettlementError``; the book then stays as it is.
    @discardableResult
    public mutating func take(
        _ event: CloudEvent, _ message: OrderMessage, fees: FeeSchedule, offset: ZoneOffset
    ) throws(SettlementError) -> Posting? {
        guard let state = try OrderState(event, message, offset: offset) else { return nil }
        guard !identities.contains(state.identity) else { return nil }
        var account =
            if let known = orders[message.order] { known } else { try OrderAccount(message, fees: fees) }
        guard let posting = try account.take(state, of: message) else { return nil }
        var changed = pages
        for entry in posting.entries {
            try changed[Page(event: posting.event, day: entry.day), default: Amounts()]
                .add(entry.amount, to: entry.slot)
        }
        (pages, orders[message.order]) = (changed, account)
        identities.insert(state.identity)
        return posting
    }

    /// What each account has over all events and days.
    /// - Throws: ``SettlementError`` of code `overflow`.
    public func balances() throws(SettlementError) -> [Account: Int64] {
        var balances: [Account: Int64] = [:]
        for amounts in pages.values {
            for account in Account.allCases {
                balances[account] = try (balances[account] ?? 0).plus(try amounts.total(of: account))
            }
        }
        return balances
    }
}
