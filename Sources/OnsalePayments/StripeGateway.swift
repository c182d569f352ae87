public import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
public import OnsaleEngine

/// A payment provider that speaks Stripe's PaymentIntents protocol.
///
/// Every POST carries an idempotency key made of the order and the step, so that a repeated step is the same step.
public struct StripeGateway: PaymentGateway {
    /// How long one call may take before it counts as unanswered.
    private static let timeoutSeconds: Int64 = 5

    private let baseURL: String
    private let secretKey: String
    private let client: HTTPClient

    /// - Parameter baseURL: such as `https://api.stripe.com`, without a path.
    public init(baseURL: String, secretKey: String, client: HTTPClient) {
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.secretKey = secretKey
        self.client = client
    }

    /// A client with room for all calls that a saga makes at a time.
    public static func makeClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(2), read: .seconds(timeoutSeconds)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    // MARK: PaymentGateway

    public func authorize(_ order: PaymentOrder) async throws -> Payment {
        let answer = try await post(
            "/v1/payment_intents",
            [
                ("amount", String(order.amount)), ("currency", order.currency.lowercased()),
                ("payment_method", order.paymentMethod), ("payment_method_types[]", "card"),
                ("capture_method", "manual"), ("confirm", "true"), ("metadata[order]", order.reference),
            ], key: order.reference + "-authorize", order)
        switch answer {
        case .success(let body): return payment(try decode(StripeProtocol.Intent.self, body))
        case .failure(let problem):
            // A method or an amount that the provider does not take can't be charged, today or later. Anything else that
            // is wrong with the request (our key, our use of keys) is for us to mend, and leaves the order open.
            guard problem.type == "card_error" || problem.type == "invalid_request_error" else {
                throw unusable(problem)
            }
            return Payment(
                intent: problem.paymentIntent?.id ?? "",
                status: .declined(code: problem.declineCode ?? problem.code ?? "card_declined"))
        }
    }

    public func capture(_ intent: String, for order: PaymentOrder) async throws -> Payment {
        let answer = try await post(
            "/v1/payment_intents/\(intent)/capture", [], key: order.reference + "-capture", order)
        switch answer {
        case .success(let body): return payment(try decode(StripeProtocol.Intent.self, body))
        case .failure(let problem) where problem.code == "payment_intent_unexpected_state":
            return try await self.payment(intent)
        case .failure(let problem):
            guard problem.type == "card_error" || problem.code == "charge_expired_for_capture" else {
                throw unusable(problem)
            }
            return Payment(intent: intent, status: .declined(code: problem.declineCode ?? problem.code ?? "refused"))
        }
    }

    public func void(_ intent: String, for order: PaymentOrder) async throws -> Payment {
        let answer = try await post(
            "/v1/payment_intents/\(intent)/cancel", [], key: order.reference + "-void-" + intent, order)
        switch answer {
        case .success(let body): return payment(try decode(StripeProtocol.Intent.self, body))
        case .failure(let problem) where problem.code == "payment_intent_unexpected_state":
            return try await self.payment(intent)
        case .failure(let problem): throw unusable(problem)
        }
    }

    public func refund(_ intent: String, amount: Int64, for order: PaymentOrder) async throws -> Int64 {
        let answer = try await post(
            "/v1/refunds",
            [("payment_intent", intent), ("amount", String(amount)), ("metadata[order]", order.reference)],
            key: order.reference + "-refund-" + intent, order)
        switch answer {
        case .success(let body):
            let refund = try decode(StripeProtocol.Refund.self, body)
            return refund.status == "succeeded" ? refund.amount : try await refunded(intent)
        case .failure(let problem) where problem.code == "charge_already_refunded": return try await refunded(intent)
        case .failure(let problem): throw unusable(problem)
        }
    }

    /// What of a payment has gone back, by the provider's own account.
    private func refunded(_ intent: String) async throws -> Int64 {
        if case .captured(_, let refunded) = try await payment(intent).status { return refunded }
        return 0
    }

    public func payment(_ intent: String) async throws -> Payment {
        switch try await get("/v1/payment_intents/\(intent)?expand[]=latest_charge") {
        case .success(let body): return payment(try decode(StripeProtocol.Intent.self, body))
        case .failure(let problem): throw unusable(problem)
        }
    }

    public func payments(for reference: String) async throws -> [Payment] {
        let query = FormCoding.encode([
            ("query", "metadata['order']:'\(reference)'"), ("expand[]", "data.latest_charge"),
        ])
        switch try await get("/v1/payment_intents/search?\(query)") {
        case .success(let body):
            return try decode(StripeProtocol.List<StripeProtocol.Intent>.self, body).data.map { payment($0) }
        case .failure(let problem): throw unusable(problem)
        }
    }

    private func payment(_ intent: StripeProtocol.Intent) -> Payment {
        let status: PaymentStatus
        switch intent.status {
        case .requiresCapture: status = .authorized
        case .succeeded:
            var refunded: Int64 = 0
            if case .expanded(let charge)? = intent.latestCharge { refunded = charge.amountRefunded }
            status = .captured(amount: intent.amountReceived, refunded: refunded)
        case .canceled: status = .canceled
        case .requiresPaymentMethod: status = .declined(code: "card_declined")
        // A card that wants its holder to act can't be waited for: nobody is there to ask.
        case .requiresAction: status = .declined(code: "authentication_required")
        case .processing, .requiresConfirmation: status = .pending
        }
        return Payment(intent: intent.id, status: status)
    }

    // MARK: The wire

    private enum Answer {
        case success(ByteBuffer)
        case failure(StripeProtocol.Problem)
    }

    private func post(
        _ path: String, _ fields: [(String, String)], key: String, _ order: PaymentOrder
    ) async throws -> Answer {
        var headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key]
        if let trace = order.trace { headers.add(name: "traceparent", value: trace) }
        return try await send(.POST, path, headers, body: ByteBuffer(string: FormCoding.encode(fields)))
    }

    private func get(_ path: String) async throws -> Answer {
        try await send(.GET, path, [:], body: nil)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders, body sent: ByteBuffer?
    ) async throws -> Answer {
        var headers = headers
        headers.add(name: "Authorization", value: "Bearer \(secretKey)")
        let status: HTTPResponseStatus
        let body: ByteBuffer
        do {
            let answer = try await client.exchange(
                method, baseURL + path, headers, body: sent, timeoutSeconds: StripeGateway.timeoutSeconds)
            status = answer.status
            body = answer.body
        } catch {
            throw PaymentGatewayError.unanswered("\(error)")
        }
        if (200..<300).contains(status.code) { return .success(body) }
        // 409: the same key is still being worked on; 429 and 5xx: later.
        guard (400..<500).contains(status.code), status != .conflict, status != .tooManyRequests else {
            throw PaymentGatewayError.unanswered("status \(status.code)")
        }
        guard let problem = try? decode(StripeProtocol.ErrorBody.self, body).error else {
            throw PaymentGatewayError.rejected(status: Int(status.code), "an answer that is not the protocol's")
        }
        if status == .notFound { throw PaymentGatewayError.unknownPayment }
        guard status == .badRequest || status == .paymentRequired else {
            throw PaymentGatewayError.rejected(status: Int(status.code), problem.message ?? problem.type)
        }
        return .failure(problem)
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ body: ByteBuffer) throws -> Value {
        do {
            return try StripeProtocol.decoder.decode(type, from: body)
        } catch {
            throw PaymentGatewayError.unanswered("an answer that is not the protocol's: \(error)")
        }
    }

    private func unusable(_ problem: StripeProtocol.Problem) -> PaymentGatewayError {
        .rejected(status: 400, "\(problem.type) \(problem.code ?? "") \(problem.message ?? "")")
    }
}
