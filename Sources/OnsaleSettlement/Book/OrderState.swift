public import OnsaleBus
public import OnsaleValues

/// How an order's money stands after one of the sale's messages about it.
///
/// It comes from that message alone, so that it doesn't matter what came before, or after.
public struct OrderState: Hashable, Sendable {
    /// The message's ``CloudEvent/identity``.
    public let identity: String
    /// The number of the fact that the message tells of, by which states are in order.
    public let sequence: Int64
    public let at: Timestamp
    public let day: SettlementDay
    /// What has gone back to the payer, in minor units.
    public let refunded: Int64
    /// What is still to go back.
    public let owed: Int64
    /// What the payer's bank has taken back.
    public let disputed: Int64
    /// Whether the whole order has ended, so that fees that are given back are given back whole.
    public let hasEnded: Bool
    /// Whether the order had been confirmed by then. Money that came too late, and goes back, costs its organizer nothing.
    public let isSold: Bool

    public init(
        identity: String, sequence: Int64, at: Timestamp, day: SettlementDay, refunded: Int64 = 0, owed: Int64 = 0,
        disputed: Int64 = 0, hasEnded: Bool = false, isSold: Bool = true
    ) {
        self.identity = identity
        self.sequence = sequence
        self.at = at
        self.day = day
        self.refunded = refunded
        self.owed = owed
        self.disputed = disputed
        self.hasEnded = hasEnded
        self.isSold = isSold
    }

    /// Why the sale says that money is gone if the payer disputes the payment.
    public static let disputeReason = "dispute"

    /// What a message says, or nil if it is none about money that was taken.
    ///
    /// A message whose reason is `dispute` opens one: the provider takes back at once what the payer had not got back
    /// yet. `onsale.order.confirmed.v1` for the same order says that it was won. One that is lost leaves all as it is, and
    /// whatever else happens to the order meanwhile says how much of it the bank has.
    /// - Throws: ``SettlementError`` of code `unusable`.
    public init?(_ event: CloudEvent, _ order: OrderMessage, offset: ZoneOffset) throws(SettlementError) {
        guard [.orderConfirmed, .orderCancelled, .orderRefunded].contains(event.type) else { return nil }
        func contradiction(_ what: String) -> SettlementError {
            SettlementError(.unusable, "message \(event.id.prefix(80)) \(what)")
        }
        guard event.subject == order.order, event.key == order.event.id else {
            throw contradiction("is about another order or event than it says")
        }
        for name in [order.order, order.event.id, order.payment ?? "none"] {
            guard (1...Limits.nameBytesMax).contains(name.utf8.count) else {
                throw contradiction("has a name that is empty or too long")
            }
        }
        guard event.id.hasPrefix(event.key + "/"), let sequence = Int64(event.id.dropFirst(event.key.count + 1)),
            sequence >= 0
        else { throw contradiction("has an ID that names no fact of its event") }
        guard Currency(code: order.event.currency) != nil else { throw contradiction("has no currency of ISO 4217") }
        guard (0...Limits.amountMax).contains(order.amount), (0...order.amount).contains(order.refundedAmount) else {
            throw contradiction("has an impossible amount")
        }
        let disputed = order.disputedAmount ?? 0
        guard (0...order.amount).contains(disputed) else { throw contradiction("has an impossible dispute") }
        let left = order.amount - order.refundedAmount
        let isDispute = event.type != .orderConfirmed && order.reason == OrderState.disputeReason
        // A dispute that the sale counts as a refund of all is still none: nobody asked the provider for one.
        let isWhole = isDispute && left == 0
        self.init(
            identity: event.identity, sequence: sequence, at: event.time,
            day: SettlementDay(event.time, offsetSeconds: offset(order.event.timeZone, event.time)),
            refunded: isWhole ? 0 : order.refundedAmount,
            // What the bank has taken back is owed to nobody.
            owed: event.type == .orderCancelled && !isDispute ? max(0, left - disputed) : 0,
            disputed: isWhole ? order.amount : isDispute ? left : event.type == .orderConfirmed ? 0 : disputed,
            hasEnded: !isDispute && (event.type == .orderCancelled || event.type == .orderRefunded && left == 0),
            isSold: event.type == .orderConfirmed || !order.tickets.isEmpty)
    }
}
