/// What a payment provider needs to know of an order.
public struct PaymentOrder: Hashable, Sendable {
    /// The order's public id: goes into the provider's metadata and into every idempotency key.
    public let reference: String
    /// Minor units of the currency, as ISO 4217 has them.
    public let amount: Int64
    /// ISO 4217.
    public let currency: String
    public let paymentMethod: String
    /// W3C `traceparent` to pass on.
    public let trace: String?
    /// The event that it is for.
    public let event: String

    public init(
        reference: String, amount: Int64, currency: String, paymentMethod: String, trace: String?, event: String
    ) {
        self.event = event
        self.reference = reference
        self.amount = amount
        self.currency = currency
        self.paymentMethod = paymentMethod
        self.trace = trace
    }
}

/// Where a payment stands at the provider.
public enum PaymentStatus: Hashable, Sendable {
    /// Not decided yet.
    case pending
    /// The payer has to confirm at this address.
    case requiresAction(url: String)
    case authorized
    /// So much was taken, whatever has gone back since.
    case captured(amount: Int64)
    case canceled
    case declined(code: String)
}

/// A payment as the provider knows it.
public struct Payment: Hashable, Sendable {
    public let intent: String
    public let status: PaymentStatus
    /// What it is for, in minor units as ISO 4217 has them.
    public let amount: Int64
    /// ISO 4217, upper case.
    public let currency: String
    /// The order that it names; nil where the provider does not say.
    public let reference: String?
    /// What has gone back or is about to, by the charge's own account; nil where that was not told.
    public let chargeRefunded: Int64?
    /// Whether the charge has ever been disputed; nil where that was not told.
    public let isDisputed: Bool?

    public init(
        intent: String, status: PaymentStatus, amount: Int64, currency: String, reference: String?,
        chargeRefunded: Int64? = nil, isDisputed: Bool? = nil
    ) {
        self.intent = intent
        self.status = status
        self.amount = amount
        self.currency = currency
        self.reference = reference
        self.chargeRefunded = chargeRefunded
        self.isDisputed = isDisputed
    }

    /// Whether amount, currency and order are those that were asked for.
    public func fits(_ order: PaymentOrder) -> Bool {
        amount == order.amount && currency == order.currency && (reference == nil || reference == order.reference)
    }
}

/// A refund as the provider knows it.
public struct Refund: Hashable, Sendable {
    public enum Status: Hashable, Sendable {
        /// The money is on its way, and may yet come back.
        case pending
        case succeeded
        case failed
    }

    public let id: String
    public let amount: Int64
    public let status: Status

    public init(id: String, amount: Int64, status: Status) {
        self.id = id
        self.amount = amount
        self.status = status
    }
}

/// A call to the provider that brought no answer to its question.
public enum PaymentGatewayError: Error, Sendable {
    /// No answer: the same call, with the same key, tells what became of it.
    case unanswered(String)
    /// The provider failed. It may have kept this very answer under the key, so what became of the call must be looked
    /// up, and a new key used. `intent` is there if the answer names one.
    case failed(status: Int, intent: String?)
    /// Too many calls, or one with the same key is under way: again later, not before so many seconds.
    case busy(retryAfterSeconds: Int?)
    /// The provider was not asked: too many wait for it to say the same. Again later.
    case notAsked
    /// The key was used with other parameters: a new one is needed.
    case keyConflict
    /// The provider does not take our secret key.
    case unauthorized
    /// The provider says that the request itself is wrong: asking again the same way is no use before somebody mends it,
    /// but what it was about is still open.
    case rejected(status: Int, String)
    /// The provider knows no such payment.
    case unknownPayment
}

/// The way to a payment provider. The provider takes equal idempotency keys for equal effects; `attempt` makes a new key
/// where the old one has an answer that is of no use.
public protocol PaymentGateway: Sendable {
    /// Reserves the money.
    func authorize(_ order: PaymentOrder, attempt: Int) async throws -> Payment
    /// Takes reserved money.
    func capture(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment
    /// Releases reserved money.
    func void(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment
    /// Gives captured money back. `key` names what is left of it and which try this is.
    func refund(_ intent: String, amount: Int64, for order: PaymentOrder, key: String) async throws -> Refund
    /// Where a payment stands now.
    func payment(_ intent: String, currency: String) async throws -> Payment
    /// All payments that carry this order's reference, the oldest first.
    /// - Parameters:
    ///   - placedAt: in milliseconds since 1970.
    ///   - isRecent: whether one may be so new that what the provider's search says is not enough.
    func payments(for order: PaymentOrder, placedAt: Int64, isRecent: Bool) async throws -> [Payment]
    /// All refunds of a payment.
    func refunds(of intent: String, currency: String) async throws -> [Refund]
    /// Whether the payer disputes the payment, or has won against us.
    func isDisputed(_ intent: String) async throws -> Bool
    /// The order that a payment names.
    func reference(of intent: String) async throws -> String?
    /// Whether the provider can be reached and takes our key. Answers soon.
    func probe() async throws
}
