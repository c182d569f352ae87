/// A command as bytes on the wire. Other rooms can make only those below, so that every write has a time to live, no
/// command is slow, and nothing asks for all keys.
package struct RedisCommand: Sendable, Equatable {
    let wire: [UInt8]
    /// What is beyond the limits can't be made at all, but must not crash; it is refused where it is sent.
    let keyBytes: Int
    let valueBytes: Int
    let keyCount: Int

    /// Any command; for the room itself and its tests.
    init(_ arguments: [[UInt8]], keyBytes: Int = 0, valueBytes: Int = 0, keyCount: Int = 1) {
        wire = RedisCommand.encode(arguments)
        self.keyBytes = keyBytes
        self.valueBytes = valueBytes
        self.keyCount = keyCount
    }

    /// Any command in text; for the room itself and its tests.
    init(_ words: String...) {
        self.init(words.map { Array($0.utf8) })
    }

    /// The value of a key, or ``RedisReply/none``.
    package static func get(_ key: String) -> RedisCommand {
        RedisCommand([Array("GET".utf8), Array(key.utf8)], keyBytes: key.utf8.count)
    }

    /// The values of several keys, in their order.
    package static func mget(_ keys: [String]) -> RedisCommand {
        RedisCommand(
            [Array("MGET".utf8)] + keys.map { Array($0.utf8) }, keyBytes: keys.map(\.utf8.count).max() ?? 0,
            keyCount: keys.count)
    }

    /// Writes a value that is gone after so many seconds, at least 1.
    package static func set(_ key: String, to value: [UInt8], forSeconds seconds: Int) -> RedisCommand {
        precondition(seconds >= 1, "nothing in Redis lives for ever")
        return RedisCommand(
            [Array("SET".utf8), Array(key.utf8), value, Array("EX".utf8), Array(String(seconds).utf8)],
            keyBytes: key.utf8.count, valueBytes: value.count)
    }

    /// Forgets a key; Redis frees its memory on another thread.
    package static func forget(_ key: String) -> RedisCommand {
        RedisCommand([Array("UNLINK".utf8), Array(key.utf8)], keyBytes: key.utf8.count)
    }

    /// Tells all who listen to the channel now; nobody else will ever know.
    package static func publish(_ payload: [UInt8], on channel: String) -> RedisCommand {
        RedisCommand(
            [Array("PUBLISH".utf8), Array(channel.utf8), payload], keyBytes: channel.utf8.count,
            valueBytes: payload.count)
    }

    static let ping = RedisCommand("PING")

    func fits(_ limits: RedisLimits) -> Bool {
        keyBytes <= limits.keyBytesMax && valueBytes <= limits.valueBytesMax && (1...limits.keysMax).contains(keyCount)
    }

    /// An array of bulk strings, as the [protocol](https://redis.io/docs/latest/develop/reference/protocol-spec/) has
    /// requests.
    private static func encode(_ arguments: [[UInt8]]) -> [UInt8] {
        var wire: [UInt8] = []
        wire.reserveCapacity(arguments.reduce(16) { $0 + $1.count + 16 })
        func line(_ mark: UInt8, _ number: Int) {
            wire.append(mark)
            wire.append(contentsOf: String(number).utf8)
            wire.append(13)
            wire.append(10)
        }
        line(UInt8(ascii: "*"), arguments.count)
        for argument in arguments {
            line(UInt8(ascii: "$"), argument.count)
            wire.append(contentsOf: argument)
            wire.append(13)
            wire.append(10)
        }
        return wire
    }
}
