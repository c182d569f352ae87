public import OnsaleValues

/// Something that happened in the line. Only facts change its state.
///
/// Each kind is a ``LineFactBody``: a struct that keeps fields, binary form and effect in one place.
public enum LineFact: Hashable, Sendable {
    case joined(Joined)
    case passGranted(PassGranted)
    case passExpired(PassExpired)
    case passGivenUp(PassGivenUp)
    case paused(Paused)
    case resumed(Resumed)
    case rescheduled(Rescheduled)
    case drawCommitted(DrawCommitted)
    case drawn(Drawn)
    case called(Called)
    case callLapsed(CallLapsed)
    case soldOut(SoldOut)
    case seatsReturned(SeatsReturned)
    case passEnded(PassEnded)
    case callWithdrawn(CallWithdrawn)
    case moved(Moved)

    /// The line owns tags 64 to 127; the sale's facts, below, share the journal.
    public static let firstTag: UInt8 = 64
    public static let lastTag: UInt8 = 127

    public init(tag: UInt8, from reader: inout ByteReader) throws(ByteReadingError) {
        switch tag {
        case Joined.tag: self = .joined(try Joined(from: &reader))
        case PassGranted.tag: self = .passGranted(try PassGranted(from: &reader))
        case PassExpired.tag: self = .passExpired(try PassExpired(from: &reader))
        case PassGivenUp.tag: self = .passGivenUp(try PassGivenUp(from: &reader))
        case Paused.tag: self = .paused(Paused())
        case Resumed.tag: self = .resumed(Resumed())
        case Rescheduled.tag: self = .rescheduled(try Rescheduled(from: &reader))
        case DrawCommitted.tag: self = .drawCommitted(try DrawCommitted(from: &reader))
        case Drawn.tag: self = .drawn(try Drawn(from: &reader))
        case Called.tag: self = .called(try Called(from: &reader))
        case CallLapsed.tag: self = .callLapsed(try CallLapsed(from: &reader))
        case SoldOut.tag: self = .soldOut(SoldOut())
        case SeatsReturned.tag: self = .seatsReturned(SeatsReturned())
        case PassEnded.tag: self = .passEnded(try PassEnded(from: &reader))
        case CallWithdrawn.tag: self = .callWithdrawn(try CallWithdrawn(from: &reader))
        case Moved.tag: self = .moved(try Moved(from: &reader))
        default: throw reader.malformed
        }
    }

    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .joined(let fact): fact.encodeTagged(into: &writer)
        case .called(let fact): fact.encodeTagged(into: &writer)
        case .passGranted(let fact): fact.encodeTagged(into: &writer)
        case .passEnded(let fact): fact.encodeTagged(into: &writer)
        default: body.encodeTagged(into: &writer)
        }
    }

    func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        switch self {
        case .joined(let fact): try fact.evolve(&line, at: now)
        case .called(let fact): try fact.evolve(&line, at: now)
        case .passGranted(let fact): try fact.evolve(&line, at: now)
        case .passEnded(let fact): try fact.evolve(&line, at: now)
        default: try body.evolve(&line, at: now)
        }
    }

    /// The fact as an existential. Hot paths switch over the frequent kinds first, since boxing one costs as much as
    /// everything else done with it.
    public var body: any LineFactBody {
        switch self {
        case .joined(let fact): fact
        case .passGranted(let fact): fact
        case .passExpired(let fact): fact
        case .passGivenUp(let fact): fact
        case .paused(let fact): fact
        case .resumed(let fact): fact
        case .rescheduled(let fact): fact
        case .drawCommitted(let fact): fact
        case .drawn(let fact): fact
        case .called(let fact): fact
        case .callLapsed(let fact): fact
        case .soldOut(let fact): fact
        case .seatsReturned(let fact): fact
        case .passEnded(let fact): fact
        case .callWithdrawn(let fact): fact
        case .moved(let fact): fact
        }
    }

    /// The tag of its kind.
    package var tag: UInt8 {
        switch self {
        case .joined: Joined.tag
        case .called: Called.tag
        case .passGranted: PassGranted.tag
        case .passEnded: PassEnded.tag
        default: type(of: body).tag
        }
    }
}

/// One kind of fact: its fields, its binary form and its effect.
public protocol LineFactBody: Hashable, Sendable {
    /// Written before the fields. A tag is never reused; a new meaning gets a new tag.
    static var tag: UInt8 { get }

    init(from reader: inout ByteReader) throws(ByteReadingError)
    func encode(into writer: inout ByteWriter)

    /// Changes the state. Nothing is decided here: a fact that doesn't fit is an error.
    func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact)

    /// The body as a case of ``LineFact``.
    var fact: LineFact { get }
}

extension LineFactBody {
    func encodeTagged(into writer: inout ByteWriter) {
        writer.write(byte: Self.tag)
        encode(into: &writer)
    }
}

extension Line {
    /// Applies a fact that was journaled at `now`.
    public mutating func replay(_ fact: LineFact, at now: Timestamp) throws(ContradictoryFact) {
        pace.elapse(to: now)
        try fact.evolve(&self, at: now)
    }
}
