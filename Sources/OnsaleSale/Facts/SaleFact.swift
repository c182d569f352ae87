public import OnsaleValues

/// Something that happened in a sale. Only facts change its state, so replaying them gives the same state.
///
/// Each kind is a ``SaleFactBody``: a struct that keeps fields, binary form and effect in one place.
public enum SaleFact: Hashable, Sendable {
    case held(Held)
    case holdReleased(HoldReleased)
    case holdExpired(HoldExpired)
    case orderPlaced(OrderPlaced)
    case orderAuthorized(OrderAuthorized)
    case orderConfirmed(OrderConfirmed)
    case orderDeclined(OrderDeclined)
    case orderExpired(OrderExpired)
    case intentLearned(IntentLearned)
    case capturedLate(CapturedLate)
    case voided(Voided)
    case orderCancelled(OrderCancelled)
    case refunded(Refunded)
    case strayFound(StrayFound)
    case strayReturned(StrayReturned)
    case blocked(Blocked)
    case unblocked(Unblocked)
    case checkedIn(CheckedIn)
    case paymentDeclined(PaymentDeclined)
    case actionRequired(ActionRequired)
    case refundedByProvider(RefundedByProvider)
    case refundReversed(RefundReversed)
    case disputed(Disputed)
    case disputeWon(DisputeWon)
    case partReturned(PartReturned)
    case partRefunded(PartRefunded)
    case termsChanged(TermsChanged)

    /// The sale owns tags 1 to 63; higher tags belong to other facts in the same journal.
    public static let lastTag: UInt8 = 63

    public init(tag: UInt8, from reader: inout ByteReader) throws(ByteReadingError) {
        switch tag {
        case Held.tag: self = .held(try Held(from: &reader))
        case HoldReleased.tag: self = .holdReleased(try HoldReleased(from: &reader))
        case HoldExpired.tag: self = .holdExpired(try HoldExpired(from: &reader))
        case OrderPlaced.tag: self = .orderPlaced(try OrderPlaced(from: &reader))
        case OrderAuthorized.tag: self = .orderAuthorized(try OrderAuthorized(from: &reader))
        case OrderConfirmed.tag: self = .orderConfirmed(try OrderConfirmed(from: &reader))
        case OrderDeclined.tag: self = .orderDeclined(try OrderDeclined(from: &reader))
        case OrderExpired.tag: self = .orderExpired(try OrderExpired(from: &reader))
        case IntentLearned.tag: self = .intentLearned(try IntentLearned(from: &reader))
        case CapturedLate.tag: self = .capturedLate(try CapturedLate(from: &reader))
        case Voided.tag: self = .voided(try Voided(from: &reader))
        case OrderCancelled.tag: self = .orderCancelled(try OrderCancelled(from: &reader))
        case Refunded.tag: self = .refunded(try Refunded(from: &reader))
        case StrayFound.tag: self = .strayFound(try StrayFound(from: &reader))
        case StrayReturned.tag: self = .strayReturned(try StrayReturned(from: &reader))
        case Blocked.tag: self = .blocked(try Blocked(from: &reader))
        case Unblocked.tag: self = .unblocked(try Unblocked(from: &reader))
        case CheckedIn.tag: self = .checkedIn(try CheckedIn(from: &reader))
        case PaymentDeclined.tag: self = .paymentDeclined(try PaymentDeclined(from: &reader))
        case ActionRequired.tag: self = .actionRequired(try ActionRequired(from: &reader))
        case RefundedByProvider.tag: self = .refundedByProvider(try RefundedByProvider(from: &reader))
        case RefundReversed.tag: self = .refundReversed(try RefundReversed(from: &reader))
        case Disputed.tag: self = .disputed(try Disputed(from: &reader))
        case DisputeWon.tag: self = .disputeWon(try DisputeWon(from: &reader))
        case PartReturned.tag: self = .partReturned(try PartReturned(from: &reader))
        case PartRefunded.tag: self = .partRefunded(try PartRefunded(from: &reader))
        case TermsChanged.tag: self = .termsChanged(try TermsChanged(from: &reader))
        default: throw reader.malformed
        }
    }

    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .held(let fact): fact.encodeTagged(into: &writer)
        case .holdReleased(let fact): fact.encodeTagged(into: &writer)
        case .holdExpired(let fact): fact.encodeTagged(into: &writer)
        case .orderPlaced(let fact): fact.encodeTagged(into: &writer)
        case .orderAuthorized(let fact): fact.encodeTagged(into: &writer)
        case .orderConfirmed(let fact): fact.encodeTagged(into: &writer)
        default: body.encodeTagged(into: &writer)
        }
    }

    func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        switch self {
        case .held(let fact): try fact.evolve(&sale, at: now)
        case .holdReleased(let fact): try fact.evolve(&sale, at: now)
        case .holdExpired(let fact): try fact.evolve(&sale, at: now)
        case .orderPlaced(let fact): try fact.evolve(&sale, at: now)
        case .orderAuthorized(let fact): try fact.evolve(&sale, at: now)
        case .orderConfirmed(let fact): try fact.evolve(&sale, at: now)
        default: try body.evolve(&sale, at: now)
        }
    }

    /// The fact as an existential. Hot paths switch over the frequent kinds first, since boxing one costs as much as
    /// everything else done with it.
    public var body: any SaleFactBody {
        switch self {
        case .held(let fact): fact
        case .holdReleased(let fact): fact
        case .holdExpired(let fact): fact
        case .orderPlaced(let fact): fact
        case .orderAuthorized(let fact): fact
        case .orderConfirmed(let fact): fact
        case .orderDeclined(let fact): fact
        case .orderExpired(let fact): fact
        case .intentLearned(let fact): fact
        case .capturedLate(let fact): fact
        case .voided(let fact): fact
        case .orderCancelled(let fact): fact
        case .refunded(let fact): fact
        case .strayFound(let fact): fact
        case .strayReturned(let fact): fact
        case .blocked(let fact): fact
        case .unblocked(let fact): fact
        case .checkedIn(let fact): fact
        case .paymentDeclined(let fact): fact
        case .actionRequired(let fact): fact
        case .refundedByProvider(let fact): fact
        case .refundReversed(let fact): fact
        case .disputed(let fact): fact
        case .disputeWon(let fact): fact
        case .partReturned(let fact): fact
        case .partRefunded(let fact): fact
        case .termsChanged(let fact): fact
        }
    }

    /// The tag of its kind.
    package var tag: UInt8 {
        switch self {
        case .held: Held.tag
        case .holdReleased: HoldReleased.tag
        case .holdExpired: HoldExpired.tag
        case .orderPlaced: OrderPlaced.tag
        case .orderAuthorized: OrderAuthorized.tag
        case .orderConfirmed: OrderConfirmed.tag
        default: type(of: body).tag
        }
    }

    /// The order this fact is about, if any.
    public var order: OrderID? {
        switch self {
        case .held, .holdReleased, .holdExpired: nil
        case .orderPlaced(let fact): fact.order
        case .orderAuthorized(let fact): fact.order
        case .orderConfirmed(let fact): fact.order
        default: (body as? any OrderFactBody)?.order
        }
    }
}

/// One kind of fact: its fields, its binary form and its effect.
public protocol SaleFactBody: Hashable, Sendable {
    /// Written before the fields. A tag is never reused; a new meaning gets a new tag.
    static var tag: UInt8 { get }

    init(from reader: inout ByteReader) throws(ByteReadingError)
    func encode(into writer: inout ByteWriter)

    /// Changes the state. Nothing is decided here: a fact that doesn't fit is an error.
    func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact)

    /// The body as a case of ``SaleFact``.
    var fact: SaleFact { get }
}

/// A fact about an order.
public protocol OrderFactBody: SaleFactBody {
    var order: OrderID { get }
}

extension SaleFactBody {
    func encodeTagged(into writer: inout ByteWriter) {
        writer.write(byte: Self.tag)
        encode(into: &writer)
    }
}
