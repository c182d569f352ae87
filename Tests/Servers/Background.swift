import Dispatch
import Foundation
import Synchronization

/// Work on a thread of its own, for calls that block: two of them in tasks can stop all tasks of a small machine. A class,
/// since two threads share it.
package final class Background<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let isDone = DispatchSemaphore(value: 0)

    package init(_ body: @escaping @Sendable () throws -> Value) {
        let thread = Thread { [self] in
            let value = Result { try body() }
            result.withLock { $0 = value }
            isDone.signal()
        }
        thread.start()
    }

    /// Whether it has ended.
    package var hasEnded: Bool { result.withLock { $0 != nil } }

    /// Waits for its end. To be asked once.
    package func value() throws -> Value {
        isDone.wait()
        guard let result = result.withLock({ $0 }) else { throw ServerFailure("the thread has no result") }
        return try result.get()
    }
}
