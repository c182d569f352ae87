import OnsaleValues

/// Base 64 with padding (RFC 4648, section 4), as signatures and secrets are written.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let plain = Base64URL.encode(bytes).utf8.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        return String(decoding: plain, as: UTF8.self) + String(repeating: "=", count: (4 - plain.count % 4) % 4)
    }

    /// - Returns: nil for anything that ``encode(_:)`` would not write.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let plain: [UInt8] = text.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        guard let bytes = Base64URL.decode(plain), encode(bytes) == text else { return nil }
        return bytes
    }
}
