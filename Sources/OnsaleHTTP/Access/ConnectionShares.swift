import Synchronization

/// Limits the connections and streams of one client, so that one address can't take them all.
///
/// It counts per subscriber (an IPv4 address or an IPv6 /64). A site gets many /64s, so it also counts per /56 and /48
/// (RFC 6177), which may have two and four times as many.
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

    /// - Returns: whether the client may have one more. If so, the caller must give it back.
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

/// The connections and streams of one client, counted separately because a stream's connection passes to the
/// broadcaster.
package struct ClientShares: Sendable {
    let connections: ConnectionShares
    let streams: ConnectionShares

    package init(perAddress: Int) {
        connections = ConnectionShares(perAddress: perAddress)
        streams = ConnectionShares(perAddress: perAddress)
    }

    package func streamEnded(client: UInt64) {
        streams.giveBack(ClientNetwork(bits: client))
    }
}
