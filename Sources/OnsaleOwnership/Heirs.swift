public import OnsaleValues

/// In which order nodes are to own an event, by rendezvous hashing (Thaler and Ravishankar, 1998): when a node goes, its
/// events spread over the others and no other event moves.
public enum Heirs {
    /// By name, so that a node that is started again gets its events back. Of two runs with one name the later session
    /// in order wins, alike everywhere.
    public static func order(of event: String, among nodes: [NodeID]) -> [NodeID] {
        nodes.map { (weight(of: event, at: $0.name), $0) }
            .sorted { ($0.0, $0.1) > ($1.0, $1.1) }
            .map(\.1)
    }

    private static func weight(of event: String, at node: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        // FNV-1a, then the finalizer of SplitMix64, since FNV alone spreads short names badly.
        for byte in Array(node.utf8) + [0] + Array(event.utf8) {
            hash ^= UInt64(byte)
            hash &*= 0x100_0000_01b3
        }
        hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
        return hash ^ hash >> 31
    }
}
