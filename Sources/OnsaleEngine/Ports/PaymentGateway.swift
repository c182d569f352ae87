/// What a payment provider needs to know about an order.
public struct PaymentOrder: Hashable, Sendable {
    /// The order's public ID. It goes into the provider's metadata and every idempotency key.
    public let reference: String
    /// The amount to pay, in minor units as ISO 4217 defines them.
    public let amount: Int64
    /// ISO 4217 code.
    public let currency: String
    /// The provider's ID of the buyer's payment method.
    public let paymentMethod: String
    /// The W3C `traceparent` under which the order was placed. Calls for it are made in that trace.
    public let trace: String?
    /// The ID of the order's event.
    public let event: String

    /// An order with these values.
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

/// The status of a payment at the provider.
public enum PaymentStatus: Hashable, Sendable {
    /// Undecided.
    case pending
    /// The payer must confirm at this URL.
    case requiresAction(url: String)
    /// The money is reserved.
    case authorized
    /// This amount was captured, in minor units, regardless of later refunds.
    case captured(amount: Int64)
    /// Nothing is reserved, and nothing was captured.
    case canceled
    /// The provider or the bank declined the payment; `code` is the provider's reason.
    case declined(code: String)
}

/// A payment as the provider knows it.
public struct Payment: Hashable, Sendable {
    /// The provider's ID of the payment.
    public let intent: String
    /// Its status when the provider answered.
    public let status: PaymentStatus
    /// The amount to pay, in minor units as ISO 4217 defines them.
    public let amount: Int64
    /// ISO 4217 code, upper case.
    public let currency: String
    /// The public ID of the order the payment names; nil if the provider doesn't say.
    public let reference: String?
    /// The amount refunded or being refunded according to the charge, in minor units; nil if the provider doesn't say.
    public let chargeRefunded: Int64?
    /// Whether the charge has ever been disputed; nil if the provider doesn't say.
    public let isDisputed: Bool?

    /// A payment with these values.
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

    /// Whether amount, currency and order match what we asked for.
    public func fits(_ order: PaymentOrder) -> Bool {
        amount == order.amount && currency == order.currency && (reference == nil || reference == order.reference)
    }
}

/// A refund as the provider knows it.
public struct Refund: Hashable, Sendable {
    /// How far a refund has come.
    public enum Status: Hashable, Sendable {
        /// The money is on its way, but the refund may still fail.
        case pending
        /// The money has gone back.
        case succeeded
        /// The money has not gone back.
        case failed
    }

    /// The provider's ID of the refund.
    public let id: String
    /// The refunded amount, in minor units as ISO 4217 defines them.
    public let amount: Int64
    /// Its status when the provider answered.
    public let status: Status
    /// Whether we may have asked for it; otherwise somebody did at the provider.
    public let isOurs: Bool

    /// A refund with these values.
    public init(id: String, amount: Int64, status: Status, isOurs: Bool = true) {
        self.id = id
        self.amount = amount
        self.status = status
        self.isOurs = isOurs
    }
}

/// Why a call to the provider gave no usable answer.
public enum PaymentGatewayError: Error, Sendable {
    /// No answer. Repeating the call with the same key tells what became of it. The value says what went wrong.
    case unanswered(String)
    /// The provider failed with this HTTP status. It may replay the failure under the same key, so look up what became
    /// of the call and use a new key. `intent` is set if the answer names one.
    case failed(status: Int, intent: String?)
    /// Too many calls, or another call with the same key is in progress. Retry later, no sooner than the given seconds.
    case busy(retryAfterSeconds: Int?)
    /// We didn't ask: too many callers already wait for the same answer. Retry later.
    case notAsked
    /// The key was used before with other parameters; use a new one.
    case keyConflict
    /// The provider rejects our secret key.
    case unauthorized
    /// The provider calls the request itself invalid, with this HTTP status and reason. Repeating it is useless until
    /// someone fixes the cause, and the payment is still open.
    case rejected(status: Int, String)
    /// The provider doesn't know the payment.
    case unknownPayment
}

/// A payment provider. Calls with equal idempotency keys have one effect; a higher `attempt` makes a new key when the
/// answer under the old one is useless.
///
/// Every call throws ``PaymentGatewayError``.
public protocol PaymentGateway: Sendable {
    /// Reserves the order's amount.
    func authorize(_ order: PaymentOrder, attempt: Int) async throws -> Payment
    /// Captures reserved money.
    func capture(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment
    /// Releases reserved money.
    func void(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment
    /// Refunds `amount` minor units of captured money. `key` is the idempotency key; it names what is left to refund
    /// and the attempt.
    func refund(_ intent: String, amount: Int64, for order: PaymentOrder, key: String) async throws -> Refund
    /// The current state of a payment.
    func payment(_ intent: String, currency: String) async throws -> Payment
    /// All payments with this order's reference, oldest first.
    /// - Parameters:
    ///   - placedAt: in milliseconds since 1970-01-01T00:00:00Z.
    ///   - isRecent: whether a payment may be too new for the provider's search to find.
    func payments(for order: PaymentOrder, placedAt: Int64, isRecent: Bool) async throws -> [Payment]
    /// All refunds of a payment.
    func refunds(of intent: String, currency: String) async throws -> [Refund]
    /// Whether the payer disputes the payment or has won a dispute.
    func isDisputed(_ intent: String) async throws -> Bool
    /// The public ID of the order a payment names; nil if it names none.
    func reference(of intent: String) async throws -> String?
    /// Checks that the provider is reachable and accepts our key. Returns quickly.
    func probe() async throws
}
