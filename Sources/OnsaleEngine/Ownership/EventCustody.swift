import OnsaleValues

/// Whoever decides which events are written here, where nodes share the journal. The loop tells it of an event that it
/// has set aside, and waits for a ``Settlement``. Called on the writer's thread; must not block.
protocol EventCustody: Sendable {
    /// A batch was not written, and everyone in it has been told: it collided, so somebody else has written, or there was
    /// no room for it.
    func collided(event: String)
    /// Nobody knows whether a batch came to the journal, or its state has been lost.
    /// - Parameters:
    ///   - row: the batch; nil if it is known not to be there, and everyone in it has been told.
    ///   - rest: where the journal stood before it.
    func lostTrack(of event: String, row: JournalRow?, after rest: JournalHead, time: Timestamp)
    /// The event has been given up, as ``Mailbox/Arrival/release(event:)`` asked; the state is the journal's.
    func gaveUp(_ state: RecoveredPartition, handle: EventHandle)
}

/// What is to become of an event that the loop has set aside.
struct Settlement: Sendable {
    enum Next: Sendable {
        /// Write on from the state in memory, which is the journal's.
        case goOn
        /// Write on from this state.
        case write(RecoveredPartition)
        /// Another node writes the event.
        case stop
    }

    /// Whether the batch in doubt is in the journal.
    let isDurable: Bool
    let next: Next
}
