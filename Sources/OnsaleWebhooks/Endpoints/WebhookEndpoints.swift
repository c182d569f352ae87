import OnsaleMigrations
import OnsaleTables
import OnsaleValues

/// What the organizer may ask and do. Besides refusals, whatever the tables throw.
package struct WebhookEndpoints: Sendable {
    /// The most deliveries on a page.
    package static let pageMax = 100

    private let tables: any Tables
    private let webhooks: WebhookTables
    private let reach: WebhookURL.Reach
    /// Rings when there is something to send.
    private let bell: Doorbell

    init(tables: any Tables, webhooks: WebhookTables, reach: WebhookURL.Reach, bell: Doorbell) {
        self.tables = tables
        self.webhooks = webhooks
        self.reach = reach
        self.bell = bell
    }

    /// Adds an endpoint, which gets whatever happens from now on.
    /// - Returns: it, and its secret, which is not told again.
    /// - Throws: ``WebhookRefusal``.
    package func create(url: String, types: [String]) async throws -> (WebhookEndpoint, WebhookSecret) {
        let parsed: WebhookURL
        let filter: EndpointFilter
        do throws(URLRefusal) { parsed = try WebhookURL(url, reach: reach) } catch { throw WebhookRefusal.url(error) }
        do throws(EndpointFilter.Malformed) { filter = try EndpointFilter(types) } catch {
            throw WebhookRefusal.types(error)
        }
        var random = SystemRandomNumberGenerator()
        let (id, secret) = (EndpointID(using: &random), WebhookSecret(using: &random))
        let endpoint = try await write { webhooks, session, now in
            try webhooks.create(id, url: parsed, filter: filter, secret: secret, at: now, in: session)
        }
        return (endpoint, secret)
    }

    /// All endpoints, the oldest first.
    package func all() async throws -> [WebhookEndpoint] {
        try await tables.read { [webhooks] in try webhooks.endpoints(in: $0) }
    }

    /// - Throws: ``WebhookRefusal/unknownEndpoint``.
    package func endpoint(_ id: String) async throws -> WebhookEndpoint {
        let id = try WebhookEndpoints.id(id)
        return try await tables.read { [webhooks] in try webhooks.endpoint(id, in: $0) }
    }

    /// Removes an endpoint, its secrets and its deliveries. What is under way to it may still arrive.
    /// - Throws: ``WebhookRefusal/unknownEndpoint``.
    package func remove(_ id: String) async throws {
        let id = try WebhookEndpoints.id(id)
        try await write { webhooks, session, _ in
            _ = try webhooks.endpoint(id, in: session)
            try webhooks.remove(id, in: session)
        }
    }

    /// Gives an endpoint a new secret. The one before signs beside it for another day.
    /// - Returns: the new one, which is not told again.
    /// - Throws: ``WebhookRefusal/unknownEndpoint``, ``SecretSeal/Broken``.
    package func rotateSecret(of id: String) async throws -> WebhookSecret {
        let id = try WebhookEndpoints.id(id)
        var random = SystemRandomNumberGenerator()
        let secret = WebhookSecret(using: &random)
        try await write { webhooks, session, now in
            _ = try webhooks.endpoint(id, in: session)
            try webhooks.rotate(id, to: secret, at: now, in: session)
        }
        return secret
    }

    /// Switches an endpoint on again. What was pending goes on; what happened meanwhile it doesn't get.
    /// - Throws: ``WebhookRefusal/unknownEndpoint``.
    package func switchOn(_ id: String) async throws -> WebhookEndpoint {
        let id = try WebhookEndpoints.id(id)
        let endpoint = try await write { webhooks, session, _ in
            _ = try webhooks.endpoint(id, in: session)
            try webhooks.switchOn(id, in: session)
            return try webhooks.endpoint(id, in: session)
        }
        bell.ring()
        return endpoint
    }

    /// An endpoint's deliveries, the newest first.
    /// - Parameters:
    ///   - before: the last one of the page before.
    ///   - limit: at most ``pageMax``.
    /// - Throws: ``WebhookRefusal``.
    package func deliveries(of id: String, before: String? = nil, limit: Int = pageMax) async throws -> [LoggedDelivery]
    {
        let id = try WebhookEndpoints.id(id)
        let cursor = try before.map(WebhookEndpoints.message)
        let count = min(max(1, limit), WebhookEndpoints.pageMax)
        return try await tables.read { [webhooks] session in
            _ = try webhooks.endpoint(id, in: session)
            return try webhooks.deliveries(of: id, before: cursor, limit: count, in: session)
        }
    }

    /// Sends a message once more, with the same `webhook-id`, whatever became of it; failures are retried as at first.
    /// - Throws: ``WebhookRefusal``.
    package func redeliver(_ message: String, to id: String) async throws {
        let (id, message) = (try WebhookEndpoints.id(id), try WebhookEndpoints.message(message))
        try await write { webhooks, session, now in
            try webhooks.redeliver(message, to: id, at: now, in: session)
        }
        bell.ring()
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (WebhookTables, any SQLSession, _ now: Int64) throws -> Value
    ) async throws -> Value {
        try await tables.write { [tables, webhooks] session in
            try body(webhooks, session, try tables.now(in: session))
        }
    }

    private static func id(_ text: String) throws(WebhookRefusal) -> EndpointID {
        guard let id = EndpointID(text: text) else { throw .unknownEndpoint }
        return id
    }

    private static func message(_ text: String) throws(WebhookRefusal) -> WebhookID {
        guard let id = WebhookID(text: text) else { throw .unknownDelivery }
        return id
    }
}

/// Why something isn't done for the organizer.
package enum WebhookRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case url(URLRefusal)
    case types(EndpointFilter.Malformed)
    /// There are so many already.
    case tooManyEndpoints(Int)
    case unknownEndpoint
    case unknownDelivery
    /// The endpoint is off, so nothing is sent to it.
    case switchedOff

    package var description: String {
        switch self {
        case .url(let refusal): refusal.description
        case .types(let refusal): refusal.description
        case .tooManyEndpoints(let count): "there are \(count) endpoints already; remove one first"
        case .unknownEndpoint: "there is no such endpoint"
        case .unknownDelivery: "the endpoint has no such delivery, or not any more"
        case .switchedOff: "the endpoint is switched off"
        }
    }
}
