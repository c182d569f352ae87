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
    /// What limits count by: an IPv4 address, or the first half of an IPv6 one, which is what one subscriber has.
    let text: String
    let isLoopback: Bool

    init(_ request: Request, _ context: OnsaleContext, trustedProxies: Set<String>) {
        self.init(
            peer: context.channel.remoteAddress?.ipAddress ?? "unknown", forwardedFor: request.headers[.xForwardedFor],
            trustedProxies: trustedProxies)
    }

    /// - Parameter trustedProxies: addresses whose `X-Forwarded-For` is believed.
    init(peer: String, forwardedFor: String?, trustedProxies: Set<String>) {
        var address = ClientAddress.unmapped(peer)
        if trustedProxies.contains(address), let forwardedFor {
            // Each proxy adds at the end, so the last one that is no proxy of ours is the client.
            let hops = forwardedFor.split(separator: ",").map { hop in
                ClientAddress.unmapped(String(hop.drop { $0 == " " }.prefix { $0 != " " }.prefix(64)))
            }
            if let client = hops.last(where: { !trustedProxies.contains($0) }) { address = client }
        }
        isLoopback = address == "::1" || address.hasPrefix("127.")
        text = ClientAddress.subscriber(address)
    }

    /// An IPv4 address that a socket for both kinds shows as IPv6 (RFC 4291, 2.5.5.2).
    private static func unmapped(_ address: String) -> String {
        address.lowercased().hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
    }

    private static func subscriber(_ address: String) -> String {
        guard address.contains(":"), let bytes = try? SocketAddress(ipAddress: address, port: 0),
            case .v6(let v6) = bytes
        else { return address }
        return withUnsafeBytes(of: v6.address.sin6_addr) { raw in
            raw.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "::/64"
        }
    }
}

extension HTTPField.Name {
    private static func named(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is a field name") }
        return name
    }

    static let xForwardedFor = named("X-Forwarded-For")
    static let xRequestID = named("x-request-id")
    static let traceparent = named("traceparent")
    static let idempotencyKey = named("Idempotency-Key")
    static let prefer = named("Prefer")
    static let preferenceApplied = named("Preference-Applied")
    static let stripeSignature = named("Stripe-Signature")
    static let rateLimit = named("RateLimit")
    static let rateLimitPolicy = named("RateLimit-Policy")
    static let onsaleActor = named("Onsale-Actor")
    static let onsaleProof = named("Onsale-Proof")
    static let lastEventID = named("Last-Event-ID")
    static let contentSecurityPolicy = named("Content-Security-Policy")
    static let permissionsPolicy = named("Permissions-Policy")
    static let crossOriginOpenerPolicy = named("Cross-Origin-Opener-Policy")
    static let referrerPolicy = named("Referrer-Policy")
    static let serviceWorkerAllowed = named("Service-Worker-Allowed")
    static let xAccelBuffering = named("X-Accel-Buffering")
}
