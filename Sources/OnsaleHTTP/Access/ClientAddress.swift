import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// What a request brings besides itself.
struct OnsaleContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Who is at the other end: the socket's address, or what a trusted proxy says of it.
struct ClientAddress: Equatable {
    /// What limits count by: an IPv4 address, or the first half of an IPv6 one, which is what one subscriber has. What is
    /// no address is one caller, whatever it says.
    var text: String { network?.text ?? "unknown" }
    /// The same as a number; nil for what is no address.
    let network: ClientNetwork?
    /// Whether it is this machine, and speaks for nobody else.
    let isLoopback: Bool

    init(_ request: Request, _ context: OnsaleContext, trustedProxies: Set<String>) {
        self.init(
            peer: context.channel.remoteAddress?.ipAddress ?? "unknown",
            forwardedFor: request.headers.values(.xForwardedFor), trustedProxies: trustedProxies)
    }

    /// - Parameters:
    ///   - forwardedFor: the `X-Forwarded-For` fields, in order.
    ///   - trustedProxies: addresses whose `X-Forwarded-For` is believed.
    init(peer: String, forwardedFor: [String], trustedProxies: Set<String>) {
        var address = IPAddress(peer)
        let isForwarded = !forwardedFor.isEmpty
        if let known = address, trustedProxies.contains(known.text), isForwarded {
            // Each proxy adds at the end, so the last one that is no proxy of ours is the client. A field that is longer
            // than any honest one is read from its end too.
            address = known
            for hop in forwardedFor.reversed().lazy.flatMap(ClientAddress.hops).prefix(ClientAddress.hopsMax) {
                address = IPAddress(hop)
                guard let hop = address, trustedProxies.contains(hop.text) else { break }
            }
        }
        network = address.map(ClientNetwork.init)
        // Whoever passes a request on for others is not one of us, even from this machine.
        isLoopback = !isForwarded && address?.isLoopback ?? false
    }

    private static let hopsMax = 16
    private static let fieldBytesMax = 1024

    /// The hops of one field, the last first.
    private static func hops(_ field: String) -> [String] {
        field.utf8.suffix(fieldBytesMax).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .reversed().map { String(decoding: $0, as: UTF8.self) }
    }
}

/// An IP address, whatever stands around it: spaces, a port, a zone, brackets.
struct IPAddress: Equatable {
    /// The two halves of its sixteen bytes; an IPv4 address as IPv6 maps it (RFC 4291, 2.5.5.2).
    let high: UInt64
    let low: UInt64

    private static let v4Prefix: UInt64 = 0xffff << 32

    init?(_ text: String) {
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return nil }
        if let bare = IPAddress(bare: text) {
            self = bare
            return
        }
        var text = text.trimmingCharacters(in: .whitespaces)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = String(text[text.index(after: text.startIndex)..<end])
        } else if text.utf8.count(where: { $0 == UInt8(ascii: ":") }) == 1, let colon = text.firstIndex(of: ":") {
            text = String(text[..<colon])
        }
        if let zone = text.firstIndex(of: "%") { text = String(text[..<zone]) }
        self.init(bare: text)
    }

    private init?(bare text: String) {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            high = 0
            low = IPAddress.v4Prefix | UInt64(UInt32(bigEndian: v4.s_addr))
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        (high, low) = withUnsafeBytes(of: v6) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    var isV4: Bool { high == 0 && low >> 32 == 0xffff }

    var isLoopback: Bool { isV4 ? UInt8(truncatingIfNeeded: low >> 24) == 127 : high == 0 && low == 1 }

    /// As proxies are named in the settings: dotted for IPv4, else as the system writes it.
    var text: String {
        if isV4 { return IPAddress.dotted(UInt32(truncatingIfNeeded: low)) }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
            inet_ntop(AF_INET6, $0.baseAddress, &buffer, socklen_t(buffer.count))
        }
        return buffer.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    static func dotted(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 0xff).\(bits >> 8 & 0xff).\(bits & 0xff)"
    }
}

/// Where a client is: an IPv4 address, or the first 64 bits of an IPv6 one.
struct ClientNetwork: Hashable, Sendable {
    /// The first 64 bits; an IPv4 address in the lower half, with all bits set in the upper, where no sender's address
    /// begins (RFC 4291: multicast).
    let bits: UInt64

    init(bits: UInt64) {
        self.bits = bits
    }

    init(_ address: IPAddress) {
        bits = address.isV4 ? 0xffff_ffff_0000_0000 | (address.low & 0xffff_ffff) : address.high
    }

    var isV4: Bool { bits >> 32 == 0xffff_ffff }

    var text: String {
        guard !isV4 else { return IPAddress.dotted(UInt32(truncatingIfNeeded: bits)) }
        return stride(from: 48, through: 0, by: -16).map { String(bits >> UInt64($0) & 0xffff, radix: 16) }
            .joined(separator: ":") + "::/64"
    }
}

extension HTTPFields {
    /// All values of a field, as they were sent.
    func values(_ name: HTTPField.Name) -> [String] {
        self[fields: name].map(\.value)
    }

    /// A field's value, if it is plain ASCII of a sensible length: what it is compared with is, and comparing anything else
    /// may take long.
    func plain(_ name: HTTPField.Name, bytesMax: Int = 1024) -> String? {
        guard let value = self[name], value.utf8.count <= bytesMax, value.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        return value
    }
}
