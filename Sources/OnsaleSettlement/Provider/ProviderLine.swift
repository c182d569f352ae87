public import OnsaleValues

/// What moves money at the provider.
public enum MovementKind: String, CaseIterable, Hashable, Sendable {
    case charge
    case refund
    /// A refund that failed; its money is back.
    case refundReversal
    case dispute
    /// A dispute that was won; its money is back.
    case disputeReversal
}

/// A line of the provider's list of all that changed what it holds for us: Stripe's balance transaction.
/// <https://docs.stripe.com/api/balance_transactions/object>
public struct ProviderLine: Hashable, Sendable {
    /// The provider's ID of the line.
    public let id: String
    /// Nil for what is of no order: payouts, the provider's own fees.
    public let kind: MovementKind?
    /// The provider's word for it.
    public let type: String
    /// In minor units, negative for what leaves us; nil if it is no whole number of them, or beyond what is possible.
    public let amount: Int64?
    /// What the provider keeps of it, and what is left, as the provider counts.
    public let fee: Int64
    public let net: Int64
    public let currency: String
    /// The provider's names of the charge, refund or dispute, and of its payment.
    public let source: String?
    public let payment: String?
    /// The public ID of the order that the payment names.
    public let order: String?
    public let created: Timestamp
    public let availableOn: Timestamp

    public init(
        id: String, kind: MovementKind?, type: String, amount: Int64?, fee: Int64, net: Int64, currency: String,
        source: String? = nil, payment: String? = nil, order: String? = nil, created: Timestamp, availableOn: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.type = type
        // What nobody can have paid is a difference, and must not spoil the sums.
        let possible = -Limits.amountMax...Limits.amountMax
        self.amount = amount.flatMap { possible.contains($0) ? $0 : nil }
        self.fee = max(possible.lowerBound, min(fee, possible.upperBound))
        self.net = max(possible.lowerBound, min(net, possible.upperBound))
        self.currency = currency
        self.source = source
        self.payment = payment
        self.order = order
        self.created = created
        self.availableOn = availableOn
    }
}

/// Where the provider's list is read.
public protocol ProviderStatement: Sendable {
    /// Reads the lines made at `since` (in seconds since 1970) or later, newest first, page by page. What is listed
    /// meanwhile may be missing.
    /// - Parameter body: takes the lines of a page; lines may come again, as the provider's clock and ours differ.
    /// - Throws: what `body` throws, `CancellationError`, and errors of the provider after some attempts.
    func read(since: Int64, _ body: @Sendable ([ProviderLine]) async throws -> Void) async throws
}
