import Crypto
package import OnsaleValues

/// A file of an order.
package struct TicketFile: Hashable, Sendable {
    /// The order's public ID, a number where there is one file a ticket, and an ending: `ord_….pdf`, `ord_…-2.svg`.
    package let name: String
    package let contentType: String
    package let bytes: [UInt8]
    /// SHA-256 of ``bytes``, in hex.
    package let sha256: String
    /// Since when its tickets let nobody in; nil while they do.
    package let voidedAt: Timestamp?

    package init(name: String, contentType: String, bytes: [UInt8], voidedAt: Timestamp? = nil) {
        self.name = name
        self.contentType = contentType
        self.bytes = bytes
        self.voidedAt = voidedAt
        sha256 = Hex.encode(Array(SHA256.hash(data: bytes)))
    }
}
