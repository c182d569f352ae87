import Synchronization

/// How many connections and streams one client may have, so that one address can't take all there are.
///
/// Counted by what one subscriber has (an IPv4 address, an IPv6 /64), and, since a site is given more than one of those,
/// by /56 and /48 too (RFC 6177), which may have twice and four times as many.
final class ConnectionShares: Sendable {
    private struct Network: Hashable {
        let bits: UInt64
        let length: UInt8
    }

    let perAddress: Int
    private let counts = Mutex<[Network: Int]>([:])

    init(perAddress: Int) {
        self.perAddress = perAddress
    }

    /// - Returns: whether the client may have one more, which then must be given back.
    func take(_ client: ClientNetwork) -> Bool {
        counts.withLock { counts in
            let networks = networks(client)
            guard networks.allSatisfy({ counts[$0.network] ?? 0 < $0.max }) else { return false }
            for network in networks { counts[network.network, default: 0] += 1 }
            return true
        }
    }

    func giveBack(_ client: ClientNetwork) {
        counts.withLock { counts in
            for (network, _) in networks(client) {
                let left = (counts[network] ?? 0) - 1
                counts[network] = left > 0 ? left : nil
            }
        }
    }

    private func networks(_ client: ClientNetwork) -> [(network: Network, max: Int)] {
        let own = (Network(bits: client.bits, length: 64), perAddress)
        guard !client.isV4 else { return [own] }
        return [
            own, (Network(bits: client.bits & ~0xff, length: 56), perAddress * 2),
            (Network(bits: client.bits & ~0xffff, length: 48), perAddress * 4),
        ]
    }
}

/// Connections and streams that one client may have, each counted for itself: a stream's connection becomes the
/// broadcaster's.
public struct ClientShares: Sendable {
    let connections: ConnectionShares
    let streams: ConnectionShares

    public init(perAddress: Int) {
        connections = ConnectionShares(perAddress: perAddress)
        streams = ConnectionShares(perAddress: perAddress)
    }

    /// A stream of this client has ended.
    public func streamEnded(client: UInt64) {
        streams.giveBack(ClientNetwork(bits: client))
    }
}
