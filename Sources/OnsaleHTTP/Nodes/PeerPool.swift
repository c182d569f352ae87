import AsyncHTTPClient
import NIOCore
import Synchronization

/// The connections to other nodes: bounded for each of them, waiting requests too.
///
/// Each lane has connections of its own, so that a hold never waits behind an order that waits for its payment, nor behind
/// a client that takes its time over a long list.
final class PeerPool: Sendable {
    /// What a request waits for.
    enum Lane: Hashable, Sendable, CaseIterable {
        /// Nothing.
        case prompt
        /// A payment.
        case patient
        /// A long answer, or a client that reads slowly.
        case long

        var connectionsMax: Int {
            switch self {
            case .prompt: 128
            case .patient: 512
            case .long: 256
            }
        }

        /// Requests at a time, those that wait for a connection included.
        var requestsMax: Int {
            switch self {
            case .prompt: 1024
            case .patient: 2048
            case .long: 512
            }
        }
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
    private let long = PeerPool.makeClient(.long)
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

    func client(_ lane: Lane) -> HTTPClient {
        switch lane {
        case .prompt: prompt
        case .patient: patient
        case .long: long
        }
    }

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

    /// Whether more requests to a peer are under way than there are connections.
    func isCrowded(_ peer: Peer, _ lane: Lane) -> Bool {
        counts.withLock { $0[Key(peer: peer, lane: lane)] ?? 0 } > lane.connectionsMax
    }

    private func giveBack(_ key: Key) {
        counts.withLock { counts in
            let left = (counts[key] ?? 0) - 1
            counts[key] = left > 0 ? left : nil
        }
    }

    /// Ends all connections. Must be called before the last reference goes.
    func shutdown() async throws {
        for lane in Lane.allCases { try await client(lane).shutdown() }
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
