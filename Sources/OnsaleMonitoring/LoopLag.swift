import Metrics
package import NIOCore

/// Measures how late event loops run what is due, once a second each: the first sign that a processor is short.
package struct LoopLag: Sendable {
    private let timer = Timer(label: "onsale_event_loop_lag_seconds")

    package init() {}

    /// Measures from now on. The tasks end with their loops.
    package func watch(_ group: any EventLoopGroup) {
        for loop in group.makeIterator() { schedule(on: loop) }
    }

    private func schedule(on loop: any EventLoop) {
        let due = NIODeadline.now() + .seconds(1)
        loop.scheduleTask(deadline: due) {
            timer.recordNanoseconds(max(0, (NIODeadline.now() - due).nanoseconds))
            schedule(on: loop)
        }
    }
}
