public import OnsaleValues

/// Who writes an event, as one node sees it: a state machine without I/O.
///
/// What the journal says decides: a node owns an event exactly while the last epoch row that it has read names this run
/// of it. Everything else here (claims, and what came of them) only leads to rows. A wrong belief costs a collision in
/// the journal, never a fact.
public struct Ownership: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// Nobody has ever owned it.
        case unowned
        /// Another run of a node writes it, or has written it last.
        case elsewhere(NodeID)
        /// A row that begins an epoch for us is under way.
        case claiming(epoch: UInt64)
        /// We write it.
        case owned(epoch: UInt64)
        /// We wrote, and don't know whether it came to the journal.
        case uncertain(epoch: UInt64)
        /// Our row collided: somebody else has written. We read the journal to learn who.
        case deposed(epoch: UInt64)
    }

    public enum Input: Hashable, Sendable {
        /// It is our turn to take the event.
        case claim
        /// What came of our claim.
        case claimed(Outcome)
        /// The journal has been read through a row that begins an epoch.
        case read(epoch: UInt64, owner: NodeID)
        /// The journal has been read to its end.
        case readToEnd
        /// A row of ours doesn't follow the head.
        case collided
        /// What became of a row of ours can't be told.
        case lostTrack
    }

    /// What came of a row that begins an epoch.
    public enum Outcome: Hashable, Sendable {
        case committed
        case refused
        case unknown
    }

    public enum Action: Hashable, Sendable {
        /// Append a row that begins this epoch for us, after what we know of the journal.
        case claim(epoch: UInt64)
        /// Read the journal to its end.
        case read
        /// Write the event under this epoch.
        case write(epoch: UInt64)
        /// Stop writing it.
        case stop
    }

    public let node: NodeID
    public private(set) var state: State
    /// The last epoch known to have begun.
    public private(set) var epoch: UInt64 = 0
    /// Who began it.
    public private(set) var owner: NodeID?

    public init(node: NodeID) {
        self.node = node
        state = .unowned
    }

    /// Whether a row of ours may be under way or in doubt, so nobody here may act for the event.
    public var isUnsettled: Bool {
        switch state {
        case .claiming, .uncertain, .deposed: true
        case .unowned, .elsewhere, .owned: false
        }
    }

    public mutating func handle(_ input: Input) -> Action? {
        switch (state, input) {
        case (_, .read(let epoch, let owner)): return read(epoch, owner)
        case (.unowned, .claim), (.elsewhere, .claim): return claim()
        case (.claiming, .claimed), (.uncertain, .claimed(.committed)), (.uncertain, .claimed(.refused)): return .read
        // Our row, or that of the claim, may still be on its way. Only a row in its place can end that.
        case (.uncertain(let epoch), .claimed(.unknown)): return .claim(epoch: epoch + 1)
        // The claim is not there. Should it come yet, reading it makes us the owner.
        case (.claiming, .readToEnd): return rest()
        // Nobody began an epoch after the one in doubt: what stands in that place is our own row.
        case (.uncertain(let epoch), .readToEnd):
            state = .owned(epoch: epoch)
            return .write(epoch: epoch)
        case (.deposed, .readToEnd): return claim()
        case (.owned(let epoch), .collided):
            state = .deposed(epoch: epoch)
            return .read
        case (.owned(let epoch), .lostTrack):
            state = .uncertain(epoch: epoch)
            return .claim(epoch: epoch + 1)
        case (.unowned, .claimed), (.elsewhere, .claimed), (.owned, .claimed), (.deposed, .claimed), (_, .readToEnd),
            (_, .claim), (_, .collided), (_, .lostTrack):
            return nil
        }
    }

    private mutating func claim() -> Action {
        state = .claiming(epoch: epoch + 1)
        return .claim(epoch: epoch + 1)
    }

    private mutating func rest() -> Action? {
        state = owner.map { .elsewhere($0) } ?? .unowned
        return nil
    }

    private mutating func read(_ epoch: UInt64, _ owner: NodeID) -> Action? {
        guard epoch > self.epoch else { return nil }
        self.epoch = epoch
        self.owner = owner
        guard owner == node else {
            let wrote = isWriter
            state = .elsewhere(owner)
            return wrote ? .stop : nil
        }
        state = .owned(epoch: epoch)
        return .write(epoch: epoch)
    }

    /// Whether the event's writer is here, working or set aside.
    private var isWriter: Bool {
        switch state {
        case .owned, .uncertain, .deposed: true
        case .unowned, .elsewhere, .claiming: false
        }
    }
}
