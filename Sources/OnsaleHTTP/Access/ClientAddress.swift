import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleCorrelation

/// A request's connection, beside Hummingbird's own context.
struct OnsaleContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// What the request turns out to be about.
    let correlation = Correlation()
    /// What the node says that passed the request on; nil if a client sent it here.
    var relay: Relay?
    /// The client, where another node may have to be told.
    var client: IPAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// The client's address: the socket's, or the one a trusted proxy reports.
struct ClientAddress: Equatable {
    /// What limits count by: an IPv4 address, or the first half of an IPv6 one, which is what one subscriber has. All
    /// unreadable addresses count as one caller.
    var text: String { network?.text ?? "unknown" }
    /// The same as a number; nil for an unreadable address.
    let network: ClientNetwork?
    /// nil for an unreadable address.
    let address: IPAddress?
    /// Whether the client is on this machine and isn't a proxy for someone else.
    let isLoopback: Bool

    /// Another node's client, as that node believes it.
    init(_ relay: Relay) {
        address = relay.client
        network = relay.client.map(ClientNetwork.init)
        isLoopback = false
    }

    init(_ request: Request, _ context: OnsaleContext, trustedProxies: Set<String>) {
        self.init(
            peer: context.channel.remoteAddress?.ipAddress ?? "unknown",
            forwardedFor: request.headers.values(.xForwardedFor), trustedProxies: trustedProxies)
    }

    /// - Parameters:
    ///   - forwardedFor: the `X-Forwarded-For` fields, in order.
    ///   - trustedProxies: the addresses whose `X-Forwarded-For` is believed.
    init(peer: String, forwardedFor: [String], trustedProxies: Set<String>) {
        var address = IPAddress(peer)
        let isForwarded = !forwardedFor.isEmpty
        if let known = address, trustedProxies.contains(known.text), isForwarded {
            // Each proxy appends, so the last hop that isn't a trusted proxy is the client. Overlong fields are read
            // from the end too.
            address = known
            for hop in forwardedFor.reversed().lazy.flatMap(ClientAddress.hops).prefix(ClientAddress.hopsMax) {
                address = IPAddress(hop)
                guard let hop = address, trustedProxies.contains(hop.text) else { break }
            }
        }
        self.address = address
        network = address.map(ClientNetwork.init)
        // A forwarded request isn't local, even if the proxy is.
        isLoopback = !isForwarded && address?.isLoopback ?? false
    }

    private static let hopsMax = 16
    private static let fieldBytesMax = 1024

    /// The hops of one field, last first.
    private static func hops(_ field: String) -> [String] {
        field.utf8.suffix(fieldBytesMax).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .reversed().map { String(decoding: $0, as: UTF8.self) }
    }
}

/// An IP address, with any spaces, port, zone or brackets around it removed.
struct IPAddress: Equatable {
    /// The two halves of its sixteen bytes; IPv4 is mapped into IPv6 (RFC 4291, 2.5.5.2).
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

    /// As the settings name proxies: dotted for IPv4, otherwise as the system writes it.
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

/// A client's network: an IPv4 address, or the first 64 bits of an IPv6 one.
struct ClientNetwork: Hashable, Sendable {
    /// The first 64 bits. An IPv4 address sits in the lower half with all bits set in the upper, a prefix no sender can
    /// have (RFC 4291: multicast).
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
    /// All values of a field, as sent.
    func values(_ name: HTTPField.Name) -> [String] {
        self[fields: name].map(\.value)
    }

    /// A field's value, if it is ASCII and no longer than `bytesMax`. Anything else matches nothing we compare it with,
    /// and comparing it may take long.
    func plain(_ name: HTTPField.Name, bytesMax: Int = 1024) -> String? {
        guard let value = self[name], value.utf8.count <= bytesMax, value.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        return value
    }
}
