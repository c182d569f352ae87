import Foundation
import Metrics
import OnsaleCorrelation
package import OnsaleEngine
import Tracing

/// A payment gateway whose calls are counted, timed and traced. What it answers is what the one inside answers.
package struct ObservedGateway: PaymentGateway {
    private enum Operation: String, CaseIterable {
        case authorize
        case capture
        case void
        case refund
        case payment
        case payments
        case refunds
        case dispute
        case reference
        case probe

        var outcomes: [String] {
            let errors: [PaymentGatewayError] = [
                .unanswered(""), .failed(status: 0, intent: nil), .busy(retryAfterSeconds: nil), .notAsked,
                .keyConflict,
                .unauthorized, .rejected(status: 0, ""), .unknownPayment,
            ]
            let declined = self == .authorize || self == .capture ? ["declined"] : []
            return ["ok"] + declined + errors.map(\.outcome)
        }
    }

    private let inner: any PaymentGateway
    private let durations: [Operation: Metrics.Timer]
    /// All there can be, so that each begins at zero and its first event is seen as an increase.
    private let outcomes: [Operation: [String: Counter]]

    package init(_ inner: any PaymentGateway) {
        self.inner = inner
        outcomes = Dictionary(
            uniqueKeysWithValues: Operation.allCases.map { operation in
                let counters = operation.outcomes.map { outcome in
                    let labels = [("operation", operation.rawValue), ("outcome", outcome)]
                    return (outcome, Counter(label: "onsale_provider_requests_total", dimensions: labels))
                }
                return (operation, Dictionary(uniqueKeysWithValues: counters))
            })
        durations = Dictionary(
            uniqueKeysWithValues: Operation.allCases.map { operation in
                let timer = Metrics.Timer(
                    label: "onsale_provider_request_seconds", dimensions: [("operation", operation.rawValue)])
                return (operation, timer)
            })
    }

    private func observe<Answer>(
        _ operation: Operation, _ order: PaymentOrder? = nil, attempt: Int? = nil,
        outcome: (Answer) -> String = { _ in "ok" }, _ call: () async throws -> Answer
    ) async throws -> Answer {
        let began = DispatchTime.now().uptimeNanoseconds
        let span = InstrumentationSystem.tracer.startSpan("payment.\(operation.rawValue)")
        defer { span.end() }
        if span.isRecording {
            if let order {
                span.attributes["onsale.event"] = order.event
                span.attributes["onsale.order"] = order.reference
            }
            if let attempt { span.attributes["onsale.payment.attempt"] = attempt }
        }
        do {
            let answer = try await InstrumentationContext.withValue(span.context) { try await call() }
            let outcome = outcome(answer)
            record(operation, outcome, since: began, in: span.context)
            if span.isRecording { span.attributes["onsale.payment.outcome"] = outcome }
            return answer
        } catch {
            // Given up because the process stops; that says nothing of the provider.
            if error is CancellationError { throw error }
            let outcome = (error as? PaymentGatewayError)?.outcome ?? "unanswered"
            record(operation, outcome, since: began, in: span.context)
            if span.isRecording {
                span.attributes["onsale.payment.outcome"] = outcome
                span.attributes["error.type"] = outcome
                span.setStatus(SpanStatus(code: .error, message: outcome))
            }
            throw error
        }
    }

    private func record(
        _ operation: Operation, _ outcome: String, since began: UInt64, in context: InstrumentationContext
    ) {
        InstrumentationContext.withValue(context) {
            durations[operation]?.recordNanoseconds(DispatchTime.now().uptimeNanoseconds - began)
            outcomes[operation]?[outcome]?.increment()
        }
    }

    private func outcome(of payment: Payment) -> String {
        if case .declined = payment.status { "declined" } else { "ok" }
    }

    // MARK: PaymentGateway

    package func authorize(_ order: PaymentOrder, attempt: Int) async throws -> Payment {
        try await observe(.authorize, order, attempt: attempt, outcome: outcome) {
            try await inner.authorize(order, attempt: attempt)
        }
    }

    package func capture(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment {
        try await observe(.capture, order, attempt: attempt, outcome: outcome) {
            try await inner.capture(intent, for: order, attempt: attempt)
        }
    }

    package func void(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment {
        try await observe(.void, order, attempt: attempt) { try await inner.void(intent, for: order, attempt: attempt) }
    }

    package func refund(_ intent: String, amount: Int64, for order: PaymentOrder, key: String) async throws -> Refund {
        try await observe(.refund, order) { try await inner.refund(intent, amount: amount, for: order, key: key) }
    }

    package func payment(_ intent: String, currency: String) async throws -> Payment {
        try await observe(.payment) { try await inner.payment(intent, currency: currency) }
    }

    package func payments(for order: PaymentOrder, placedAt: Int64, isRecent: Bool) async throws -> [Payment] {
        try await observe(.payments, order) {
            try await inner.payments(for: order, placedAt: placedAt, isRecent: isRecent)
        }
    }

    package func refunds(of intent: String, currency: String) async throws -> [Refund] {
        try await observe(.refunds) { try await inner.refunds(of: intent, currency: currency) }
    }

    package func isDisputed(_ intent: String) async throws -> Bool {
        try await observe(.dispute) { try await inner.isDisputed(intent) }
    }

    package func reference(of intent: String) async throws -> String? {
        try await observe(.reference) { try await inner.reference(of: intent) }
    }

    /// Never traced: while the provider is away, it is probed twice a second.
    package func probe() async throws {
        var context = InstrumentationContext.topLevel
        context.traceContext = TraceContext(traceID: .random(), spanID: .random(in: 1 ... .max), isSampled: false)
        try await InstrumentationContext.withValue(context) {
            try await observe(.probe) { try await inner.probe() }
        }
    }
}

extension PaymentGatewayError {
    /// As the metrics name it.
    fileprivate var outcome: String {
        switch self {
        case .unanswered: "unanswered"
        case .failed: "failed"
        case .busy: "busy"
        case .notAsked: "not_asked"
        case .keyConflict: "key_conflict"
        case .unauthorized: "unauthorized"
        case .rejected: "rejected"
        case .unknownPayment: "unknown_payment"
        }
    }
}
