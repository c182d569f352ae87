package import OnsaleEngine
package import OnsaleStreams

/// Wakes an event's live streams when something has happened in it.
package struct StreamFollower: Sendable {
    private let broadcaster: Broadcaster

    package init(_ broadcaster: Broadcaster) {
        self.broadcaster = broadcaster
    }
}

extension StreamFollower: Follower {
    package func follow(_ committed: Committed, in partition: borrowing Partition) {
        broadcaster.hasNews(of: committed.row.partition)
    }

    package func observe(_ head: JournalHead) {
        broadcaster.hasNews(of: head.partition)
    }

    package func resume(_ partition: borrowing Partition, at head: JournalHead) {
        broadcaster.hasNews(of: head.partition)
    }
}
