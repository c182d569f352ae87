import OnsaleOwnership
import OnsaleValues

/// One event in the care of a ``Steward``.
struct Charge {
    /// A writer that the loop has set aside.
    struct Doubt {
        /// The batch whose fate is unknown; nil if it is known not to be in the journal.
        let row: JournalRow?
        /// Where the journal stood before it.
        let rest: JournalHead
        let time: Timestamp
    }

    var ownership: Ownership
    /// nil until the event has been read for the first time.
    var handle: EventHandle?
    /// The state as far as the journal has been read; nil while the loop has it.
    var replica: RecoveredPartition?
    var doubt: Doubt?
    /// Whether the loop has set a writer aside that has not been settled.
    var isAside = false
    /// What must be tried again, and when.
    var postponed: (action: Ownership.Action, at: Int64)?
    /// The last fact that the registry has told of.
    var sighted: UInt64 = 0
    /// A fact that another node told of, for which the journal is to be read once.
    var hinted: UInt64 = 0
    /// The last fact that was replayed as it was heard, and when.
    var heard: (lastSequence: UInt64, at: Int64)?
    /// When the last epoch that the registry has told of began.
    var since = Timestamp(milliseconds: 0)
    /// When it came from another node last, by the steward's clock.
    var takenAt: Int64 = .min
    /// Whether the loop has been asked to give the event up.
    var isLeaving = false
    /// Who is to have it next.
    var heir: NodeID?
    /// To whom it was handed last, when, and under which epoch.
    var handed: (to: NodeID, at: Int64, epoch: UInt64)?
    /// Nodes that gave it back, and until when they aren't asked again.
    var declined: [NodeID: (until: Int64, pause: Int64)] = [:]

    /// The nodes that it isn't handed to for now.
    func refused(at now: Int64) -> Set<NodeID> { Set(declined.filter { $0.value.until > now }.keys) }

    /// Notes that the event has come here under this epoch.
    mutating func noteArrival(epoch: UInt64, at now: Int64) {
        defer { handed = nil }
        guard let handed, handed.epoch + 1 == epoch, now - handed.at < Charge.declineMilliseconds else { return }
        let pause = min((declined[handed.to]?.pause ?? Charge.declinedPause / 2) * 2, Charge.declinedPauseMax)
        declined[handed.to] = (now + pause, pause)
    }

    /// Within so long of being handed an event, a node gives back what it can't read.
    private static let declineMilliseconds: Int64 = 20_000
    private static let declinedPause: Int64 = 60_000
    private static let declinedPauseMax: Int64 = 600_000

    /// From whom it was taken without being asked, if that node is still registered.
    var predecessor: NodeID?

    var isSettled: Bool { !ownership.isUnsettled && !isAside && postponed == nil }

    var isHere: Bool {
        guard case .owned = ownership.state else { return false }
        return !isAside
    }

    var seat: EventSeat {
        EventSeat(
            owner: ownership.owner, epoch: ownership.epoch, since: since, isHere: isHere,
            behind: replica.map { sighted - min(sighted, $0.head.lastSequence) } ?? 0)
    }

    /// What a claim comes after.
    var rest: (head: JournalHead, time: Timestamp)? {
        if case .uncertain = ownership.state { return doubt.map { ($0.rest, $0.time) } }
        return replica.map { ($0.head, $0.time) }
    }
}
