package import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
package import OnsaleEngine

/// A payment provider that speaks Stripe's PaymentIntents protocol.
///
/// Every POST carries an idempotency key made of order, step and attempt, so that repeating a step has no second
/// effect. Only the parts of an answer we use are required; everything else may be missing.
package struct StripeGateway: PaymentGateway {
    /// How long a call may take before it counts as unanswered.
    private static let timeoutSeconds: Int64 = 5
    private static let probeSeconds: Int64 = 2
    /// Pinned, so that answers keep their shape. <https://docs.stripe.com/api/versioning>
    private static let version = "2024-06-20"
    /// The most pages of refunds read, a hundred refunds each.
    private static let pagesMax = 20
    /// Because clocks differ, an order's payments are looked for in the list from this long before it was placed.
    private static let listBeforeSeconds: Int64 = 300

    private let baseURL: String
    private let secretKey: String
    private let publicURL: String
    private let client: HTTPClient
    private let list = PaymentList()

    /// - Parameters:
    ///   - baseURL: such as `https://api.stripe.com`, without a path.
    ///   - publicURL: where fans reach the pages, and return to from their bank.
    package init(baseURL: String, secretKey: String, publicURL: String, client: HTTPClient) {
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.secretKey = secretKey
        self.publicURL = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
        self.client = client
    }

    /// A client with room for all the calls the saga makes at once.
    package static func makeClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(2), read: .seconds(timeoutSeconds)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        configuration.connectionPool.idleTimeout = .seconds(30)
        // The pool's own back-off, up to a minute, would outlast an outage and block new calls.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        // `exchange` makes the spans.
        configuration.tracing.tracer = nil
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    // MARK: PaymentGateway

    package func authorize(_ order: PaymentOrder, attempt: Int) async throws -> Payment {
        guard let amount = StripeAmount.provider(order.amount, order.currency) else {
            return payment(of: order, status: .declined(code: "amount_not_chargeable"))
        }
        let answer = try await post(
            "/v1/payment_intents",
            [
                ("amount", String(amount)), ("currency", order.currency.lowercased()),
                ("payment_method", order.paymentMethod), ("payment_method_types[]", "card"),
                ("capture_method", "manual"), ("confirm", "true"), ("metadata[order]", order.reference),
                ("return_url", "\(publicURL)/events/\(order.event)/orders/\(order.reference)"),
            ], key: key(order, "authorize", attempt), order)
        switch answer {
        case .success(let body): return try payment(try decode(StripeProtocol.Intent.self, body))
        case .failure(let problem):
            // A method or an amount the provider refuses can't be charged, now or later. Any other fault in the request
            // (our key, our idempotency keys) is ours to fix, and leaves the order open.
            guard problem.type == "card_error" || problem.type == "invalid_request_error" else {
                throw unusable(problem)
            }
            return payment(
                of: order, intent: problem.paymentIntent?.id ?? "",
                status: .declined(code: problem.declineCode ?? problem.code ?? "card_declined"))
        }
    }

    package func capture(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment {
        let answer = try await post(
            "/v1/payment_intents/\(try name(intent))/capture", [], key: key(order, "capture", attempt), order)
        switch answer {
        case .success(let body): return try payment(try decode(StripeProtocol.Intent.self, body))
        case .failure(let problem) where problem.code == "payment_intent_unexpected_state":
            return try await self.payment(intent, currency: order.currency)
        case .failure(let problem):
            guard problem.type == "card_error" || problem.code == "charge_expired_for_capture" else {
                throw unusable(problem)
            }
            return payment(
                of: order, intent: intent, status: .declined(code: problem.declineCode ?? problem.code ?? "refused"))
        }
    }

    package func void(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment {
        let answer = try await post(
            "/v1/payment_intents/\(try name(intent))/cancel", [], key: key(order, "void-" + intent, attempt), order)
        switch answer {
        case .success(let body): return try payment(try decode(StripeProtocol.Intent.self, body))
        case .failure(let problem) where problem.code == "payment_intent_unexpected_state":
            return try await self.payment(intent, currency: order.currency)
        case .failure(let problem): throw unusable(problem)
        }
    }

    package func refund(_ intent: String, amount: Int64, for order: PaymentOrder, key: String) async throws -> Refund {
        guard let amount = StripeAmount.provider(amount, order.currency) else {
            throw PaymentGatewayError.rejected(status: 0, "the provider has no unit for \(amount) \(order.currency)")
        }
        let answer = try await post(
            "/v1/refunds",
            [
                ("payment_intent", try name(intent)), ("amount", String(amount)), ("metadata[order]", order.reference),
            ], key: key, order)
        switch answer {
        case .success(let body):
            return refund(try decode(StripeProtocol.Refund.self, body), currency: order.currency)
        case .failure(let problem): throw unusable(problem)
        }
    }

    package func payment(_ intent: String, currency: String) async throws -> Payment {
        switch try await get("/v1/payment_intents/\(try name(intent))?expand[]=latest_charge") {
        case .success(let body):
            let found = try decode(StripeProtocol.Intent.self, body)
            guard found.id == intent else {
                throw PaymentGatewayError.unanswered("the answer is about another payment")
            }
            return try payment(found)
        case .failure(let problem): throw unusable(problem)
        }
    }

    package func reference(of intent: String) async throws -> String? {
        try await payment(intent, currency: "").reference
    }

    package func payments(for order: PaymentOrder, placedAt: Int64, isRecent: Bool) async throws -> [Payment] {
        let searched = try await unlessUnsupported { try await search(order) }
        guard isRecent || searched == nil else { return searched ?? [] }
        // The search lags, but the list has what it hasn't found yet.
        let listed = try await unlessUnsupported { try await paymentsOnList(order, placedAt: placedAt) }
        guard searched != nil || listed != nil else {
            throw PaymentGatewayError.rejected(status: 404, "payments can be neither searched nor listed")
        }
        // A payment just fetched is newer than the search's copy.
        let found = listed ?? []
        return (searched ?? []).filter { old in !found.contains { $0.intent == old.intent } } + found
    }

    /// - Returns: nil if the provider doesn't support the call.
    private func unlessUnsupported(_ body: () async throws -> [Payment]) async throws -> [Payment]? {
        do { return try await body() } catch PaymentGatewayError.unknownPayment {
            return nil
        } catch PaymentGatewayError.rejected {
            return nil
        }
    }

    /// The search lags by up to a minute.
    private func search(_ order: PaymentOrder) async throws -> [Payment] {
        let query = FormCoding.encode([
            ("query", "metadata['order']:'\(order.reference)'"), ("expand[]", "data.latest_charge"), ("limit", "100"),
        ])
        switch try await get("/v1/payment_intents/search?\(query)") {
        case .success(let body):
            return try decode(StripeProtocol.List<StripeProtocol.Intent>.self, body).data
                .sorted { ($0.created ?? 0) < ($1.created ?? 0) }.map { try payment($0) }
        case .failure(let problem): throw unusable(problem)
        }
    }

    private func paymentsOnList(_ order: PaymentOrder, placedAt: Int64) async throws -> [Payment] {
        let since = placedAt / 1000 - StripeGateway.listBeforeSeconds
        let intents = try await list.intents(naming: order.reference, since: since) { time, after in
            var fields = [("limit", "100"), ("created[gte]", String(time.lowerBound))]
            if time.upperBound < .max { fields.append(("created[lte]", String(time.upperBound))) }
            if let after { fields.append(("starting_after", after)) }
            switch try await get("/v1/payment_intents?" + FormCoding.encode(fields)) {
            case .success(let body): return try decode(StripeProtocol.List<StripeProtocol.Intent>.self, body)
            case .failure(let problem): throw unusable(problem)
            }
        }
        var found: [Payment] = []
        for intent in intents {
            do {
                found.append(try await payment(intent, currency: order.currency))
            } catch PaymentGatewayError.unknownPayment {
                // It has gone since; the others count.
            }
        }
        return found
    }

    /// A page of what changed the balance at `since` (in seconds) or later, newest first, after the line `after`.
    func balance(
        since: Int64, after: String?
    ) async throws -> StripeProtocol.List<StripeProtocol.BalanceTransaction> {
        var fields = [("limit", "100"), ("created[gte]", String(since)), ("expand[]", "data.source")]
        if let after { fields.append(("starting_after", after)) }
        switch try await get("/v1/balance_transactions?" + FormCoding.encode(fields)) {
        case .success(let body): return try decode(StripeProtocol.List<StripeProtocol.BalanceTransaction>.self, body)
        case .failure(let problem): throw unusable(problem)
        }
    }

    package func refunds(of intent: String, currency: String) async throws -> [Refund] {
        var found: [Refund] = []
        var after: String?
        for _ in 0..<StripeGateway.pagesMax {
            var fields = [("payment_intent", try name(intent)), ("limit", "100")]
            if let after { fields.append(("starting_after", after)) }
            switch try await get("/v1/refunds?" + FormCoding.encode(fields)) {
            case .success(let body):
                let page = try decode(StripeProtocol.List<StripeProtocol.Refund>.self, body)
                found += page.data.map { refund($0, currency: currency) }
                guard page.hasMore ?? false, let last = page.data.last else { return found }
                after = last.id
            case .failure(let problem): throw unusable(problem)
            }
        }
        return found
    }

    package func isDisputed(_ intent: String) async throws -> Bool {
        let query = FormCoding.encode([("payment_intent", try name(intent)), ("limit", "100")])
        switch try await get("/v1/disputes?" + query) {
        case .success(let body):
            return try decode(StripeProtocol.List<StripeProtocol.Dispute>.self, body).data.contains {
                $0.countsAgainstUs
            }
        case .failure(let problem): throw unusable(problem)
        }
    }

    package func probe() async throws {
        do {
            let answer = try await send(
                .GET, "/v1/payment_intents?limit=1", [:], body: nil, timeoutSeconds: StripeGateway.probeSeconds)
            // A proxy's page for the lost is an answer, too, but nobody's who takes payments.
            if case .success(let body) = answer, body.readableBytesView.first != UInt8(ascii: "{") {
                throw PaymentGatewayError.unanswered("the answer is no JSON")
            }
        } catch PaymentGatewayError.rejected(let status, _) where status < 300 || status >= 400 {
        } catch PaymentGatewayError.unknownPayment {
        } catch PaymentGatewayError.busy {
            // It answers, and it knows us.
        }
    }

    // MARK: What answers mean

    private func key(_ order: PaymentOrder, _ step: String, _ attempt: Int) -> String {
        "\(order.reference)-\(step)" + (attempt == 0 ? "" : "-\(attempt + 1)")
    }

    /// An intent's id for use in a path, where nothing else may appear.
    private func name(_ intent: String) throws(PaymentGatewayError) -> String {
        let isName =
            (1...255).contains(intent.utf8.count)
            && intent.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "-")
            }
        guard isName else { throw .unknownPayment }
        return intent
    }

    /// The payment we asked for, when the answer tells only its status.
    private func payment(of order: PaymentOrder, intent: String = "", status: PaymentStatus) -> Payment {
        Payment(
            intent: intent, status: status, amount: order.amount, currency: order.currency, reference: order.reference)
    }

    private func payment(_ intent: StripeProtocol.Intent) throws -> Payment {
        _ = try name(intent.id)
        let currency = intent.currency.uppercased()
        let status: PaymentStatus
        switch intent.status {
        case .requiresCapture: status = .authorized
        case .succeeded:
            guard let received = intent.amountReceived else {
                throw PaymentGatewayError.unanswered("the payment succeeded without an amount")
            }
            status = .captured(amount: StripeAmount.minor(received, currency))
        case .canceled: status = .canceled
        case .requiresPaymentMethod:
            let failure = intent.lastPaymentError
            status = .declined(code: failure?.declineCode ?? failure?.code ?? "card_declined")
        case .requiresAction:
            // A fan in a browser can only take an action that is a page.
            status =
                intent.nextAction?.redirect?.url.flatMap(StripeGateway.pageURL).map { .requiresAction(url: $0) }
                ?? .declined(code: "authentication_required")
        case .processing, .requiresConfirmation: status = .pending
        case .unknown(let name): throw PaymentGatewayError.unanswered("unknown payment status: \(name.prefix(40))")
        }
        var chargeRefunded: Int64?
        var isDisputed: Bool?
        if case .expanded(let charge)? = intent.latestCharge {
            chargeRefunded = charge.amountRefunded.map { StripeAmount.minor($0, currency) }
            isDisputed = charge.disputed
        }
        return Payment(
            intent: intent.id, status: status, amount: StripeAmount.minor(intent.amount, currency), currency: currency,
            reference: intent.metadata.map { $0["order"] ?? "" }, chargeRefunded: chargeRefunded,
            isDisputed: isDisputed)
    }

    private static let urlBytesMax = 2048

    private static func pageURL(_ text: String) -> String? {
        guard text.utf8.count <= urlBytesMax, let url = URL(string: text), url.host != nil,
            url.scheme == "https" || url.scheme == "http"
        else { return nil }
        return text
    }

    private func refund(_ refund: StripeProtocol.Refund, currency: String) -> Refund {
        let status: Refund.Status =
            switch refund.status {
            case "succeeded": .succeeded
            case "failed", "canceled": .failed
            default: .pending
            }
        return Refund(
            id: refund.id, amount: StripeAmount.minor(max(0, refund.amount), currency), status: status,
            isOurs: refund.metadata.map { $0["order"] != nil } ?? true)
    }

    // MARK: The wire

    private enum Answer {
        case success(ByteBuffer)
        case failure(StripeProtocol.Problem)
    }

    private func post(
        _ path: String, _ fields: [(String, String)], key: String, _ order: PaymentOrder
    ) async throws -> Answer {
        let headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key]
        return try await send(.POST, path, headers, body: ByteBuffer(string: FormCoding.encode(fields)))
    }

    private func get(_ path: String) async throws -> Answer {
        try await send(.GET, path, [:], body: nil)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders, body sent: ByteBuffer?,
        timeoutSeconds: Int64 = timeoutSeconds
    ) async throws -> Answer {
        var headers = headers
        headers.add(name: "Authorization", value: "Bearer \(secretKey)")
        headers.add(name: "Stripe-Version", value: StripeGateway.version)
        let answer: HTTPClient.Exchange
        do {
            answer = try await client.exchange(
                method, baseURL + path, headers, body: sent, timeoutSeconds: timeoutSeconds)
        } catch {
            throw PaymentGatewayError.unanswered("\(error)")
        }
        let status = answer.status
        if (200..<300).contains(status.code) { return .success(answer.body) }
        let problem = try? decode(StripeProtocol.ErrorBody.self, answer.body).error
        switch status.code {
        case 401: throw PaymentGatewayError.unauthorized
        // The key may be allowed other calls; this refusal says nothing about them.
        case 403: throw PaymentGatewayError.rejected(status: 403, problem?.message ?? "this key may not do that")
        case 404: throw PaymentGatewayError.unknownPayment
        // The same key is still being processed, or there are too many calls.
        case 409, 429: throw PaymentGatewayError.busy(retryAfterSeconds: answer.retryAfterSeconds)
        case 500...: throw PaymentGatewayError.failed(status: Int(status.code), intent: problem?.paymentIntent?.id)
        default: break
        }
        guard let problem else {
            throw PaymentGatewayError.rejected(status: Int(status.code), "the answer does not follow the protocol")
        }
        guard status == .badRequest || status == .paymentRequired else {
            throw PaymentGatewayError.rejected(status: Int(status.code), problem.message ?? problem.type ?? "")
        }
        if problem.type == "idempotency_error" { throw PaymentGatewayError.keyConflict }
        return .failure(problem)
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ body: ByteBuffer) throws -> Value {
        do {
            return try StripeProtocol.decoder.decode(type, from: body)
        } catch {
            throw PaymentGatewayError.unanswered("the answer does not follow the protocol: \(error)")
        }
    }

    private func unusable(_ problem: StripeProtocol.Problem) -> PaymentGatewayError {
        .rejected(status: 400, "\(problem.type ?? "") \(problem.code ?? "") \(problem.message ?? "")")
    }
}
