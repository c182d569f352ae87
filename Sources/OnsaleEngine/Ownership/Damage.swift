import OnsaleValues

/// An event that this node can't read: its journal is damaged, or it is this node's memory, or its version.
struct Damage {
    /// How long until it is read again, in milliseconds.
    static let pauseMilliseconds: Int64 = 5000
    private static let declinePauseMax: Int64 = 60_000

    /// When it is read again.
    var lookAt: Int64
    /// Who owns it, so that requests go there.
    var seat: EventSeat?
    /// From when on it may be declined once more. If nobody can read it, it must not go round without a rest.
    private var declineAt = Int64.min
    private var declinePause = pauseMilliseconds

    init(lookAt: Int64) {
        self.lookAt = lookAt
    }

    /// Whether to hand the event on that this node was made the owner of.
    mutating func mayDecline(at now: Int64) -> Bool {
        guard now >= declineAt else { return false }
        declineAt = now + declinePause
        declinePause = min(declinePause * 2, Damage.declinePauseMax)
        return true
    }
}
