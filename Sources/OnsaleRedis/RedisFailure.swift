/// Why a command has no answer. Nothing here ever holds a password.
package enum RedisFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no connection now. The command was not sent.
    case away
    /// Too many commands, or bytes, wait already. The command was not sent.
    case full
    /// A key, a value or the number of keys is beyond the limit. The command was not sent.
    case tooLarge
    /// There was no answer within the deadline. The command may still have its effect.
    case late
    /// The connection was lost before the answer came. The command may have had its effect.
    case lost
    /// Redis answered with an error; `code` is its first word (`OOM`, `READONLY`, `NOAUTH`, `LOADING`, `MOVED`, …).
    case refused(code: String, message: String)
    /// What came is no answer to what was asked, or larger than any answer may be.
    case nonsense(String)
    /// The client has been stopped.
    case stopped
    /// No connection could be made, or it broke.
    case unreachable(String)

    package var description: String {
        switch self {
        case .away: "Redis is away"
        case .full: "too many commands wait for Redis"
        case .tooLarge: "a key, a value or the number of keys is beyond the limit"
        case .late: "Redis did not answer in time"
        case .lost: "the connection to Redis was lost before the answer"
        case .refused(let code, let message): message.isEmpty ? "Redis refused: \(code)" : "Redis refused: \(message)"
        case .nonsense(let what): "Redis talked nonsense: \(what)"
        case .stopped: "the client has been stopped"
        case .unreachable(let why): "Redis can't be reached: \(why)"
        }
    }

    private static let messageBytesMax = 200
    private static let codeBytesMax = 32

    /// Reads an error as Redis sends it: a word in capitals, then text, of which only so much is kept as fits a line.
    static func refusal(_ text: [UInt8]) -> RedisFailure {
        let word = text.prefix(codeBytesMax).prefix { (65...90).contains($0) }
        let isCode = !word.isEmpty && (word.count == text.count || text[word.count] == 32)
        let line = text.prefix(messageBytesMax).map { (32..<127).contains($0) ? $0 : 46 }
        return .refused(
            code: isCode ? String(decoding: word, as: UTF8.self) : "ERR", message: String(decoding: line, as: UTF8.self)
        )
    }

    /// The same without the text, which may repeat what was sent: Redis does so with a command that it doesn't know.
    var withoutText: RedisFailure {
        if case .refused(let code, _) = self { .refused(code: code, message: "") } else { self }
    }
}
