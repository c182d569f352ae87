import Synchronization

/// What shall be listened to, and what has come of it. A class because it is shared with the subscription's thread; the
/// mutex guards all.
final class WantedChannels: Sendable {
    private struct State {
        var channels: Set<String>
        var hasChanged = false
        var link = Link()
        var figures = RedisSubscription.Figures()
    }

    let patterns: [String]
    private let locked: Mutex<State>

    init(channels: [String], patterns: [String]) {
        self.patterns = patterns
        var state = State(channels: Set(channels))
        state.figures.channels = state.channels.count + patterns.count
        locked = Mutex(state)
    }

    var state: RedisState {
        let now = Monotonic.now()
        return locked.withLock { $0.link.state(now: now) }
    }

    var figures: RedisSubscription.Figures { locked.withLock { $0.figures } }

    func add(_ channel: String, atMost limit: Int) -> Bool {
        locked.withLock { state in
            if state.channels.contains(channel) { return true }
            guard state.channels.count + patterns.count < limit else { return false }
            state.channels.insert(channel)
            state.figures.channels += 1
            state.hasChanged = true
            return true
        }
    }

    func remove(_ channel: String) {
        locked.withLock { state in
            guard state.channels.remove(channel) != nil else { return }
            state.figures.channels -= 1
            state.hasChanged = true
        }
    }

    /// - Returns: whether the connection must be replaced because the master is there.
    func master(is endpoint: RedisAddress.Endpoint) -> Bool {
        locked.withLock { $0.link.master(is: endpoint) }
    }

    // MARK: For the thread

    /// All channels, or nil if they haven't changed since they were taken.
    func changed() -> Set<String>? {
        locked.withLock { state in
            defer { state.hasChanged = false }
            return state.hasChanged ? state.channels : nil
        }
    }

    var mustReplace: Bool { locked.withLock { $0.link.mustReplace } }

    /// All channels, to be listened to anew.
    func isUp(at endpoint: RedisAddress.Endpoint) -> Set<String> {
        locked.withLock { state in
            state.hasChanged = false
            if state.link.isUp(at: endpoint) { state.figures.gaps += 1 }
            return state.channels
        }
    }

    func isAway() {
        let now = Monotonic.now()
        locked.withLock { $0.link.isAway(now: now) }
    }

    func count(messages: Int, bytes: Int) {
        locked.withLock { state in
            state.figures.messages += messages
            state.figures.bytes += bytes
        }
    }
}
