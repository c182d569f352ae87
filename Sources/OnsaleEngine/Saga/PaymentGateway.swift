/// What a payment provider needs to know of an order.
public struct PaymentOrder: Hashable, Sendable {
    /// The order's public id: goes into the provider's metadata and into every idempotency key.
    public let reference: String
    public let amount: Int64
    /// ISO 4217.
    public let currency: String
    public let paymentMethod: String
    /// W3C `traceparent` to pass on.
    public let trace: String?

    public init(reference: String, amount: Int64, currency: String, paymentMethod: String, trace: String?) {
        self.reference = reference
        self.amount = amount
        self.currency = currency
        self.paymentMethod = paymentMethod
        self.trace = trace
    }
}

/// Where a payment stands at the provider.
public enum PaymentStatus: Hashable, Sendable {
    /// Not decided yet, or waiting for the payer.
    case pending
    case authorized
    /// `refunded`: what of it has gone back.
    case captured(amount: Int64, refunded: Int64)
    case canceled
    case declined(code: String)
}

/// A payment as the provider knows it.
public struct Payment: Hashable, Sendable {
    public let intent: String
    public let status: PaymentStatus

    public init(intent: String, status: PaymentStatus) {
        self.intent = intent
        self.status = status
    }
}

/// A call to the provider that brought no answer to its question.
public enum PaymentGatewayError: Error, Sendable {
    /// No answer, or one that leaves the outcome open: ask again.
    case unanswered(String)
    /// The provider says that the request itself is wrong (keys, parameters): asking again the same way is no use
    /// before somebody mends it, but what it was about is still open.
    case rejected(status: Int, String)
    /// The provider knows no such payment.
    case unknownPayment
}

/// The way to a payment provider. Every call may be repeated: the provider takes equal keys for equal effects.
public protocol PaymentGateway: Sendable {
    /// Reserves the money. Repeated within the time for which the provider keeps its keys, it tells what became of
    /// the first try.
    func authorize(_ order: PaymentOrder) async throws -> Payment
    /// Takes reserved money.
    func capture(_ intent: String, for order: PaymentOrder) async throws -> Payment
    /// Releases reserved money.
    func void(_ intent: String, for order: PaymentOrder) async throws -> Payment
    /// Gives captured money back; `amount` of it in all. Returns what has gone back.
    func refund(_ intent: String, amount: Int64, for order: PaymentOrder) async throws -> Int64
    /// Where a payment stands now.
    func payment(_ intent: String) async throws -> Payment
    /// All payments that carry this order's reference.
    func payments(for reference: String) async throws -> [Payment]
}
