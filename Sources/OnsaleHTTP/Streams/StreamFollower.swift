package import OnsaleEngine
public import OnsaleStreams

/// Wakes the live streams of an event when something has happened in it.
public struct StreamFollower: Sendable {
    private let broadcaster: Broadcaster

    public init(_ broadcaster: Broadcaster) {
        self.broadcaster = broadcaster
    }
}

extension StreamFollower: Follower {
    package func follow(_ committed: Committed, in partition: borrowing Partition) {
        broadcaster.hasNews(of: committed.row.partition)
    }

    package func resume(_ partition: borrowing Partition, at head: JournalHead) {
        broadcaster.hasNews(of: head.partition)
    }
}
