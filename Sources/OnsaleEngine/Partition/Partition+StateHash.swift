import Crypto
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

extension Partition {
    /// SHA-256 over the whole state in a fixed order: equal for equal states, whatever process worked them out.
    public var stateHash: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 1 << 20)
        sale.encodeForHash(into: &writer)
        line.encodeSnapshot(into: &writer)
        encodeAudit(into: &writer)
        return Array(SHA256.hash(data: writer.bytes))
    }
}
