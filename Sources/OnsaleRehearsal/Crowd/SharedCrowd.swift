import Synchronization

/// The crowd, for the tasks and event loops that bring it news.
///
/// A class for the lock that it is.
final class SharedCrowd: Sendable {
    private let crowd: Mutex<Crowd>

    init(_ crowd: Crowd) {
        self.crowd = Mutex(crowd)
    }

    var isDone: Bool { with { $0.isDone } }
    var waiting: Int { with { $0.waiting } }

    /// Does something with the crowd that takes no time.
    func with<Value: Sendable>(_ body: (inout Crowd) -> Value) -> Value {
        crowd.withLock { body(&$0) }
    }
}
