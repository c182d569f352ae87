package import AsyncHTTPClient
package import Foundation
import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import NIOHTTP1

/// A payment provider for rehearsals: Stripe's protocol on a real socket, with cards that fail in every known way.
///
/// Intents and keys are on disk before it answers, so it may be killed together with the server that uses it.
package struct PaymentsSandbox: Sendable {
    /// Where webhooks go, and the secret that signs them.
    package struct Webhook: Sendable {
        package let url: String
        package let secret: String

        package init(url: String, secret: String) {
            self.url = url
            self.secret = secret
        }
    }

    /// What a payment method does apart from paying.
    private enum Behaviour: String {
        case visa = "pm_card_visa"
        case declined = "pm_card_chargeDeclined"
        case slow = "pm_sandbox_slow"
        case timeout = "pm_sandbox_timeout"
        case error = "pm_sandbox_error"
        case captureFails = "pm_sandbox_captureFails"
        case authenticationRequired = "pm_card_authenticationRequired"
    }

    /// How long an answer that should never come is held back; no client waits this long.
    private static let neverSeconds = 120

    let store: SandboxStore
    private let secretKey: String
    private let webhooks: WebhookSender?
    private let host: String
    private let port: Int
    private let logger: Logger

    /// - Parameters:
    ///   - folder: where its log is kept.
    ///   - port: 0 picks a free one.
    package init(
        folder: URL, host: String, port: Int, secretKey: String, webhook: Webhook?, client: HTTPClient, logger: Logger
    ) throws {
        store = try SandboxStore(folder: folder)
        self.secretKey = secretKey
        webhooks = webhook.map { WebhookSender(url: $0.url, secret: $0.secret, client: client, logger: logger) }
        self.host = host
        self.port = port
        self.logger = logger
    }

    /// The server. `onRunning` receives the port it listens on.
    package func application(onRunning: @escaping @Sendable (Int) async -> Void = { _ in }) -> some ApplicationProtocol
    {
        Application(
            responder: CallbackResponder { request, context in await respond(to: request, context) },
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: .init(address: .hostname(host, port: port), backlog: 1024),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) },
            logger: serverLogger)
    }

    /// The framework's own log. A cancelled connection is no news while the process ends.
    private var serverLogger: Logger {
        var logger = logger
        logger.logLevel = .critical
        return logger
    }

    // MARK: Requests

    private func respond(to request: Request, _ context: BasicRequestContext) async -> Response {
        // The payer has no key; the address itself is the secret.
        if request.uri.path.hasPrefix(SandboxPage.path) {
            return await (try? authenticate(request)) ?? problem(400, "invalid_request_error", "This can't be read.")
        }
        guard request.headers[.authorization] == "Bearer \(secretKey)" else {
            return problem(401, "invalid_request_error", code: "invalid_api_key", "Invalid API key.")
        }
        do {
            return try await route(request)
        } catch is CancellationError {
            // The client has gone, or the process is ending.
            return problem(503, "api_error", "The sandbox is stopping.")
        } catch {
            logger.warning("The sandbox could not keep a payment", metadata: ["error": "\(error)"])
            return problem(500, "api_error", "The sandbox could not keep this.")
        }
    }

    private func route(_ request: Request) async throws -> Response {
        let path = request.uri.path.split(separator: "/").map(String.init)
        let isPost = request.method == .post
        let body = try await request.body.collect(upTo: 1 << 16)
        let form = FormCoding.decode(isPost ? String(buffer: body) : request.uri.query ?? "")
        let key = HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] }
        let fingerprint = request.uri.path + "?" + String(buffer: body)
        let origin = "http://" + (request.head.authority ?? "\(host):\(port)")
        switch (path.count, isPost) {
        case (2, true) where path == ["v1", "payment_intents"]:
            return try await create(form, key: key, fingerprint: fingerprint, origin: origin)
        case (4, true) where path.starts(with: ["v1", "payment_intents"]) && path[3] == "capture":
            return try await capture(path[2], key: key, fingerprint: fingerprint)
        case (4, true) where path.starts(with: ["v1", "payment_intents"]) && path[3] == "cancel":
            return try await cancel(path[2], key: key, fingerprint: fingerprint)
        case (2, true) where path == ["v1", "refunds"]:
            return try await refund(form, key: key, fingerprint: fingerprint)
        case (3, false) where path == ["v1", "payment_intents", "search"]:
            return search(form["query"] ?? "")
        case (2, false) where path == ["v1", "payment_intents"]: return list(form)
        case (2, false) where path == ["v1", "balance_transactions"]: return balance(form)
        case (2, false) where path == ["v1", "refunds"]:
            return json(
                200, StripeProtocol.List(data: store.read { $0.records[form["payment_intent"] ?? ""]?.refunds } ?? []))
        case (2, false) where path == ["v1", "disputes"]:
            return json(200, StripeProtocol.List<StripeProtocol.Dispute>(data: []))
        case (3, false) where path.starts(with: ["v1", "payment_intents"]):
            guard let record = store.read({ $0.records[path[2]] }) else { return missing(path[2]) }
            return json(200, expanded(record))
        default:
            return problem(404, "invalid_request_error", "Unrecognized request URL.")
        }
    }

    private func create(
        _ form: [String: String], key: String?, fingerprint: String, origin: String
    ) async throws -> Response {
        guard let amount = form["amount"].flatMap(Int64.init), amount > 0, let currency = form["currency"] else {
            return problem(400, "invalid_request_error", code: "parameter_missing", "amount and currency are required.")
        }
        guard let method = form["payment_method"], let behaviour = Behaviour(rawValue: method) else {
            return problem(400, "invalid_request_error", code: "resource_missing", "No such PaymentMethod.")
        }
        let order = form["metadata[order]"]
        return try await keyed(key, fingerprint: fingerprint, behaviour) { state in
            let number =
                "\(Int64(Date().timeIntervalSince1970 * 1000))" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
            let isDeclined = behaviour == .declined
            let intent = StripeProtocol.Intent(
                id: "pi_" + number, amount: amount, amountCapturable: isDeclined ? 0 : amount, amountReceived: 0,
                currency: currency, status: isDeclined ? .requiresPaymentMethod : .requiresCapture,
                captureMethod: "manual", paymentMethod: method, metadata: order.map { ["order": $0] } ?? [:],
                latestCharge: .id("ch_" + number), created: Int64(Date().timeIntervalSince1970))
            if behaviour == .authenticationRequired {
                return (SandboxPage.record(intent, returnURL: form["return_url"], origin: origin), nil, nil)
            }
            let record = SandboxStore.Record(intent: intent, refunded: 0)
            if isDeclined {
                return (
                    record, "payment_intent.payment_failed",
                    problemAnswer(
                        402, "card_error", code: "card_declined", declineCode: "generic_decline",
                        "Your card was declined.", intent: intent)
                )
            }
            // No webhook: a client that confirms in the request has its answer already, and later changes send their
            // own.
            return (record, nil, shown(intent))
        }
    }

    /// The payer's page, and the outcome of its two buttons.
    private func authenticate(_ request: Request) async throws -> Response {
        let path = request.uri.path.dropFirst(SandboxPage.path.count).split(separator: "/").map(String.init)
        guard path.count == 2, let record = store.read({ $0.records[path[0]] }),
            let authentication = record.authentication, authentication.secret == path[1]
        else { return problem(404, "invalid_request_error", "There is no such payment to confirm.") }
        guard request.method == .post else { return SandboxPage.page(for: record) }
        let body = String(buffer: try await request.body.collect(upTo: 4096))
        let isForm = request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") ?? false
        guard let outcome = isForm ? FormCoding.decode(body)["outcome"] : SandboxPage.outcome(json: body),
            ["agree", "refuse"].contains(outcome)
        else {
            return problem(400, "invalid_request_error", "Send an outcome: agree or refuse.")
        }
        let shownIntent = try await keyed(nil, fingerprint: "", nil) { state in
            guard var record = state.records[path[0]], record.intent.status == .requiresAction else {
                return (nil, nil, state.records[path[0]].map { shown($0.intent) })
            }
            record.intent.nextAction = nil
            guard outcome == "agree" else {
                record.intent.status = .requiresPaymentMethod
                record.intent.lastPaymentError = .init(code: "payment_intent_authentication_failure", declineCode: nil)
                return (record, "payment_intent.payment_failed", shown(record.intent))
            }
            record.intent.status = .requiresCapture
            record.intent.amountCapturable = record.intent.amount
            return (record, "payment_intent.amount_capturable_updated", shown(record.intent))
        }
        guard isForm, let back = authentication.returnURL else { return shownIntent }
        return Response(status: .seeOther, headers: [.location: back])
    }

    private func capture(_ id: String, key: String?, fingerprint: String) async throws -> Response {
        let behaviour = store.read { $0.records[id]?.intent.paymentMethod }.flatMap(Behaviour.init)
        return try await keyed(key, fingerprint: fingerprint, behaviour == .slow ? .visa : behaviour) { state in
            guard var record = state.records[id] else { return (nil, nil, missingAnswer(id)) }
            guard record.intent.status == .requiresCapture else {
                return (nil, nil, unexpectedState(record, "captured"))
            }
            if behaviour == .captureFails {
                return (
                    nil, nil,
                    problemAnswer(
                        402, "card_error", code: "card_declined", declineCode: "capture_refused",
                        "The issuer refuses this capture.", intent: record.intent)
                )
            }
            record.intent.status = .succeeded
            record.intent.amountReceived = record.intent.amount
            record.capturedAt = Int64(Date().timeIntervalSince1970)
            record.intent.amountCapturable = 0
            return (record, "payment_intent.succeeded", shown(record.intent))
        }
    }

    private func cancel(_ id: String, key: String?, fingerprint: String) async throws -> Response {
        try await keyed(key, fingerprint: fingerprint, nil) { state in
            guard var record = state.records[id] else { return (nil, nil, missingAnswer(id)) }
            guard record.intent.status != .succeeded else {
                return (nil, nil, unexpectedState(record, "canceled"))
            }
            record.intent.status = .canceled
            record.intent.nextAction = nil
            record.intent.amountCapturable = 0
            return (record, "payment_intent.canceled", shown(record.intent))
        }
    }

    private func refund(_ form: [String: String], key: String?, fingerprint: String) async throws -> Response {
        let id = form["payment_intent"] ?? ""
        return try await keyed(key, fingerprint: fingerprint, nil) { state in
            guard var record = state.records[id] else { return (nil, nil, missingAnswer(id)) }
            let left = (record.intent.amountReceived ?? 0) - record.refunded
            let amount = form["amount"].flatMap(Int64.init) ?? left
            guard left > 0 else {
                return (
                    nil, nil,
                    problemAnswer(
                        400, "invalid_request_error", code: "charge_already_refunded",
                        "The charge has already been refunded.")
                )
            }
            guard amount > 0, amount <= left else {
                return (nil, nil, problemAnswer(400, "invalid_request_error", "The amount is more than is left."))
            }
            record.refunded += amount
            let refund = StripeProtocol.Refund(
                id: "re_" + String(UInt64.random(in: 0...UInt64.max), radix: 36), amount: amount,
                currency: record.intent.currency, paymentIntent: id, status: "succeeded",
                created: Int64(Date().timeIntervalSince1970))
            record.refunds = (record.refunds ?? []) + [refund]
            return (record, "charge.refunded", answer(200, refund))
        }
    }

    private func search(_ query: String) -> Response {
        let parts = query.split(separator: "'")
        guard parts.count == 4, parts[0] == "metadata[", parts[1] == "order", parts[2] == "]:" else {
            return problem(400, "invalid_request_error", "Only metadata['order']:'value' can be searched.")
        }
        let found = store.read { state in
            (state.intentsByOrder[String(parts[3])] ?? []).compactMap { state.records[$0] }
        }
        return json(200, StripeProtocol.List(data: found.map(expanded)))
    }

    static let pageMax = 100

    /// Newest first, within a time range.
    private func list(_ form: [String: String]) -> Response {
        let from = form["created[gte]"].flatMap(Int64.init) ?? 0
        let to = form["created[lte]"].flatMap(Int64.init) ?? .max
        let limit = min(PaymentsSandbox.pageMax, max(1, form["limit"].flatMap(Int.init) ?? 10))
        let after = form["starting_after"]
        let found = store.read { $0.newest(from: from, to: to, after: after, atMost: limit + 1) }
        return json(200, StripeProtocol.List(data: Array(found.prefix(limit)), hasMore: found.count > limit))
    }

    // MARK: Keys

    /// The record to store, the webhook to send, and the answer; without an answer, the changed intent is shown.
    private typealias Change = (SandboxStore.Record?, String?, SandboxStore.Answer?)

    /// Does what is asked once per key, as the payment method behaves.
    private func keyed(
        _ key: String?, fingerprint: String, _ behaviour: Behaviour?,
        _ body: @Sendable (inout SandboxStore.State) -> Change
    ) async throws -> Response {
        if let key, let known = store.read({ $0.answers[key] }) {
            guard known.fingerprint == fingerprint else {
                return problem(400, "idempotency_error", "This key was used with other parameters.")
            }
            return response(known)
        }
        let tries = key.map { store.countTry($0) } ?? 0
        // Fails twice per request, whatever its keys: after such an answer a client takes a new key.
        if behaviour == .error, store.countTry(fingerprint) < 2 {
            return problem(500, "api_error", "The sandbox fails as told.")
        }
        if behaviour == .slow { try await Task.sleep(for: .seconds(3)) }
        var event: (type: String, intent: StripeProtocol.Intent)?
        let answer = try await store.change(key: key) { state in
            if let key, let known = state.answers[key] { return (nil, known) }
            let (record, type, special) = body(&state)
            guard var answer = special ?? record.map({ shown($0.intent) }) else { return (nil, missingAnswer("")) }
            answer.fingerprint = fingerprint
            if let record, let type { event = (type, record.intent) }
            return (record, answer)
        }
        if let event { webhooks?.send(event.type, SandboxPage.object(event.type, event.intent)) }
        if behaviour == .timeout, tries == 0 {
            try await Task.sleep(for: .seconds(PaymentsSandbox.neverSeconds))
        }
        return response(answer)
    }

    // MARK: Answers

    private func expanded(_ record: SandboxStore.Record) -> StripeProtocol.Intent {
        var intent = record.intent
        if case .id(let id)? = intent.latestCharge {
            intent.latestCharge = .expanded(.init(id: id, amountRefunded: record.refunded, disputed: false))
        }
        return intent
    }

    private func answer(_ status: Int, _ body: some Encodable) -> SandboxStore.Answer {
        // Plain structs of strings and integers always encode.
        let data = (try? StripeProtocol.encoder.encode(body)) ?? Data()
        return SandboxStore.Answer(
            fingerprint: "", status: status, body: String(decoding: data, as: UTF8.self),
            at: Int64(Date().timeIntervalSince1970))
    }

    private func shown(_ intent: StripeProtocol.Intent) -> SandboxStore.Answer {
        var answer = answer(200, intent)
        answer.showsIntent = true
        return answer
    }

    private func problemAnswer(
        _ status: Int, _ type: String, code: String? = nil, declineCode: String? = nil, _ message: String,
        intent: StripeProtocol.Intent? = nil
    ) -> SandboxStore.Answer {
        answer(
            status,
            StripeProtocol.ErrorBody(
                error: .init(
                    type: type, code: code, declineCode: declineCode, message: message,
                    paymentIntent: intent.map { .init(id: $0.id) }))
        )
    }

    private func missingAnswer(_ id: String) -> SandboxStore.Answer {
        problemAnswer(404, "invalid_request_error", code: "resource_missing", "No such payment_intent: '\(id)'")
    }

    private func unexpectedState(_ record: SandboxStore.Record, _ what: String) -> SandboxStore.Answer {
        problemAnswer(
            400, "invalid_request_error", code: "payment_intent_unexpected_state",
            "This PaymentIntent could not be \(what) because it has a status of \(record.intent.status.name).",
            intent: record.intent)
    }

    func problem(
        _ status: Int, _ type: String, code: String? = nil, declineCode: String? = nil, _ message: String
    ) -> Response {
        response(problemAnswer(status, type, code: code, declineCode: declineCode, message))
    }

    private func missing(_ id: String) -> Response { response(missingAnswer(id)) }

    func json(_ status: Int, _ body: some Encodable) -> Response { response(answer(status, body)) }

    private func response(_ answer: SandboxStore.Answer) -> Response {
        Response(
            status: .init(code: answer.status), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: answer.body)))
    }
}

/// What the sandbox took and gave back per order, for comparison with the journal.
package struct SandboxAccount: Hashable, Sendable {
    package let order: String
    package let intent: String
    package let captured: Int64
    package let refunded: Int64
    package let isAuthorized: Bool

    /// Reads a sandbox's log without changing it; empty if there is none.
    /// - Throws: if the log is damaged.
    package static func read(folder: URL) throws -> [SandboxAccount] {
        try SandboxStore.load(folder.appendingPathComponent("payments.log")).records.values.map { record in
            SandboxAccount(
                order: record.intent.metadata?["order"] ?? "", intent: record.intent.id,
                captured: record.intent.amountReceived ?? 0, refunded: record.refunded,
                isAuthorized: record.intent.status == .requiresCapture)
        }.sorted { $0.intent < $1.intent }
    }
}
