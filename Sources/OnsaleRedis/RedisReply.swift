/// What Redis answers, in RESP2.
package enum RedisReply: Sendable, Equatable {
    /// A short line such as `OK`.
    case status(String)
    case integer(Int64)
    case bytes([UInt8])
    /// There is no such key.
    case none
    case array([RedisReply])
    /// An error among the elements of an array; any other is thrown as ``RedisFailure/refused(code:message:)``.
    case error(RedisFailure)

    /// Bytes or a status as bytes, nil for anything else.
    package var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .status(let line): Array(line.utf8)
        default: nil
        }
    }

    var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
}
