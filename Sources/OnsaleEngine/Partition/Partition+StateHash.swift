import Crypto
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

extension Partition {
    /// SHA-256 over the whole state in a fixed order (rule 6). Equal states have equal hashes, in any process.
    public var stateHash: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 1 << 20)
        sale.encodeForHash(into: &writer)
        line.encodeSnapshot(into: &writer)
        encodeAudit(into: &writer)
        encodeOwnership(into: &writer)
        encodeProfile(into: &writer)
        return Array(SHA256.hash(data: writer.bytes))
    }
}
