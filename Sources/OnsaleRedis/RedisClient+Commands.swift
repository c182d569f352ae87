extension RedisClient {
    /// The value of a key, nil if there is none.
    package func get(_ key: String) async throws(RedisFailure) -> [UInt8]? {
        try RedisClient.value(await command(.get(key)))
    }

    /// The values of several keys in their order, nil where there is none; at most ``RedisLimits/keysMax``.
    package func mget(_ keys: [String]) async throws(RedisFailure) -> [[UInt8]?] {
        if keys.isEmpty { return [] }
        guard case .array(let values) = try await command(.mget(keys)), values.count == keys.count else {
            throw .nonsense("another number of values")
        }
        var all: [[UInt8]?] = []
        all.reserveCapacity(values.count)
        for value in values { all.append(try RedisClient.value(value)) }
        return all
    }

    /// Writes a value that is gone after so many seconds, at least 1.
    package func set(_ key: String, to value: [UInt8], forSeconds seconds: Int) async throws(RedisFailure) {
        guard try await command(.set(key, to: value, forSeconds: seconds)) == .status("OK") else {
            throw .nonsense("no OK")
        }
    }

    /// Forgets a key.
    /// - Returns: whether there was one.
    @discardableResult
    package func forget(_ key: String) async throws(RedisFailure) -> Bool {
        guard case .integer(let count) = try await command(.forget(key)) else { throw .nonsense("no number") }
        return count > 0
    }

    /// Tells all who listen to the channel.
    /// - Returns: how many connections of this server did.
    @discardableResult
    package func publish(_ payload: [UInt8], on channel: String) async throws(RedisFailure) -> Int {
        guard case .integer(let count) = try await command(.publish(payload, on: channel)) else {
            throw .nonsense("no number")
        }
        return Int(count)
    }

    private static func value(_ reply: RedisReply) throws(RedisFailure) -> [UInt8]? {
        switch reply {
        case .bytes(let bytes): bytes
        case .none: nil
        default: throw .nonsense("no value")
        }
    }
}
