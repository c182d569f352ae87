import Foundation

/// How bytes get to one listener.
enum Transport {
    /// A non-blocking socket of our own.
    case socket(Int32)
    /// For connections whose socket can't be taken over.
    case connection(any StreamConnection)
}

/// The result of sending bytes.
package enum SendResult: Sendable {
    /// This many bytes were taken.
    case sent(Int)
    /// Nothing can be taken right now.
    case blocked
    case gone
}

/// A connection that someone else writes to, one piece at a time, so that a slow reader holds next to no memory.
package protocol StreamConnection: AnyObject, Sendable {
    /// Whether the other end is still there.
    var isOpen: Bool { get }

    /// Takes all bytes or none; blocked while earlier ones are on their way.
    func send(_ bytes: ArraySlice<UInt8>) -> SendResult

    /// Closes it, once everything taken has been written.
    func close()
}

extension Transport {
    var isSocket: Bool {
        if case .socket = self { return true }
        return false
    }

    /// A socket reports its own end.
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
