import Foundation
import Synchronization

/// How bytes get to one listener.
enum Transport {
    /// A socket of our own, non-blocking.
    case socket(Int32)
    /// Somebody else writes: where the socket can't be taken.
    case relay(Relay)
}

enum SendResult {
    case sent(Int)
    /// Nothing can be taken now.
    case blocked
    case gone
}

/// Hands messages to a task that writes them, one at a time, so that a slow reader holds up nobody and keeps nothing.
public final class Relay: Sendable {
    private struct State {
        var waiting: [UInt8]?
        var reader: CheckedContinuation<[UInt8]?, Never>?
        var isOver = false
    }

    private let state = Mutex(State())
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    /// The next piece to write; nil at the end.
    public func next() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> [UInt8]?? in
                if let waiting = state.waiting {
                    state.waiting = nil
                    return .some(waiting)
                }
                if state.isOver { return .some(nil) }
                state.reader = continuation
                return nil
            }
            if let ready {
                continuation.resume(returning: ready)
                // There is room for the next.
                wake()
            }
        }
    }

    /// The listener has gone, or is sent away.
    public func end() {
        let reader = state.withLock { state in
            state.isOver = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    func send(_ bytes: ArraySlice<UInt8>) -> SendResult {
        enum Next { case deliver(CheckedContinuation<[UInt8]?, Never>), kept, blocked, gone }
        let next = state.withLock { state -> Next in
            if state.isOver { return .gone }
            if let reader = state.reader {
                state.reader = nil
                return .deliver(reader)
            }
            guard state.waiting == nil else { return .blocked }
            state.waiting = Array(bytes)
            return .kept
        }
        switch next {
        case .deliver(let reader): reader.resume(returning: Array(bytes))
        case .kept: break
        case .blocked: return .blocked
        case .gone: return .gone
        }
        return .sent(bytes.count)
    }
}

extension Transport {
    var isSocket: Bool {
        if case .socket = self { return true }
        return false
    }

    func send(_ bytes: ArraySlice<UInt8>) -> SendResult {
        switch self {
        case .relay(let relay): return relay.send(bytes)
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
        case .relay(let relay): relay.end()
        case .socket(let descriptor): _ = Foundation.close(descriptor)
        }
    }

    #if os(Linux)
        private static let sendFlags = Int32(MSG_NOSIGNAL)
    #else
        private static let sendFlags: Int32 = 0
    #endif
}
