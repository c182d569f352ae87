import HTTPTypes

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
    static let xAccelBuffering = named("X-Accel-Buffering")
}
