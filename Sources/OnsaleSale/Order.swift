public import OnsaleValues

/// An order's number within its event: 1, 2, 3 … in the order of placing.
@frozen
public struct OrderID: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}

/// How far an order has come. `authorizing`, `requiresAction` and `capturing` are in progress; the rest are final,
/// except that a cancellation moves `confirmed` on to `refunding` and `refunded`.
public enum OrderState: UInt8, Hashable, Sendable, CaseIterable {
    case authorizing
    case capturing
    case confirmed
    case declined
    case expired
    case refunding
    case refunded
    /// The payer must confirm with the bank (3-D Secure).
    case requiresAction

    /// As the contract and the metrics name it.
    package var name: String {
        switch self {
        case .authorizing: "authorizing"
        case .requiresAction: "requires_action"
        case .capturing: "capturing"
        case .confirmed: "confirmed"
        case .declined: "declined"
        case .expired: "expired"
        case .refunding: "refunding"
        case .refunded: "refunded"
        }
    }

    /// Whether the buyer's payment is over, successful or not.
    public var isFinal: Bool { !isInProgress }

    /// Whether the payment is in progress.
    public var isInProgress: Bool {
        self == .authorizing || self == .capturing || self == .requiresAction
    }

    /// Whether the order's own payment accounts for money reserved or taken.
    var holdsPayment: Bool { self != .declined && self != .expired }

    /// Whether the buyer can only wait.
    public var keepsWaiting: Bool {
        self == .authorizing || self == .capturing
    }
}

/// A set of order states.
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

/// What the payment provider still has to do for an order. It is part of the state, so after a crash work resumes at
/// the same step.
public enum PaymentDuty: UInt8, Hashable, Sendable {
    case authorize
    case capture
    /// Release an authorization that no longer buys anything; if it was captured after all, refund it.
    case void
    case refund
}

/// The payment of a hold, from placing to its end.
public struct Order: Hashable, Sendable {
    public let id: OrderID
    public let buyer: BuyerID
    public let hold: HoldID
    /// The pass its hold was made with.
    public let pass: PassID
    public let places: Places
    public let amount: Int64
    public let placedAt: Timestamp
    /// The provider's ID of the buyer's payment method.
    public let paymentMethod: String
    /// The W3C `traceparent` of the request that placed it, so work resumed after a crash stays in the same trace.
    public let trace: String?
    /// The serial of the buyer's previous order, 0 for none.
    let previousOfBuyer: UInt32

    public internal(set) var state: OrderState
    public internal(set) var duty: PaymentDuty?
    /// The provider's payment intent, once known.
    public internal(set) var intent: String?
    var note: OrderNote?
    /// Whether the payer disputes the payment; its tickets are void meanwhile.
    public internal(set) var isDisputed: Bool
    /// Money captured so far, in minor units; ``refunded`` is the part given back.
    public internal(set) var captured: Int64
    public internal(set) var refunded: Int64
    /// The first of its consecutive ticket numbers; 0 before confirmation.
    public internal(set) var firstTicket: UInt32
    public internal(set) var confirmedAt: Timestamp?
    /// When it last reached an end: confirmed, declined, expired or refunded.
    public internal(set) var endedAt: Timestamp?

    /// The URL where the payer confirms, while the order requires it.
    public var action: String? {
        if case .action(let url)? = note { return url }
        return nil
    }

    /// Why it was declined, in the provider's code.
    public var declineCode: String? {
        if case .declined(let code)? = note { return code }
        return nil
    }

    /// What of it was taken back while the rest stayed confirmed; nil if nothing was.
    public var partReturn: PartReturn? {
        if case .returned(let part)? = note { return part }
        return nil
    }

    /// What has gone back or must, in minor units, while the order is confirmed.
    var goingBack: Int64 { max(refunded, partReturn?.due ?? 0) }

    /// What of a confirmed order is still to go back, in minor units.
    package var refunding: Int64 { state == .confirmed ? goingBack - refunded : 0 }

    /// The places it still has while it is confirmed.
    var placesLeft: Places {
        guard let part = partReturn else { return places }
        return places.only(Set(0..<places.quantity).subtracting(part.positions).sorted())
    }

    /// Its ticket numbers; empty before confirmation.
    public var tickets: some RandomAccessCollection<TicketID> {
        let serials = firstTicket == 0 ? 0..<0 : firstTicket..<(firstTicket + UInt32(places.quantity))
        return serials.lazy.map { TicketID($0) }
    }

    /// Its tickets that were not taken back, with the positions of their places.
    package var validTickets: some Sequence<(offset: Int, element: TicketID)> {
        let returned = partReturn?.positions ?? []
        return tickets.enumerated().lazy.filter { !returned.contains($0.offset) }
    }
}

/// Details of an order's payment in its current state.
enum OrderNote: Hashable, Sendable {
    /// Where the payer confirms.
    case action(url: String)
    /// Why it was declined, in the provider's code.
    case declined(code: String)
    /// It was confirmed, and a part of it was taken back.
    case returned(PartReturn)
}

/// The part of an order that was taken back.
public struct PartReturn: Hashable, Sendable {
    /// Which of the order's places, ascending.
    public let positions: [Int]
    /// What must have gone back when all is done, in minor units.
    public let due: Int64
    /// What the provider is asked to have given back by now. It rises to `due` only when that much has gone back: one
    /// refund at a time, so that one whose answer was lost can't be given twice.
    public let asked: Int64

    /// The same, with so much of it gone back.
    func after(refunding total: Int64) -> PartReturn {
        PartReturn(positions: positions, due: due, asked: total >= asked ? due : asked)
    }
}

/// A second payment intent found for an order. It buys nothing, so its money goes back.
public struct StrayPayment: Hashable, Sendable {
    public let order: OrderID
    public let intent: String
    /// The captured amount in minor units; 0 if it was only authorized.
    public let captured: Int64
}
