/// Flyway's checksum of a migration: the CRC-32 of ISO 3309 over its lines as UTF-8, without their ends and with nothing
/// between them, so that it doesn't depend on how lines end. One byte order mark at the beginning doesn't count.
package enum MigrationChecksum {
    /// The checksum as Flyway keeps it, a signed number.
    package static func of(_ script: [UInt8]) -> Int32 {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var remainder: UInt32 = .max
        for byte in script.dropFirst(script.starts(with: mark) ? mark.count : 0)
        where byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r") {
            remainder = table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ (remainder >> 8)
        }
        return Int32(bitPattern: ~remainder)
    }

    /// The remainder of each byte, by the polynomial 0x04C11DB7 with its bits reversed.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
}
