import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleAccounts
import OnsaleCorrelation
import OnsaleEngine
import OnsaleValues

/// A request that has been let in: who asks, and what for.
struct Call<Caller: Sendable, Content: Sendable>: Sendable {
    let request: Request
    let context: OnsaleContext
    let caller: Caller
    let content: Content
    /// The body as it came.
    let bytes: ByteBuffer

    /// What stands in the path at `:name`.
    func parameter(_ name: String) -> String? { context.parameters.get(name) }
    var query: Parameters { request.uri.queryParameters }
}

/// How a body is read.
struct BodyRule<Content: Sendable>: Sendable {
    let shape: Shape?
    /// nil: no body is read.
    let bytesMax: Int?
    let read: @Sendable (Request, ByteBuffer) throws(Problem) -> Content
}

extension BodyRule where Content == Void {
    static var nothing: BodyRule { BodyRule(shape: nil, bytesMax: nil) { _, _ in () } }

    /// Read, but looked at by nobody but the fingerprint of a key.
    static var anything: BodyRule { BodyRule(shape: nil, bytesMax: Body.bytesMax) { _, _ in () } }

    /// Left to the handler, which reads it in its own way.
    static func bytes(_ shape: Shape, upTo bytesMax: Int = Body.bytesMax) -> BodyRule {
        BodyRule(shape: shape, bytesMax: bytesMax) { _, _ in () }
    }
}

/// A body of JSON with the shape that the contract gives it.
protocol JSONBody: Decodable, Sendable {
    static var shape: Shape { get }
}

extension BodyRule where Content: JSONBody {
    static func json(_ type: Content.Type) -> BodyRule {
        BodyRule(shape: Content.shape, bytesMax: Body.bytesMax) { request, bytes throws(Problem) in
            try Body.decode(Content.self, from: request, bytes)
        }
    }
}

extension BodyRule {
    /// JSON where it comes as such; anything else is as good as nothing.
    static func ifAny<Body: JSONBody>(_: Body.Type) -> BodyRule where Content == Body? {
        BodyRule(shape: Body.shape, bytesMax: OnsaleHTTP.Body.bytesMax) { request, bytes throws(Problem) in
            guard bytes.readableBytes > 0, OnsaleHTTP.Body.isJSON(request) else { return nil }
            return try OnsaleHTTP.Body.decode(Body.self, from: request, bytes)
        }
    }
}

/// One way into the service: what the contract says of it, and what is done. Whoever may not use it, asks too often or sends
/// what can't be read never gets as far as the handler.
struct Endpoint: Sendable {
    let operation: Operation
    /// The nodes are nil where there is only this one.
    let respond: @Sendable (Request, OnsaleContext, Gate, EventClient, Nodes?) async throws -> Response

    /// One that isn't about a single event.
    init<Caller: Sendable, Content: Sendable>(
        _ id: String, _ method: HTTPRequest.Method, _ path: String, for tag: Operation.Tag, at node: ServingNode,
        _ summary: String, _ details: String? = nil,
        by access: Access<Caller>, isLimited: Bool = false, takes body: BodyRule<Content>,
        _ parameters: [Parameter] = [],
        gives answers: [Operation.Answer], refuses: KeyValuePairs<Problem.Slug, String> = [:],
        _ handle: @escaping @Sendable (Call<Caller, Content>) async throws -> Response
    ) {
        operation = Operation(
            id, method, path, tag, node, summary, details, access.schemes, access.roles, isLimited: isLimited,
            body.shape,
            reads: body.bytesMax != nil, .none, parameters, answers, Array(refuses))
        respond = { request, context, gate, _, nodes in
            let caller = try await access.admit(gate, request, context, nil)
            context.correlation.learn(buyer: access.buyer(caller)?.text)
            if isLimited { try gate.limit(request, context, buyer: access.buyer(caller)) }
            var request = request
            if node == .creator,
                let passed = try await nodes?.passToCreator(&request, context, bodyBytesMax: body.bytesMax)
            {
                return passed
            }
            return try await handle(Endpoint.call(request, context, caller, body, .none))
        }
    }

    /// One that is about an event: `path` goes on behind `/v1/events/:event`.
    init<Caller: Sendable, Content: Sendable>(
        _ id: String, _ method: HTTPRequest.Method, event path: String, for tag: Operation.Tag, at node: ServingNode,
        _ summary: String, _ details: String? = nil,
        by access: Access<Caller>, isLimited: Bool = false, takes body: BodyRule<Content>,
        key: Operation.KeyRule = .none, _ parameters: [Parameter] = [],
        gives answers: [Operation.Answer], refuses: KeyValuePairs<Problem.Slug, String> = [:],
        _ handle: @escaping @Sendable (EventHandle, Call<Caller, Content>) async throws -> Response
    ) {
        operation = Operation(
            id, method, "/v1/events/:event" + path, tag, node, summary, details, access.schemes, access.roles,
            isLimited: isLimited,
            body.shape, reads: body.bytesMax != nil, key, parameters, answers, Array(refuses))
        respond = { request, context, gate, events, nodes in
            var request = request
            let way = nodes.map { OwnersWay($0, to: node, bodyBytesMax: body.bytesMax) }
            let passed = try await way?.passUnheardOf(&request, context, events) { request throws(Problem) in
                if isLimited { try gate.limit(request, context, buyer: nil) }
            }
            if let passed { return passed }
            // Whose token is for one event is told first whether there is such an event.
            var event = access.isForOneEvent ? try await Endpoint.event(request, context, gate, events) : nil
            let caller = try await access.admit(gate, request, context, event)
            let buyer = access.buyer(caller)
            if isLimited { try gate.limit(request, context, buyer: buyer) }
            if event == nil { event = try await Endpoint.event(request, context, gate, events) }
            guard let event else { throw Problem.notFound }
            context.correlation.learn(event: event.id, buyer: buyer?.text)
            if let passed = try await way?.pass(&request, context, about: event.id) { return passed }
            let call = try await Endpoint.call(request, context, caller, body, key)
            do {
                var response = try await handle(event, call)
                // No cache between here and the organizer has a draft.
                if event.view.profile.isDraft { response.headers[.cacheControl] = "private, no-store" }
                return response
            } catch let error as EngineError where error.isMoved {
                let passed = try await way?.passMoved(&request, call.bytes, context, about: event.id)
                guard let passed else { throw error }
                return passed
            }
        }
    }

    /// The event in the path, if the caller may know of it.
    private static func event(
        _ request: Request, _ context: OnsaleContext, _ gate: Gate, _ events: EventClient
    ) async throws -> EventHandle {
        let event = try await events.event(context)
        try await gate.requireShown(event, request, context)
        return event
    }

    private static func call<Caller, Content>(
        _ request: Request, _ context: OnsaleContext, _ caller: Caller, _ rule: BodyRule<Content>,
        _ key: Operation.KeyRule
    ) async throws -> Call<Caller, Content> {
        var bytes = ByteBuffer()
        if let bytesMax = rule.bytesMax { bytes = try await Body.collect(request, upTo: bytesMax) }
        if key != .none { try IdempotencyHeader.check(request, isRequired: key == .required) }
        let content = try rule.read(request, bytes)
        return Call(request: request, context: context, caller: caller, content: content, bytes: bytes)
    }
}

extension Operation {
    fileprivate init(
        _ id: String, _ method: HTTPRequest.Method, _ path: String, _ tag: Tag, _ node: ServingNode, _ summary: String,
        _ details: String?, _ schemes: [String], _ roles: [StaffRole], isLimited: Bool, _ body: Shape?, reads: Bool,
        _ key: KeyRule,
        _ parameters: [Parameter], _ answers: [Answer], _ refuses: [(key: Problem.Slug, value: String)]
    ) {
        let isOpen = schemes.isEmpty || schemes.contains("")
        var slugs: [Problem.Slug] = []
        if body != nil || key != .none { slugs.append(.malformedRequest) }
        if key == .required { slugs.append(.idempotencyKeyRequired) }
        if !isOpen { slugs += [.unauthenticated, .forbidden] }
        if path.contains("/:event") { slugs.append(.notFound) }
        if path.contains("/:event") || node != .any { slugs += [.overloaded, .unavailable] }
        // Nobody may be able to say whose token it is.
        if !roles.isEmpty, !slugs.contains(.unavailable) { slugs.append(.unavailable) }
        if reads { slugs.append(.tooLarge) }
        if body != nil { slugs += [.unsupportedMediaType, .invalidRequest] }
        if isLimited { slugs.append(.rateLimited) }
        // What the declaration has to say of them counts more than what is said of all.
        let implied = slugs.filter { slug in !refuses.contains { $0.key == slug } }
        self.id = id
        self.method = method
        self.path = path
        self.tag = tag
        self.node = node
        self.summary = summary
        self.details = details
        self.schemes = schemes
        self.roles = roles
        self.body = body
        let keys: [Parameter] =
            switch key {
            case .none: []
            case .taken: [.idempotencyKey]
            case .required: [.idempotencyKeyRequired]
            }
        self.parameters = keys + parameters
        self.answers = answers
        refusals =
            implied.map { Refusal(slug: $0, reason: "") } + refuses.map { Refusal(slug: $0.key, reason: $0.value) }
    }
}
