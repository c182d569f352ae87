import Foundation

/// How bytes get to one listener.
enum Transport {
    /// A socket of our own, non-blocking.
    case socket(Int32)
    /// Where the socket can't be taken.
    case connection(any StreamConnection)
}

/// What became of bytes that were to be sent.
public enum SendResult: Sendable {
    /// So many were taken.
    case sent(Int)
    /// Nothing can be taken now.
    case blocked
    case gone
}

/// A connection on which somebody else writes, one piece at a time, so that a slow reader keeps next to nothing.
public protocol StreamConnection: AnyObject, Sendable {
    /// Whether there is still somebody at the other end.
    var isOpen: Bool { get }

    /// Takes bytes to write, all or none: while those before them are on their way it is blocked.
    func send(_ bytes: ArraySlice<UInt8>) -> SendResult

    /// Ends it, once what was taken is written.
    func close()
}

extension Transport {
    var isSocket: Bool {
        if case .socket = self { return true }
        return false
    }

    /// A socket tells of its end by itself.
    var isKnownToBeGone: Bool {
        if case .connection(let connection) = self { return !connection.isOpen }
        return false
    }

    func send(_ bytes: ArraySlice<UInt8>) -> SendResult {
        switch self {
        case .connection(let connection): return connection.send(bytes)
        case .socket(let descriptor):
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.send(descriptor, buffer.baseAddress, buffer.count, Transport.sendFlags)
            }
            if count >= 0 { return .sent(count) }
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? .blocked : .gone
        }
    }

    func close() {
        switch self {
        case .connection(let connection): connection.close()
        case .socket(let descriptor): _ = Foundation.close(descriptor)
        }
    }

    #if os(Linux)
        private static let sendFlags = Int32(MSG_NOSIGNAL)
    #else
        private static let sendFlags: Int32 = 0
    #endif
}
