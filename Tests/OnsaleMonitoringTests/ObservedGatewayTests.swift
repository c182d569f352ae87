import Doubles
import Metrics
import OnsaleCorrelation
import OnsaleEngine
import OnsaleMonitoring
import Synchronization
import Testing
import Tracing

@testable import OnsaleTelemetry

struct ObservedGatewayTests {
    private static let order = PaymentOrder(
        reference: "ord_1", amount: 500, currency: "EUR", paymentMethod: "card", trace: nil, event: "gala")

    private let inner = FakeGateway()
    private let meter = Meter()
    private let gateway: ObservedGateway

    init() {
        let inner = inner
        gateway = meter.watch { ObservedGateway(inner) }
    }

    /// Operation and outcome of every call, and how often.
    private var outcomes: [String: Double] { meter.counts("onsale_provider_requests_total") }

    private func outcome(_ operation: String, _ outcome: String) -> String {
        "onsale_provider_requests_total{operation=\"\(operation)\",outcome=\"\(outcome)\"}"
    }

    @Test("Every answer is the one from inside, and counted as it came out")
    func answers() async throws {
        let order = ObservedGatewayTests.order
        let payment = try await gateway.authorize(order, attempt: 0)
        #expect(payment.status == .authorized && payment.intent == "pi_ord_1")
        #expect(try await gateway.capture(payment.intent, for: order, attempt: 0).status == .captured(amount: 500))
        #expect(try await gateway.refund(payment.intent, amount: 200, for: order, key: "k").amount == 200)
        #expect(try await gateway.payment(payment.intent, currency: "EUR").chargeRefunded == 200)
        #expect(try await gateway.payments(for: order, placedAt: 0, isRecent: true).count == 1)
        #expect(try await gateway.refunds(of: payment.intent, currency: "EUR").map(\.id) == ["k"])
        #expect(try await !gateway.isDisputed(payment.intent))
        #expect(try await gateway.reference(of: payment.intent) == "ord_1")
        #expect(try await gateway.void(payment.intent, for: order, attempt: 3).status == .captured(amount: 500))
        try await gateway.probe()
        let operations = [
            "authorize", "capture", "refund", "payment", "payments", "refunds", "dispute", "reference", "void", "probe",
        ]
        #expect(outcomes == Dictionary(uniqueKeysWithValues: operations.map { (outcome($0, "ok"), 1) }))
        for operation in operations {
            #expect(meter.page["onsale_provider_request_seconds_count{operation=\"\(operation)\"}"] == 1)
        }
        #expect(inner.state.withLock { $0.calls.contains("void 3") })
    }

    @Test("A decline is no failure, and no success either")
    func declines() async throws {
        let declined = PaymentOrder(
            reference: "ord_2", amount: 500, currency: "EUR", paymentMethod: "declined", trace: nil, event: "gala")
        #expect(try await gateway.authorize(declined, attempt: 0).status == .declined(code: "card_declined"))
        inner.state.withLock { $0.refusesCapture = true }
        _ = try await gateway.capture("pi", for: declined, attempt: 0)
        #expect(outcomes == [outcome("authorize", "declined"): 1, outcome("capture", "declined"): 1])
    }

    @Test(
        "Every error is passed on as it is, and counted by its name",
        arguments: [
            (.unanswered("x"), "unanswered"), (.failed(status: 500, intent: nil), "failed"),
            (.busy(retryAfterSeconds: 3), "busy"), (.notAsked, "not_asked"), (.keyConflict, "key_conflict"),
            (.unauthorized, "unauthorized"), (.rejected(status: 400, "x"), "rejected"),
            (.unknownPayment, "unknown_payment"),
        ] as [(PaymentGatewayError, String)])
    func errors(error: PaymentGatewayError, name: String) async throws {
        let gateway = meter.watch { ObservedGateway(FailingGateway(error: error)) }
        let order = ObservedGatewayTests.order
        let calls: [(String, () async throws -> Void)] = [
            ("authorize", { _ = try await gateway.authorize(order, attempt: 0) }),
            ("capture", { _ = try await gateway.capture("pi", for: order, attempt: 0) }),
            ("void", { _ = try await gateway.void("pi", for: order, attempt: 0) }),
            ("refund", { _ = try await gateway.refund("pi", amount: 1, for: order, key: "k") }),
            ("payment", { _ = try await gateway.payment("pi", currency: "EUR") }),
            ("payments", { _ = try await gateway.payments(for: order, placedAt: 0, isRecent: false) }),
            ("refunds", { _ = try await gateway.refunds(of: "pi", currency: "EUR") }),
            ("dispute", { _ = try await gateway.isDisputed("pi") }),
            ("reference", { _ = try await gateway.reference(of: "pi") }),
            ("probe", { try await gateway.probe() }),
        ]
        for (operation, call) in calls {
            let thrown = await #expect(throws: PaymentGatewayError.self) { try await call() }
            #expect(thrown.map { "\($0)" } == "\(error)")
            #expect(meter.page[outcome(operation, name)] == 1, "\(operation)")
        }
        #expect(meter.sum("onsale_provider_requests_total") == Double(calls.count))
    }

    @Test("All outcomes begin at zero, and no other ones come up")
    func beginsAtZero() async throws {
        let before = meter.page.filter { $0.key.hasPrefix("onsale_provider_requests_total{") }
        // Ten operations with nine outcomes, and two that can be declined.
        #expect(before.count == 10 * 9 + 2 && before.values.allSatisfy { $0 == 0 })
        inner.state.withLock { $0.isDown = true }
        _ = try? await gateway.authorize(ObservedGatewayTests.order, attempt: 0)
        #expect(meter.page.keys.count { $0.hasPrefix("onsale_provider_requests_total{") } == before.count)
    }

    @Test("A call is a span below the work it is for, with the order and what came of it; a probe is none")
    func spans() async throws {
        let queue = SpanQueue(
            spansMax: 100, batchSpansMax: 100, droppedFull: Counter(label: "dropped", factory: meter.registry))
        let tracer = OnsaleTracer(
            propagator: TracePropagator([.traceContext]), sampler: SpanSampler(root: .always, isParentBased: true),
            queues: [queue])
        let parent = try #require(
            TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        var context = InstrumentationContext.topLevel
        context.traceContext = parent
        try await withTracer(tracer) {
            try await InstrumentationContext.withValue(context) {
                _ = try await gateway.authorize(ObservedGatewayTests.order, attempt: 2)
                inner.state.withLock { $0.isDown = true }
                _ = try? await gateway.capture("pi_ord_1", for: ObservedGatewayTests.order, attempt: 0)
                try? await gateway.probe()
            }
        }
        let spans = queue.take()
        #expect(spans.map(\.name) == ["payment.authorize", "payment.capture"])
        #expect(spans.allSatisfy { $0.parent == parent.spanID && $0.context.traceID == parent.traceID })
        let attributes = spans.map { span in
            Dictionary(span.attributes.map { ($0.key, $0.value) }) { first, _ in first }
        }
        let first = try #require(attributes.first)
        let last = try #require(attributes.last)
        #expect(first["onsale.order"] == .string("ord_1") && first["onsale.event"] == .string("gala"))
        #expect(first["onsale.payment.attempt"] == .int(2) && first["error.type"] == nil)
        #expect(last["error.type"] == .string("unanswered") && spans.last?.status == .error("unanswered"))
    }
}

/// Answers everything with one error.
private struct FailingGateway: PaymentGateway {
    let error: PaymentGatewayError

    func authorize(_ order: PaymentOrder, attempt: Int) async throws -> Payment { throw error }
    func capture(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment { throw error }
    func void(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment { throw error }
    func refund(_ intent: String, amount: Int64, for order: PaymentOrder, key: String) async throws -> Refund {
        throw error
    }
    func payment(_ intent: String, currency: String) async throws -> Payment { throw error }
    func payments(for order: PaymentOrder, placedAt: Int64, isRecent: Bool) async throws -> [Payment] { throw error }
    func refunds(of intent: String, currency: String) async throws -> [Refund] { throw error }
    func isDisputed(_ intent: String) async throws -> Bool { throw error }
    func reference(of intent: String) async throws -> String? { throw error }
    func probe() async throws { throw error }
}
