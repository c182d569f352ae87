/// One event's part of a batch, now on disk.
package struct Committed: Sendable {
    package let row: JournalRow
    package let facts: [Fact]
    package let view: EventView
}

/// Reacts to what has happened. The journal is the outbox: followers hear only of what is on disk.
///
/// It hears of everything that happens while the process runs. A consumer that must not miss anything across restarts
/// reads ``JournalTail`` instead.
package protocol Follower: Sendable {
    /// Called on the writer's thread after each batch, in journal order, once everyone has been answered. It must not
    /// block or keep a copy of the partition, or the writer would have to copy whatever it changes next.
    func follow(_ committed: Committed, in partition: borrowing Partition)

    /// Called when what another node has written has been replayed here: the event's view is that of this head. A call
    /// may stand for many rows. Not on the writer's thread.
    func observe(_ head: JournalHead)

    /// Called with a row of this node's that begins an epoch, once it is durable: a claim, a handing over or a creation.
    /// Not on the writer's thread.
    func noteClaim(_ row: JournalRow)

    /// Called when an event has been loaded, so the follower can pick up what may have been in progress.
    func resume(_ partition: borrowing Partition, at head: JournalHead)

    /// Called when an event goes out of service or is written elsewhere. What the follower knows of it may differ from what is on disk.
    func leave(_ event: String)

    /// Called now and then with a task that has been open so long that perhaps nobody is working on it.
    func remind(of task: PaymentTask)
}

extension Follower {
    package func observe(_ head: JournalHead) {}
    package func noteClaim(_ row: JournalRow) {}
    package func resume(_ partition: borrowing Partition, at head: JournalHead) {}
    package func leave(_ event: String) {}
    package func remind(of task: PaymentTask) {}
}
