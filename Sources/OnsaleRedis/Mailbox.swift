import Synchronization

/// Where commands wait for the client's thread. A class because it is shared with it; the mutex guards all.
final class Mailbox: Sendable {
    enum Receipt {
        case taken(mustWake: Bool)
        case refused(RedisFailure)
    }

    private struct State {
        var waiting: [Pipeline.Waiting] = []
        var mustWake = false
        var isStopped = false
        var link = Link()
        var figures = RedisFigures()
    }

    private let limits: RedisLimits
    private let locked = Mutex(State())

    init(_ limits: RedisLimits) { self.limits = limits }

    var state: RedisState {
        let now = Monotonic.now()
        return locked.withLock { $0.link.state(now: now) }
    }

    var figures: RedisFigures { locked.withLock { $0.figures } }

    func refuse(_ failure: RedisFailure) -> RedisFailure {
        locked.withLock { $0.figures.count(failure) }
        return failure
    }

    func put(_ waiting: Pipeline.Waiting) -> Receipt {
        locked.withLock { state in
            let bytes = waiting.command.wire.count
            let failure: RedisFailure? =
                if state.isStopped {
                    .stopped
                } else if state.link.endpoint == nil {
                    .away
                } else if state.figures.queue >= limits.commandsMax
                    || state.figures.queueBytes + bytes > limits.queueBytesMax
                {
                    .full
                } else {
                    nil
                }
            if let failure {
                state.figures.count(failure)
                return .refused(failure)
            }
            state.waiting.append(waiting)
            state.figures.commands += 1
            state.figures.queue += 1
            state.figures.queueBytes += bytes
            defer { state.mustWake = false }
            return .taken(mustWake: state.mustWake)
        }
    }

    /// - Returns: whether the connection must be replaced because the master is there.
    func master(is endpoint: RedisAddress.Endpoint) -> Bool {
        locked.withLock { $0.link.master(is: endpoint) }
    }

    // MARK: For the thread

    /// Takes what waits; the next one to put something wakes the thread.
    func take() -> (waiting: [Pipeline.Waiting], mustReplace: Bool) {
        locked.withLock { state in
            defer {
                state.waiting = []
                state.mustWake = true
            }
            return (state.waiting, state.link.mustReplace)
        }
    }

    /// Counts outcomes, and makes room for others.
    func settle(_ outcomes: [Pipeline.Outcome]) {
        locked.withLock { state in
            for outcome in outcomes where !outcome.isHeartbeat {
                if outcome.isLast {
                    state.figures.queue -= 1
                    state.figures.queueBytes -= outcome.bytes
                }
                if case .failure(let failure) = outcome.result { state.figures.count(failure) }
            }
        }
    }

    func isUp(at endpoint: RedisAddress.Endpoint) {
        locked.withLock { state in
            if state.link.isUp(at: endpoint) { state.figures.reconnects += 1 }
        }
    }

    /// From here on everything is refused.
    /// - Returns: what waited.
    func isAway(stopped: Bool) -> [Pipeline.Waiting] {
        let now = Monotonic.now()
        return locked.withLock { state in
            state.link.isAway(now: now)
            state.isStopped = stopped
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
