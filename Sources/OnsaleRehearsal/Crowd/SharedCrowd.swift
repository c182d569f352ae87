import Synchronization

/// The crowd, shared by the tasks and event loops that bring it news.
///
/// A class because it owns a lock.
final class SharedCrowd: Sendable {
    private let crowd: Mutex<Crowd>

    init(_ crowd: Crowd) {
        self.crowd = Mutex(crowd)
    }

    var isDone: Bool { with { $0.isDone } }
    var waiting: Int { with { $0.waiting } }

    /// Runs `body` under the lock. It must be quick.
    func with<Value: Sendable>(_ body: (inout Crowd) -> Value) -> Value {
        crowd.withLock { body(&$0) }
    }
}
