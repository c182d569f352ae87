/// What others may know of a thread's connection: a value within their mutex.
struct Link {
    private(set) var endpoint: RedisAddress.Endpoint?
    /// The Sentinels have another master than the one in use.
    private(set) var mustReplace = false
    private(set) var hasBeenUp = false
    private var awaySince = Monotonic.now()

    func state(now: Int64) -> RedisState {
        endpoint == nil ? .away(milliseconds: max(0, now - awaySince)) : .up
    }

    /// - Returns: whether the connection must be replaced because the master is there.
    mutating func master(is master: RedisAddress.Endpoint) -> Bool {
        guard let endpoint, endpoint != master else { return false }
        mustReplace = true
        return true
    }

    /// - Returns: whether it was up before.
    mutating func isUp(at endpoint: RedisAddress.Endpoint) -> Bool {
        defer { hasBeenUp = true }
        self.endpoint = endpoint
        mustReplace = false
        return hasBeenUp
    }

    mutating func isAway(now: Int64) {
        if endpoint != nil { awaySince = now }
        endpoint = nil
    }
}
