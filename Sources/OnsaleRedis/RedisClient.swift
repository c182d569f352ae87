package import Logging
import Synchronization

/// Whether there is a connection.
package enum RedisState: Sendable, Equatable {
    case up
    /// There has been none for so long.
    case away(milliseconds: Int64)
}

/// One connection to Redis for everyone: commands are sent as they come, without waiting for earlier answers, and
/// answered in order, by a thread of its own.
///
/// Nobody ever waits for Redis to come back: while it is away every command fails at once, otherwise within
/// ``RedisLimits/deadlineMilliseconds``. Must be stopped, or the thread lives on.
package final class RedisClient: Sendable {
    package let limits: RedisLimits
    private let mailbox: Mailbox
    private let worker = Worker()
    private let watch: SentinelWatch?

    /// Starts to connect.
    /// - Parameter name: how Redis lists the connection (`CLIENT LIST`), say the node's name.
    package init(_ address: RedisAddress, name: String, limits: RedisLimits = RedisLimits(), logger: Logger) {
        self.limits = limits
        let mailbox = Mailbox(limits)
        self.mailbox = mailbox
        let worker = worker
        watch = SentinelWatch(address, limits: limits) { endpoint in
            if mailbox.master(is: endpoint) { worker.alarm.ring() }
        }
        worker.start("onsale.redis") {
            var loop = ClientLoop(address, name: name, limits: limits, mailbox: mailbox, worker: worker, logger: logger)
            loop.run()
        }
    }

    package var state: RedisState { mailbox.state }

    package var figures: RedisFigures { mailbox.figures }

    /// Sends a command and waits for its answer. A cancelled task waits on; the deadline is short.
    package func command(_ command: RedisCommand) async throws(RedisFailure) -> RedisReply {
        let result = await withCheckedContinuation { continuation in
            let refusal = put(command) { continuation.resume(returning: $0) }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
        return try result.get()
    }

    /// Sends a command whose answer nobody wants; what goes wrong is only counted.
    /// - Returns: whether it was taken.
    @discardableResult
    package func send(_ command: RedisCommand) -> Bool { put(command, nil) == nil }

    /// Ends the thread; commands under way fail with ``RedisFailure/stopped``, like all later ones.
    package func stop() async {
        await watch?.stop()
        await worker.stop()
    }

    private func put(_ command: RedisCommand, _ answer: Pipeline.Answer?) -> RedisFailure? {
        guard command.fits(limits) else { return mailbox.refuse(.tooLarge) }
        let waiting = Pipeline.Waiting(
            command: command, deadline: Monotonic.now() + limits.deadlineMilliseconds, answer: answer)
        switch mailbox.put(waiting) {
        case .taken(let mustWake):
            if mustWake { worker.alarm.ring() }
            return nil
        case .refused(let failure): return failure
        }
    }
}
