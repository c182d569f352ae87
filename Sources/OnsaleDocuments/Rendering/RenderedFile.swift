import Crypto
package import OnsaleBus
import OnsaleValues

/// A file as it is made and kept.
package struct RenderedFile: Hashable, Sendable {
    /// How files of one event begin. It is kept once.
    package struct Part: Hashable, Sendable {
        package let bytes: [UInt8]
        /// SHA-256 of ``bytes``, in hex.
        package let sha256: String

        package init(_ bytes: [UInt8]) {
            self.bytes = bytes
            sha256 = Hex.encode(Array(SHA256.hash(data: bytes)))
        }
    }

    package let name: String
    package let contentType: String
    /// Nil if nothing else begins alike.
    package let shared: Part?
    /// What follows.
    package let own: [UInt8]
    /// SHA-256 of the whole, in hex.
    package let sha256: String

    package init(name: String, contentType: String, bytes: [UInt8]) {
        self.name = name
        self.contentType = contentType
        shared = nil
        own = bytes
        sha256 = Hex.encode(Array(SHA256.hash(data: bytes)))
    }

    /// - Parameter hash: has taken in the shared part already.
    init(name: String, contentType: String, shared: Part, hash: SHA256, own: [UInt8]) {
        self.name = name
        self.contentType = contentType
        self.shared = shared
        self.own = own
        var hash = hash
        hash.update(data: own)
        sha256 = Hex.encode(Array(hash.finalize()))
    }

    package var byteCount: Int { (shared?.bytes.count ?? 0) + own.count }

    /// The file as others get it.
    package var file: TicketFile {
        TicketFile(name: name, contentType: contentType, bytes: (shared?.bytes ?? []) + own)
    }

    /// What the bus tells of it.
    package var document: TicketsIssued.Document {
        TicketsIssued.Document(name: name, contentType: contentType, sha256: sha256, bytes: byteCount)
    }
}
