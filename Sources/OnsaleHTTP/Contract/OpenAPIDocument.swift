import HTTPTypes
import NIOCore
import OnsaleAccounts

/// The contract as OpenAPI 3.1, written from what the endpoints declare.
struct OpenAPIDocument: Sendable {
    let bytes: ByteBuffer
    let value: JSONValue

    init(_ operations: [Operation], version: String) {
        let value: JSONValue = [
            "openapi": "3.1.0",
            "info": [
                "title": "Onsale", "version": .text(version),
                "summary": "Sells tickets, also when everyone comes at once.",
                "description": .text(OpenAPIDocument.description),
            ],
            "servers": [["url": "/"]],
            "tags": .array(
                Operation.Tag.allCases.map { ["name": .text($0.rawValue), "description": .text($0.description)] }),
            "paths": OpenAPIDocument.paths(operations),
            "components": OpenAPIDocument.components(operations),
        ]
        self.value = value
        var writer = JSONWriter(capacity: 128 << 10)
        writer.value(value)
        bytes = writer.buffer
    }

    private static let description = """
        Times are RFC 3339 in UTC with milliseconds. Money is in minor units of the event's currency. Identifiers are \
        opaque strings, sortable by time; a seat is named by its `seat_guid`, a standing area by its name.

        Errors are `application/problem+json` (RFC 9457). A known path with another method answers 405 \
        `method-not-allowed` with `Allow`; HEAD is answered wherever GET is. Whoever guesses at the staff's tokens is \
        answered 429 `rate-limited` for a while, wherever that token is taken.

        Where several nodes serve, every answer names its node in `onsale-node`, and in `onsale-owner` the one that \
        decided, if that is another. `unavailable` means that the event is moving between them, or that its node does not \
        answer.

        A 2xx answer to a write means: on disk. 503 means: not known; repeat with the same Idempotency-Key. Bodies have \
        at most 64 KiB where nothing else is said.
        """

    // MARK: Paths

    private static func paths(_ operations: [Operation]) -> JSONValue {
        var paths: [JSONValue.Member] = []
        var order: [String] = []
        for operation in operations where !order.contains(operation.path) { order.append(operation.path) }
        for path in order {
            var members: [JSONValue.Member] = []
            let variables = path.split(separator: "/").filter { $0.hasPrefix(":") }
                .compactMap { Parameter.ofPath[String($0.dropFirst())] }
            if !variables.isEmpty {
                members.append(.init(name: "parameters", value: .array(variables.map(\.reference))))
            }
            for operation in operations where operation.path == path {
                members.append(.init(name: operation.method.rawValue.lowercased(), value: describe(operation)))
            }
            let parts = path.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
            paths.append(.init(name: "/" + parts.joined(separator: "/"), value: .object(members)))
        }
        return .object(paths)
    }

    private static func describe(_ operation: Operation) -> JSONValue {
        var value: JSONValue = ["operationId": .text(operation.id), "summary": .text(operation.summary)]
        if let details = operation.details { value = value.with("description", .text(details)) }
        value = value.with("tags", [.text(operation.tag.rawValue)])
        value = value.with(
            "security",
            .array(
                operation.schemes.map { scheme in
                    let roles = scheme == "accountToken" ? operation.roles.map { JSONValue.text($0.rawValue) } : []
                    return scheme.isEmpty ? .object([]) : .object([.init(name: scheme, value: .array(roles))])
                }))
        if !operation.parameters.isEmpty {
            value = value.with("parameters", .array(operation.parameters.map(\.reference)))
        }
        if let body = operation.body {
            value = value.with(
                "requestBody", ["required": true, "content": ["application/json": ["schema": body.reference]]])
        }
        return value.with("responses", .object(responses(operation)))
    }

    private static func responses(_ operation: Operation) -> [JSONValue.Member] {
        var responses: [(status: Int, value: JSONValue)] = operation.answers.map { ($0.status, describe($0)) }
        for status in Set(operation.refusals.map(\.slug.status)) {
            let refusals = operation.refusals.filter { $0.slug.status == status }
            let told = refusals.filter { !$0.reason.isEmpty }
            var value: JSONValue = ["$ref": .text("#/components/responses/" + ProblemGroup.of(status).name)]
            if !told.isEmpty {
                let words = refusals.map { "`\($0.slug.rawValue)`" + ($0.reason.isEmpty ? "" : ": \($0.reason)") }
                value = value.with("description", .text(words.joined(separator: "; ") + "."))
            }
            responses.append((status, value))
        }
        return responses.sorted { $0.status < $1.status }.map { .init(name: "\($0.status)", value: $0.value) }
    }

    private static func describe(_ answer: Operation.Answer) -> JSONValue {
        var value: JSONValue = [
            "description": .text(answer.description),
            "headers": .object(([.requestID] + answer.headers).map(\.member)),
        ]
        if let mediaType = answer.mediaType, let shape = answer.shape {
            var content: JSONValue = ["schema": shape.reference]
            if let example = answer.example { content = content.with("example", .text(example)) }
            value = value.with("content", .object([.init(name: mediaType, value: content)]))
        }
        return value
    }

    // MARK: Components

    private static func components(_ operations: [Operation]) -> JSONValue {
        let pathParameters = Parameter.ofPath.values.sorted { $0.name < $1.name }
        let parameters = pathParameters + operations.flatMap(\.parameters)
        var shapes = operations.flatMap { operation in
            (operation.body?.named ?? []) + operation.answers.flatMap { $0.shape?.named ?? [] }
        }
        shapes += parameters.flatMap(\.shape.named) + Shape.streamed.flatMap(\.named) + Shape.problem.named
        return [
            "securitySchemes": SecurityScheme.document,
            "parameters": object(parameters, name: \.component, value: \.definition),
            "headers": .object(AnswerHeader.all.map { .init(name: $0.component, value: $0.definition) }),
            "responses": .object(ProblemGroup.all.map { .init(name: $0.name, value: $0.definition) }),
            "schemas": object(shapes, name: \.name, value: \.schema),
        ]
    }

    /// Each once, under its name.
    private static func object<Element>(
        _ elements: [Element], name: (Element) -> String?, value: (Element) -> JSONValue
    ) -> JSONValue {
        var members: [JSONValue.Member] = []
        for element in elements {
            guard let name = name(element), !members.contains(where: { $0.name == name }) else { continue }
            members.append(.init(name: name, value: value(element)))
        }
        return .object(members)
    }
}

/// The problems of one status, as the document has them.
private struct ProblemGroup {
    let status: Int
    let name: String
    let description: String
    var headers: [AnswerHeader] = []

    var definition: JSONValue {
        [
            "description": .text(description),
            "headers": .object(([.requestID] + headers).map(\.member)),
            "content": ["application/problem+json": ["schema": Shape.problem.reference]],
        ]
    }

    static func of(_ status: Int) -> ProblemGroup {
        guard let group = all.first(where: { $0.status == status }) else {
            preconditionFailure("every status of a problem is described")
        }
        return group
    }

    static let all = [
        ProblemGroup(
            status: 400, name: "BadRequest", description: "`malformed-request`: the request can't be read."),
        ProblemGroup(
            status: 401, name: "Unauthenticated", description: "`unauthenticated`: there is no valid bearer token.",
            headers: [.authenticate]),
        ProblemGroup(status: 403, name: "Forbidden", description: "`forbidden`: this token may not do this."),
        ProblemGroup(
            status: 404, name: "NotFound",
            description: "`not-found`: there is no such thing, or none that this token may see."),
        ProblemGroup(status: 409, name: "Conflict", description: "It can't be done as things stand."),
        ProblemGroup(status: 410, name: "Gone", description: "It has ended."),
        ProblemGroup(status: 413, name: "TooLarge", description: "`too-large`: the body is too large."),
        ProblemGroup(
            status: 415, name: "UnsupportedMediaType",
            description: "`unsupported-media-type`: the body is not application/json."),
        ProblemGroup(
            status: 422, name: "InvalidRequest",
            description: "`invalid-request`: `errors` says what is wrong, and where."),
        ProblemGroup(
            status: 428, name: "ChallengeRequired",
            description:
                "`challenge-required`: a proof of work is asked for; `prefix` and `bits` say which. Send it as "
                + "`Onsale-Proof`."),
        ProblemGroup(
            status: 429, name: "RateLimited",
            description: "`rate-limited`: too many requests from this address or buyer; nothing was done.",
            headers: [.retryAfter, .rateLimit, .rateLimitPolicy]),
        ProblemGroup(
            status: 503, name: "Overloaded",
            description:
                "`overloaded`, `unavailable`: not known whether it was done; repeat it with the same Idempotency-Key.",
            headers: [.retryAfter]),
    ]
}
