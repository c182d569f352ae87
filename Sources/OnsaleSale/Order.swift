public import OnsaleValues

/// An order's number within its event: 1, 2, 3 … in the order in which they were placed.
@frozen
public struct OrderID: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}

/// How far an order has come. `authorizing`, `requiresAction` and `capturing` are on the way; the others are ends,
/// but for `confirmed`, which a cancellation takes on to `refunding` and `refunded`.
public enum OrderState: UInt8, Hashable, Sendable, CaseIterable {
    case authorizing
    case capturing
    case confirmed
    case declined
    case expired
    case refunding
    case refunded
    /// The payer has to confirm at the bank (3-D Secure).
    case requiresAction

    /// Whether the buyer's payment has come to an end, good or bad.
    public var isFinal: Bool { !isInProgress }

    /// Whether the payment is under way.
    public var isInProgress: Bool {
        self == .authorizing || self == .capturing || self == .requiresAction
    }

    /// Whether the order's own payment explains money that is reserved or was taken.
    var holdsPayment: Bool { self != .declined && self != .expired }

    /// Whether there is nothing for the buyer to do but wait.
    public var keepsWaiting: Bool {
        self == .authorizing || self == .capturing
    }
}

/// A choice of states.
struct OrderStates: OptionSet {
    let rawValue: UInt16

    init(rawValue: UInt16) { self.rawValue = rawValue }
    init(_ state: OrderState) { rawValue = 1 << UInt16(state.rawValue) }

    static let authorizing = OrderStates(.authorizing)
    static let requiresAction = OrderStates(.requiresAction)
    static let capturing = OrderStates(.capturing)
    static let confirmed = OrderStates(.confirmed)
    static let refunding = OrderStates(.refunding)
}

/// What the payment provider must still be asked to do for an order. Kept in the state, so that a crash at any step
/// resumes at that step.
public enum PaymentDuty: UInt8, Hashable, Sendable {
    case authorize
    case capture
    /// Release an authorization that buys nothing; if it turns out captured, refund it.
    case void
    case refund
}

/// A hold being paid, then paid.
public struct Order: Hashable, Sendable {
    public let id: OrderID
    public let buyer: BuyerID
    public let hold: HoldID
    /// The pass that its hold was made with.
    public let pass: PassID
    public let places: Places
    public let amount: Int64
    public let placedAt: Timestamp
    /// The provider's name for how the buyer pays.
    public let paymentMethod: String
    /// The W3C `traceparent` of the request that placed it, so that work resumed after a crash stays in its trace.
    public let trace: String?
    /// The buyer's order before this one.
    let previousOfBuyer: UInt32

    public internal(set) var state: OrderState
    public internal(set) var duty: PaymentDuty?
    /// The provider's payment intent, once known.
    public internal(set) var intent: String?
    var note: OrderNote?
    /// The payer disputes the payment: its tickets are void.
    public internal(set) var isDisputed: Bool
    /// Money taken and money given back so far, in minor units.
    public internal(set) var captured: Int64
    public internal(set) var refunded: Int64
    /// The first of its tickets, which are numbered consecutively; 0 before it is confirmed.
    public internal(set) var firstTicket: UInt32
    public internal(set) var confirmedAt: Timestamp?
    /// When it was last brought to an end: confirmed, declined, expired or refunded.
    public internal(set) var endedAt: Timestamp?

    /// Where the payer confirms, while the order requires it.
    public var action: String? {
        if case .action(let url)? = note { return url }
        return nil
    }

    /// Why it was declined, in the provider's code.
    public var declineCode: String? {
        if case .declined(let code)? = note { return code }
        return nil
    }

    /// Its tickets' numbers; empty before it is confirmed.
    public var tickets: some RandomAccessCollection<TicketID> {
        let serials = firstTicket == 0 ? 0..<0 : firstTicket..<(firstTicket + UInt32(places.quantity))
        return serials.lazy.map { TicketID($0) }
    }
}

/// What there is to say of an order's payment in the state that it is in.
enum OrderNote: Hashable, Sendable {
    /// Where the payer confirms.
    case action(url: String)
    /// Why it was declined, in the provider's code.
    case declined(code: String)
}

/// A second payment intent found for an order: it buys nothing, so its money goes back.
public struct StrayPayment: Hashable, Sendable {
    public let order: OrderID
    public let intent: String
    /// What it captured; 0 when it was only authorized.
    public let captured: Int64
}
