import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleValues

/// The `Idempotency-Key` of a request.
enum IdempotencyHeader {
    /// The key, scoped to operation and caller, with the fingerprint of the request; nil if the header is absent.
    static func key(
        _ request: Request, operation: String, caller: String, body: ByteBuffer
    ) throws(Problem) -> IdempotencyKey? {
        guard let text = try text(of: request) else { return nil }
        return IdempotencyKey(
            key: digest(Array("\(operation)\n\(caller)\n\(text)".utf8)),
            fingerprint: digest(Array(body.readableBytesView)))
    }

    static let required = Problem(
        .idempotencyKeyRequired, "An order needs an Idempotency-Key, so that it is never charged twice.")

    /// Whether there is a key where one is required.
    static func check(_ request: Request, isRequired: Bool) throws(Problem) {
        if isRequired, try text(of: request) == nil { throw required }
    }

    private static func text(of request: Request) throws(Problem) -> String? {
        guard let text = request.headers[.idempotencyKey] else { return nil }
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Problem(.malformedRequest, "An Idempotency-Key must be 1 to 255 visible ASCII characters.")
        }
        return text
    }

    private static func digest(_ bytes: [UInt8]) -> Digest128 {
        SHA256.hash(data: bytes).withUnsafeBytes { bytes in
            Digest128(
                high: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian,
                low: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian)
        }
    }
}
