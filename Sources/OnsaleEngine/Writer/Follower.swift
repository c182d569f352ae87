/// What a batch of one event has changed, now that it is on disk.
package struct Committed: Sendable {
    package let row: JournalRow
    package let facts: [Fact]
    package let view: EventView
}

/// Lives on what has happened. The journal is the outbox: nothing is told that is not on disk.
///
/// It is told of all that happens while the process runs. Whoever must not miss anything, not over a restart either, reads
/// the ``JournalTail``.
package protocol Follower: Sendable {
    /// Called on the writer's thread after each batch, in the order of the journal, once everybody was answered. It must
    /// not block, and must keep no copy of the partition: the writer would copy whatever it changes next.
    func follow(_ committed: Committed, in partition: borrowing Partition)

    /// Told of an event that has been loaded: what may have been under way when its facts were last followed.
    func resume(_ partition: borrowing Partition, at head: JournalHead)

    /// Told of an event that went out of service: what is known of it may not be what is on disk.
    func leave(_ event: String)

    /// Now and then, what has stayed open for so long that nobody may be working on it.
    func remind(of task: PaymentTask)
}

extension Follower {
    package func resume(_ partition: borrowing Partition, at head: JournalHead) {}
    package func leave(_ event: String) {}
    package func remind(of task: PaymentTask) {}
}
