package import OnsaleOwnership
package import OnsaleValues

/// What the registry said when it was asked last: who is there, and how far each event's journal has come.
package struct Sighting: Sendable {
    package let nodes: [RegisteredNode]
    package let heads: [Head]
    /// When it was asked, in milliseconds of this process's monotonic clock.
    package let askedAt: Int64

    package struct Head: Sendable {
        package let event: String
        package let lastSequence: UInt64
        package let epoch: UInt64
        /// nil if the event was written when nobody shared the journal.
        package let owner: NodeID?
        /// When the epoch began.
        package let since: Timestamp

        package init(
            event: String, lastSequence: UInt64, epoch: UInt64, owner: NodeID?,
            since: Timestamp = Timestamp(milliseconds: 0)
        ) {
            self.since = since
            self.event = event
            self.lastSequence = lastSequence
            self.epoch = epoch
            self.owner = owner
        }
    }

    package init(nodes: [RegisteredNode], heads: [Head], askedAt: Int64) {
        self.nodes = nodes
        self.heads = heads
        self.askedAt = askedAt
    }
}

/// Who owns an event, as far as this node knows.
package struct EventSeat: Hashable, Sendable {
    package let owner: NodeID?
    package let epoch: UInt64
    /// When the epoch began.
    package let since: Timestamp
    /// Whether it is written here, now.
    package let isHere: Bool
    /// How many facts of others are known but not replayed here yet.
    package let behind: UInt64

    /// The same for a node that doesn't write the event.
    var elsewhere: EventSeat { EventSeat(owner: owner, epoch: epoch, since: since, isHere: false, behind: behind) }
}
