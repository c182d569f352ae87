import Crypto
package import OnsaleBus
import OnsaleValues

/// A file of an order.
package struct TicketFile: Hashable, Sendable {
    /// The order's public ID, a number where there is one file a ticket, and an ending: `ord_….pdf`, `ord_…-2.svg`.
    package let name: String
    package let contentType: String
    package let bytes: [UInt8]
    /// SHA-256 of ``bytes``, in hex.
    package let sha256: String

    package init(name: String, contentType: String, bytes: [UInt8]) {
        self.name = name
        self.contentType = contentType
        self.bytes = bytes
        sha256 = TicketFile.digest(bytes)
    }

    static func digest(_ bytes: [UInt8]) -> String { Hex.encode(Array(SHA256.hash(data: bytes))) }

    /// What the bus tells of it.
    package var document: TicketsIssued.Document {
        TicketsIssued.Document(name: name, contentType: contentType, sha256: sha256, bytes: bytes.count)
    }
}
