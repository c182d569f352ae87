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
struct ClientAddress {
    let text: String
    let isLoopback: Bool

    /// - Parameter trustedProxies: addresses whose `X-Forwarded-For` is believed.
    init(_ request: Request, _ context: OnsaleContext, trustedProxies: Set<String>) {
        var address = context.channel.remoteAddress?.ipAddress ?? "unknown"
        if trustedProxies.contains(address), let header = request.headers[.xForwardedFor] {
            // Each proxy adds at the end, so the last one that is no proxy of ours is the client.
            let hops = header.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }
            if let client = hops.last(where: { !trustedProxies.contains(String($0)) }) {
                address = String(client.prefix(64))
            }
        }
        text = address
        isLoopback = address == "127.0.0.1" || address == "::1" || address.hasPrefix("127.")
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
    static let onsaleProof = named("Onsale-Proof")
    static let lastEventID = named("Last-Event-ID")
    static let xAccelBuffering = named("X-Accel-Buffering")
}
