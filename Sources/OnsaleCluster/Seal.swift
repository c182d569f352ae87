import Crypto
import OnsaleValues

/// Proves that bytes were put into Redis by a node: whoever has access to Redis alone can neither show seats that aren't
/// free, nor bring anybody's presence about.
///
/// HMAC-SHA256 (RFC 2104) by a key of its own for each purpose, over the place where the bytes stand and the bytes. What
/// was once true may be shown again, so nobody may rely on something sealed being new.
package struct Seal: Sendable {
    package enum Purpose: String, Sendable {
        case rows, presence, documents
    }

    private static let macBytes = 32
    private let key: SymmetricKey

    /// - Parameter nodeKey: what all nodes share.
    package init(nodeKey: String, for purpose: Purpose) {
        let label = Array("onsale redis \(purpose.rawValue) v1".utf8)
        let derived = HMAC<SHA256>.authenticationCode(for: label, using: SymmetricKey(data: Array(nodeKey.utf8)))
        key = SymmetricKey(data: Array(derived))
    }

    /// - Parameter place: the key or channel where the bytes will stand.
    package func seal(_ bytes: [UInt8], at place: String) -> [UInt8] {
        var sealed: [UInt8] = []
        sealed.reserveCapacity(Seal.macBytes + bytes.count)
        sealed += mac(of: bytes[...], at: place)
        sealed += bytes
        return sealed
    }

    /// - Returns: what was sealed; nil unless a node sealed it for this place.
    package func open(_ sealed: [UInt8], at place: String) -> [UInt8]? {
        guard sealed.count >= Seal.macBytes else { return nil }
        let bytes = sealed[Seal.macBytes...]
        let isOurs = ConstantTime.areEqual(mac(of: bytes, at: place)[...], sealed.prefix(Seal.macBytes))
        return isOurs ? Array(bytes) : nil
    }

    private func mac(of bytes: ArraySlice<UInt8>, at place: String) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        code.update(data: withUnsafeBytes(of: UInt64(place.utf8.count).littleEndian) { Array($0) })
        code.update(data: Array(place.utf8))
        code.update(data: bytes)
        return Array(code.finalize())
    }
}
