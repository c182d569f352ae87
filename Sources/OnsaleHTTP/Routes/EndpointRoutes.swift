import HTTPTypes
import Hummingbird
import OnsaleValues
import OnsaleWebhooks

/// The organizer's programs that are told what happens, by Standard Webhooks.
struct EndpointRoutes: RouteGroup {
    /// nil where nobody is told.
    let webhooks: WebhookEndpoints?

    private static let path = "/v1/webhook-endpoints"

    var endpoints: [Endpoint] { managing + logging }

    private var managing: [Endpoint] {
        [
            Endpoint(
                "createWebhookEndpoint", .post, EndpointRoutes.path, for: .organizer, at: .any,
                "Has whatever happens from now on told to an address.",
                "Deliveries follow Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`, at "
                    + "least once, in no promised order, for three days with growing pauses. They are never sent to private "
                    + "addresses unless `ONSALE_WEBHOOK_PRIVATE` is set. `/asyncapi.json` has the types and their data.",
                by: .owner, takes: .json(CreateWebhookEndpoint.self),
                gives: [.init(201, "The endpoint, with the secret, which is not told again.", .newWebhookEndpoint)],
                refuses: [.unavailable: ""], create),
            Endpoint(
                "listWebhookEndpoints", .get, EndpointRoutes.path, for: .organizer, at: .any,
                "Lists the endpoints, oldest first.", by: .owner, takes: .nothing,
                gives: [.init(200, "The endpoints.", .webhookEndpoints)], refuses: [.unavailable: ""], list),
            Endpoint(
                "getWebhookEndpoint", .get, EndpointRoutes.path + "/:endpoint", for: .organizer, at: .any,
                "Says how an endpoint stands.", by: .owner, takes: .nothing,
                gives: [.init(200, "The endpoint.", .webhookEndpoint)],
                refuses: [.notFound: "there is no such endpoint", .unavailable: ""], get),
            Endpoint(
                "deleteWebhookEndpoint", .delete, EndpointRoutes.path + "/:endpoint", for: .organizer, at: .any,
                "Removes an endpoint with its deliveries.", "What is under way may still arrive.", by: .owner,
                takes: .nothing, gives: [.init(204, "It is gone.")],
                refuses: [.notFound: "there is no such endpoint", .unavailable: ""], remove),
            Endpoint(
                "rotateWebhookSecret", .post, EndpointRoutes.path + "/:endpoint/secret", for: .organizer, at: .any,
                "Gives an endpoint a new secret.", "The one before signs beside it for another day.", by: .owner,
                takes: .nothing, gives: [.init(201, "The secret, which is not told again.", .webhookSecret)],
                refuses: [.notFound: "there is no such endpoint", .unavailable: ""], rotate),
            Endpoint(
                "switchOnWebhookEndpoint", .post, EndpointRoutes.path + "/:endpoint/switch-on", for: .organizer,
                at: .any, "Switches an endpoint on again.",
                "What was pending goes on; what happened meanwhile it doesn't get.", by: .owner, takes: .nothing,
                gives: [.init(200, "The endpoint.", .webhookEndpoint)],
                refuses: [.notFound: "there is no such endpoint", .unavailable: ""], switchOn),
        ]
    }

    private var logging: [Endpoint] {
        [
            Endpoint(
                "listWebhookDeliveries", .get, EndpointRoutes.path + "/:endpoint/deliveries", for: .organizer, at: .any,
                "Lists an endpoint's deliveries, newest first, with their attempts.", by: .owner, takes: .nothing,
                [.beforeDelivery, .limitOfDeliveries],
                gives: [.init(200, "A page of deliveries.", .webhookDeliveries)],
                refuses: [.notFound: "there is no such endpoint", .invalidRequest: "", .unavailable: ""], deliveries),
            Endpoint(
                "redeliverWebhook", .post, EndpointRoutes.path + "/:endpoint/deliveries/:delivery/redeliver",
                for: .organizer, at: .any, "Sends a message once more, with the same `webhook-id`.",
                "Failures are retried as at first.", by: .owner, takes: .nothing,
                gives: [.init(202, "It is sent soon.")],
                refuses: [
                    .notFound: "there is no such endpoint, or it has no such delivery",
                    .invalidRequest: "the endpoint is switched off", .unavailable: "",
                ], redeliver),
        ]
    }

    // MARK: Managing

    private func create(_ call: Call<StaffMember, CreateWebhookEndpoint>) async throws -> Response {
        let (endpoint, secret) = try await asking {
            try await $0.create(url: call.content.url, types: call.content.types)
        }
        return .json(.created, headers: [.location: "\(EndpointRoutes.path)/\(endpoint.id.text)"]) { writer in
            write(endpoint, to: &writer)
            writer.member("secret", secret.text)
        }
    }

    private func list(_ call: Call<StaffMember, Void>) async throws -> Response {
        let all = try await asking { try await $0.all() }
        return .json(.ok) { writer in
            writer.array("endpoints") { writer in
                for endpoint in all { writer.object { write(endpoint, to: &$0) } }
            }
        }
    }

    private func get(_ call: Call<StaffMember, Void>) async throws -> Response {
        let endpoint = try await asking { try await $0.endpoint(call.endpoint) }
        return .json(.ok) { write(endpoint, to: &$0) }
    }

    private func remove(_ call: Call<StaffMember, Void>) async throws -> Response {
        try await asking { try await $0.remove(call.endpoint) }
        return .noContent
    }

    private func rotate(_ call: Call<StaffMember, Void>) async throws -> Response {
        let secret = try await asking { try await $0.rotateSecret(of: call.endpoint) }
        return .json(.created) { $0.member("secret", secret.text) }
    }

    private func switchOn(_ call: Call<StaffMember, Void>) async throws -> Response {
        let endpoint = try await asking { try await $0.switchOn(call.endpoint) }
        return .json(.ok) { write(endpoint, to: &$0) }
    }

    private func write(_ endpoint: WebhookEndpoint, to writer: inout JSONWriter) {
        writer.member("id", endpoint.id.text)
        writer.member("url", endpoint.url)
        writer.member("types", strings: endpoint.filter.patterns)
        writer.member("createdAt", endpoint.createdAt)
        writer.member("failures", endpoint.failures)
        writer.member("switchedOff", endpoint.switchedOff?.rawValue)
    }

    // MARK: The log

    private func deliveries(_ call: Call<StaffMember, Void>) async throws -> Response {
        let limit = call.query.get("limit").map { Int($0) } ?? WebhookEndpoints.pageMax
        guard let limit, (1...WebhookEndpoints.pageMax).contains(limit) else {
            throw Problem.invalid("/limit", "must be from 1 to \(WebhookEndpoints.pageMax)")
        }
        let page = try await asking { webhooks in
            do {
                return try await webhooks.deliveries(
                    of: call.endpoint, before: call.query.get("before").map { String($0) }, limit: limit)
            } catch WebhookRefusal.unknownDelivery {
                throw Problem.invalid("/before", "is not a delivery of this endpoint, or not any more")
            }
        }
        return .json(.ok) { writer in
            writer.array("deliveries") { writer in
                for delivery in page { writer.object { write(delivery, to: &$0) } }
            }
            writer.member("next", page.count == limit ? page.last?.message.text : nil)
        }
    }

    private func write(_ delivery: LoggedDelivery, to writer: inout JSONWriter) {
        writer.member("id", delivery.message.text)
        writer.member("type", delivery.type)
        writer.member("state", delivery.state.rawValue)
        writer.member("createdAt", delivery.createdAt)
        writer.member("dueAt", delivery.state == .pending ? delivery.dueAt : nil)
        writer.array("attempts") { writer in
            for attempt in delivery.attempts {
                writer.object { writer in
                    writer.member("number", attempt.number)
                    writer.member("at", attempt.beganAt)
                    writer.member("milliseconds", attempt.durationMilliseconds)
                    writer.member("outcome", attempt.outcome)
                    writer.member("status", attempt.status)
                    writer.member("answer", attempt.answer)
                }
            }
        }
    }

    private func redeliver(_ call: Call<StaffMember, Void>) async throws -> Response {
        guard let delivery = call.parameter("delivery") else { throw Problem.notFound }
        try await asking { try await $0.redeliver(delivery, to: call.endpoint) }
        return Response(status: .accepted)
    }

    // MARK: Asking

    private func asking<Value>(_ body: (WebhookEndpoints) async throws -> Value) async throws -> Value {
        guard let webhooks else { throw Problem(.unavailable, "Nobody is told of anything here.") }
        return try await kept {
            do { return try await body(webhooks) } catch let refusal as WebhookRefusal { throw Problem(refusal) }
        }
    }
}

extension Call {
    /// The endpoint of webhooks in the path.
    fileprivate var endpoint: String { parameter("endpoint") ?? "" }
}

extension Problem {
    fileprivate init(_ refusal: WebhookRefusal) {
        switch refusal {
        case .url, .tooManyEndpoints: self = .invalid("/url", refusal.description)
        case .types: self = .invalid("/types", refusal.description)
        case .unknownEndpoint, .unknownDelivery: self = .notFound
        case .switchedOff: self = .invalid("", refusal.description)
        }
    }
}

struct CreateWebhookEndpoint: JSONBody {
    static let shape = Shape.createWebhookEndpoint

    let url: String
    let types: [String]
}

extension Parameter {
    static let beforeDelivery = Parameter(
        nil, "before", in: "query", "Only deliveries older than this one: `next` of the page before.")
    static let limitOfDeliveries = Parameter(
        nil, "limit", in: "query", "Deliveries on a page.",
        .count(1...WebhookEndpoints.pageMax).with("default", .number(WebhookEndpoints.pageMax)))
}
