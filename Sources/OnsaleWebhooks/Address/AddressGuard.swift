/// Which addresses deliveries may go to, so that nobody reaches through us what only this network should reach (SSRF).
package enum AddressGuard {
    /// Whether an address is one of the public internet, and everything that is embedded in it too.
    ///
    /// Whatever IANA's registries of special-purpose addresses don't call globally reachable is refused:
    /// <https://www.iana.org/assignments/iana-ipv4-special-registry>,
    /// <https://www.iana.org/assignments/iana-ipv6-special-registry> (RFC 6890). So are multicast, and the anycast and
    /// benchmarking blocks that no receiver of webhooks lives in.
    package static func isPublic(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let value): isPublic(value)
        case .v6(let high, let low): isPublic(high, low)
        }
    }

    private static func isPublic(_ value: UInt32) -> Bool {
        !refusedIPv4.contains { value >> (32 - $0.bits) == $0.prefix >> (32 - $0.bits) }
    }

    private static func isPublic(_ high: UInt64, _ low: UInt64) -> Bool {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) are ways to an IPv4 address, which decides.
        if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 { return isPublic(UInt32(truncatingIfNeeded: low)) }
        if high >> 48 == 0x2002 { return isPublic(UInt32(truncatingIfNeeded: high >> 16)) }
        // Only 2000::/3 is given out. That leaves out ::, ::1, ::ffff:0:0/96 and what was IPv4-compatible,
        // 64:ff9b:1::/48, 100::/64, fc00::/7, fe80::/10, fec0::/10 and ff00::/8.
        guard high >> 61 == 0b001 else { return false }
        return !refusedIPv6.contains { high >> (64 - $0.bits) == $0.prefix >> (64 - $0.bits) }
    }

    private static let refusedIPv4: [(prefix: UInt32, bits: UInt32)] = [
        (0x0000_0000, 8),  // 0.0.0.0/8, this network
        (0x0a00_0000, 8),  // 10.0.0.0/8, private
        (0x6440_0000, 10),  // 100.64.0.0/10, shared by carriers (RFC 6598)
        (0x7f00_0000, 8),  // 127.0.0.0/8, loopback
        (0xa9fe_0000, 16),  // 169.254.0.0/16, link-local, clouds' metadata
        (0xac10_0000, 12),  // 172.16.0.0/12, private
        (0xc000_0000, 24),  // 192.0.0.0/24, protocols
        (0xc000_0200, 24),  // 192.0.2.0/24, documentation
        (0xc01f_c400, 24),  // 192.31.196.0/24, AS112
        (0xc034_c100, 24),  // 192.52.193.0/24, AMT
        (0xc058_6300, 24),  // 192.88.99.0/24, relays of 6to4
        (0xc0a8_0000, 16),  // 192.168.0.0/16, private
        (0xc0af_3000, 24),  // 192.175.48.0/24, AS112
        (0xc612_0000, 15),  // 198.18.0.0/15, benchmarks
        (0xc633_6400, 24),  // 198.51.100.0/24, documentation
        (0xcb00_7100, 24),  // 203.0.113.0/24, documentation
        (0xe000_0000, 4),  // 224.0.0.0/4, multicast
        (0xf000_0000, 4),  // 240.0.0.0/4, reserved, and broadcast
    ]

    /// By their first 64 bits.
    private static let refusedIPv6: [(prefix: UInt64, bits: UInt64)] = [
        (0x2001_0000_0000_0000, 23),  // 2001::/23, protocols, Teredo and ORCHID among them
        (0x2001_0db8_0000_0000, 32),  // 2001:db8::/32, documentation
        (0x2620_004f_8000_0000, 48),  // 2620:4f:8000::/48, AS112
        (0x3fff_0000_0000_0000, 20),  // 3fff::/20, documentation (RFC 9637)
    ]
}
