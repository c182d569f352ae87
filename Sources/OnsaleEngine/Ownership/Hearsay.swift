/// What other nodes say they have committed, faster than the registry could tell. It may come late, twice, out of order
/// or never, and nothing rests on it: a row is replayed only where the journal's chain says that it comes next, and
/// whatever else is heard only leads to reading.
enum Hearsay: Sendable {
    case row(JournalRow)
    /// The event's journal reaches this fact.
    case reaches(event: String, lastSequence: UInt64)

    var event: String {
        switch self {
        case .row(let row): row.partition
        case .reaches(let event, _): event
        }
    }

    var lastSequence: UInt64 {
        switch self {
        case .row(let row): row.lastSequence
        case .reaches(_, let last): last
        }
    }

    /// Roughly what it takes up.
    var bytes: Int {
        switch self {
        case .row(let row): row.payload.count + 256
        case .reaches: 64
        }
    }

    /// So much may wait for the steward. What is dropped is found with the next look at the registry.
    static let waitingMax = 4096
    static let waitingBytesMax = 16 << 20
}

/// What became of the rows that were heard of.
package struct HeardFigures: Sendable, Equatable {
    /// Replayed as they came.
    package var replayed = 0
    /// There was a gap, or only a notice: the journal was to be read.
    package var read = 0
    /// Known already, this node's own included, or of an event that isn't known yet.
    package var known = 0
    /// Too many waited.
    package var dropped = 0

    package init() {}
}
