/// Something that a request may say beside its body.
struct Parameter: Sendable {
    let name: String
    /// `path`, `query` or `header`.
    let location: String
    let isRequired: Bool
    let description: String
    let shape: Shape
    /// Under which the document has it, for others to refer to; nil where it stands in its operation.
    let component: String?

    init(
        _ component: String?, _ name: String, in location: String, isRequired: Bool = false, _ description: String,
        _ shape: Shape = .text
    ) {
        self.component = component
        self.name = name
        self.location = location
        self.isRequired = isRequired
        self.description = description
        self.shape = shape
    }

    var definition: JSONValue {
        var value: JSONValue = ["name": .text(name), "in": .text(location)]
        if isRequired { value = value.with("required", true) }
        return value.with("description", .text(description)).with("schema", shape.reference)
    }

    var reference: JSONValue {
        component.map { ["$ref": .text("#/components/parameters/" + $0)] } ?? definition
    }
}

extension Parameter {
    // MARK: In the path

    /// What each `:name` of a path means.
    static let ofPath: [String: Parameter] = [
        "event": Parameter("Event", "event", in: "path", isRequired: true, "The event's id."),
        "hold": Parameter("Hold", "hold", in: "path", isRequired: true, "The hold's id."),
        "order": Parameter("Order", "order", in: "path", isRequired: true, "The order's id."),
        "buyer": Parameter(nil, "buyer", in: "path", isRequired: true, "The buyer's id."),
        "ticket": Parameter(nil, "ticket", in: "path", isRequired: true, "The ticket's id."),
        "endpoint": Parameter("Endpoint", "endpoint", in: "path", isRequired: true, "The endpoint's id."),
        "delivery": Parameter(nil, "delivery", in: "path", isRequired: true, "The delivery's id, a `webhook-id`."),
        "account": Parameter(nil, "account", in: "path", isRequired: true, "The account's id."),
        "slug": Parameter(
            "ProblemSlug", "slug", in: "path", isRequired: true, "The end of a problem's `type`.",
            .text.with("examples", ["sold-out"])),
    ]

    // MARK: In the query

    static let state = Parameter("State", "state", in: "query", "Only orders in this state.", .orderState)
    static let email = Parameter(
        nil, "email", in: "query", "Only orders of the buyer with this address, however it is typed.")
    static let seat = Parameter(
        nil, "seat", in: "query", "Only orders with this seat, whatever became of them.",
        .text.with("examples", ["F1-1-1"]))
    static let direction = Parameter(
        nil, "order", in: "query", "Which orders come first.", .word("oldest", "newest").with("default", "oldest"))
    static let after = Parameter(
        "After", "after", in: "query", "Only orders after this one: `next` of the page before.")
    static let limit = Parameter(
        "Limit", "limit", in: "query", "Orders on a page.", .count(1...500).with("default", 100))
    static let limitOfMine = Parameter(
        nil, "limit", in: "query", "Orders on a page.", .count(1...100).with("default", 50))
    static let ticket = Parameter("Ticket", "ticket", in: "query", "The ticket, for clients that can set no header.")

    // MARK: In the header

    private static let key = Shape.text(pattern: #"^[\x21-\x7E]+$"#, length: 1...255)
    static let idempotencyKey = Parameter(
        "IdempotencyKey", "Idempotency-Key", in: "header",
        "Makes a repetition safe: the same key and body give the first answer again, for 24 hours.", key)
    static let idempotencyKeyRequired = Parameter(
        "IdempotencyKeyRequired", "Idempotency-Key", in: "header", isRequired: true,
        "Makes a repetition safe: the same key and body give the first answer again, for 24 hours. A repeated order is "
            + "answered as it stands now.", key)
    static let prefer = Parameter(
        "Prefer", "Prefer", in: "header", "`wait=10` waits up to 10 seconds (30 at most) for the order to be final.",
        .text.with("examples", ["wait=10"]))
    static let traceparent = Parameter(
        "Traceparent", "traceparent", in: "header",
        "W3C trace context, kept with the order and passed on; a malformed one is ignored.",
        .text.with("examples", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]))
    static let ifNoneMatch = Parameter(
        "IfNoneMatch", "If-None-Match", in: "header", "The ETag of a plan that is known already.")
    static let lastEventID = Parameter(
        "LastEventID", "Last-Event-ID", in: "header", "The version that is known already.",
        .text(pattern: "^[0-9]+$").with("examples", ["17"]))
    static let proof = Parameter(
        "OnsaleProof", "Onsale-Proof", in: "header",
        "Where a proof of work is asked for: a number such that SHA-256 of `prefix` and the number begins with `bits` "
            + "zero bits. `prefix` is `onsale-join:EVENT:BUYER:`.",
        .text(length: 0...32).with("examples", ["482113"]))
    static let stripeSignature = Parameter(
        "StripeSignature", "Stripe-Signature", in: "header", isRequired: true,
        "Time and HMAC of the body, as Stripe writes it.")
}

/// A header that an answer may carry.
struct AnswerHeader: Sendable {
    let name: String
    let component: String
    let description: String
    let isRequired: Bool
    let shape: Shape

    init(_ component: String, _ name: String, _ description: String, _ shape: Shape = .text, isRequired: Bool = true) {
        self.component = component
        self.name = name
        self.description = description
        self.shape = shape
        self.isRequired = isRequired
    }

    var definition: JSONValue {
        var value: JSONValue = ["description": .text(description)]
        if isRequired { value = value.with("required", true) }
        return value.with("schema", shape.reference)
    }

    var member: JSONValue.Member {
        .init(name: name, value: ["$ref": .text("#/components/headers/" + component)])
    }
}

extension AnswerHeader {
    static let requestID = AnswerHeader(
        "RequestId", "x-request-id",
        "Names the request in the logs: its own `x-request-id` of 1 to 128 visible ASCII characters, else a new one.")
    static let location = AnswerHeader(
        "Location", "Location", "Path of what was made.", .text.with("format", "uri-reference"))
    static let retryAfter = AnswerHeader(
        "RetryAfter", "Retry-After", "Seconds to wait before the next try.", .count(1...))
    static let rateLimit = AnswerHeader(
        "RateLimit", "RateLimit",
        "The limit that was reached (`address` or `buyer`), what is left of it, and in how many seconds there is more.",
        .text.with("examples", ["\"buyer\";r=0;t=1"]))
    static let rateLimitPolicy = AnswerHeader(
        "RateLimitPolicy", "RateLimit-Policy",
        "That limit: requests at once, and the seconds after which as many are there again.",
        .text.with("examples", ["\"buyer\";q=20;w=4"]))
    static let authenticate = AnswerHeader("Authenticate", "WWW-Authenticate", "The scheme to use.", .word("Bearer"))
    static let preferenceApplied = AnswerHeader(
        "PreferenceApplied", "Preference-Applied", "The wait that was granted, as in `wait=10`.", isRequired: false)
    static let cacheControl = AnswerHeader("CacheControl", "Cache-Control", "How long the answer may be kept.")
    static let etag = AnswerHeader("ETag", "ETag", "Names this plan.")
    static let contentDisposition = AnswerHeader(
        "ContentDisposition", "Content-Disposition", "A file name to save it under.")

    static let all = [
        requestID, location, retryAfter, rateLimit, rateLimitPolicy, authenticate, preferenceApplied, cacheControl,
        etag,
        contentDisposition,
    ]
}
