import AsyncHTTPClient
import NIOCore
import Synchronization

/// The connections to other nodes: bounded for each of them, waiting requests too.
///
/// Orders have connections of their own, because each may wait for its payment; holds never wait behind them.
final class PeerPool: Sendable {
    /// What a request waits for.
    enum Lane: Hashable, Sendable, CaseIterable {
        case prompt
        case patient

        var connectionsMax: Int { self == .prompt ? 128 : 512 }
        /// Requests at a time, those that wait for a connection included.
        var requestsMax: Int { self == .prompt ? 1024 : 2048 }
    }

    private struct Key: Hashable {
        let peer: Peer
        let lane: Lane
    }

    private static let connectSeconds: Int64 = 1
    /// Shorter than the 60 s for which a node lets a connection wait, so that it is not closed under a request.
    private static let idleSeconds: Int64 = 30
    /// Longer than any owner is given for its answer, and than three comments of a stream.
    private static let silenceSeconds: Int64 = 65

    private let prompt = PeerPool.makeClient(.prompt)
    private let patient = PeerPool.makeClient(.patient)
    private let counts = Mutex<[Key: Int]>([:])

    private static func makeClient(_ lane: Lane) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(connectSeconds), read: .seconds(silenceSeconds)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = lane.connectionsMax
        configuration.connectionPool.idleTimeout = .seconds(idleSeconds)
        // Whoever asks knows better where to ask next.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        // The forwarder makes the span itself, and says in it what the client can't know.
        configuration.tracing.tracer = nil
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func client(_ lane: Lane) -> HTTPClient { lane == .prompt ? prompt : patient }

    /// Room for one more request to a peer; nil if there is none.
    func take(_ peer: Peer, _ lane: Lane) -> Room? {
        let key = Key(peer: peer, lane: lane)
        let isFree = counts.withLock { counts in
            guard counts[key] ?? 0 < lane.requestsMax else { return false }
            counts[key, default: 0] += 1
            return true
        }
        return isFree ? Room { [weak self] in self?.giveBack(key) } : nil
    }

    private func giveBack(_ key: Key) {
        counts.withLock { counts in
            let left = (counts[key] ?? 0) - 1
            counts[key] = left > 0 ? left : nil
        }
    }

    /// Ends all connections. Must be called before the last reference goes.
    func shutdown() async throws {
        try await prompt.shutdown()
        try await patient.shutdown()
    }
}

extension PeerPool {
    /// Room for one request. A class, because it is given back when the last user of it is gone: the one who writes the
    /// answer, or nobody if the client has left.
    final class Room: Sendable {
        private let end: @Sendable () -> Void

        fileprivate init(_ end: @escaping @Sendable () -> Void) {
            self.end = end
        }

        deinit { end() }
    }
}
