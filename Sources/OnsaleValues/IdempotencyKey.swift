/// Identifies a repeated request: the client's key, scoped to buyer and operation, and a digest of the request itself.
@frozen
public struct IdempotencyKey: Hashable, Sendable {
    /// Digest of the operation, the buyer and the key as sent.
    public let key: Digest128
    /// Digest of the request body; the same key with a different body is refused.
    public let fingerprint: Digest128

    @inlinable
    public init(key: Digest128, fingerprint: Digest128) {
        self.key = key
        self.fingerprint = fingerprint
    }
}

extension ByteWriter {
    public mutating func write(key: IdempotencyKey?) {
        write(flag: key != nil)
        guard let key else { return }
        write(digest: key.key)
        write(digest: key.fingerprint)
    }
}

extension ByteReader {
    public mutating func key() throws(ByteReadingError) -> IdempotencyKey? {
        guard try flag() else { return nil }
        return IdempotencyKey(key: try digest(), fingerprint: try digest())
    }
}
