import OnsaleEngine
import OnsaleSettlement
import OnsaleValues
import Synchronization
import Testing

@testable import OnsalePayments

/// The provider's list is read whole, however the provider behaves, or not at all.
@Suite(.timeLimit(.minutes(1))) struct StripeStatementTests {
    private typealias Transaction = StripeProtocol.BalanceTransaction

    private static func transaction(
        _ id: String, _ type: String = "charge", category: String? = nil, amount: Int64 = 100, currency: String = "krw",
        created: Int64 = 5
    ) -> Transaction {
        .init(
            id: id, amount: amount, created: created, currency: currency, fee: 3, net: amount &- 3,
            reportingCategory: category,
            source: .expanded(.init(id: "ch_1", paymentIntent: "pi_1", metadata: ["order": "ord_1"])), type: type)
    }

    private func read(_ statement: StripeStatement) async throws -> [ProviderLine] {
        let lines = Mutex<[ProviderLine]>([])
        try await statement.read(since: 0) { page in lines.withLock { $0 += page } }
        return lines.withLock { $0 }
    }

    @Test("A page that fails is asked for again, and the reading goes on where it was")
    func retries() async throws {
        let calls = Mutex<[String?]>([])
        let statement = StripeStatement(pause: .milliseconds(1)) { since, after in
            let number = calls.withLock { calls in
                calls.append(after)
                return calls.count
            }
            switch number {
            case 1: throw PaymentGatewayError.unanswered("as told")
            case 3: throw PaymentGatewayError.failed(status: 503, intent: nil)
            case 4: throw PaymentGatewayError.busy(retryAfterSeconds: nil)
            default: break
            }
            return after == nil
                ? .init(data: [Self.transaction("a"), Self.transaction("b")], hasMore: true)
                : .init(data: [Self.transaction("c")], hasMore: false)
        }
        #expect(try await read(statement).map(\.id) == ["a", "b", "c"])
        #expect(calls.withLock { $0 } == [nil, nil, "b", "b", "b"])
    }

    @Test("A list that leads in a circle, or says that more follows an empty page, is no whole reading")
    func circles() async {
        let calls = Mutex(0)
        let circle = StripeStatement(pause: .milliseconds(1)) { _, after in
            calls.withLock { $0 += 1 }
            return .init(data: [Self.transaction(after == "a" ? "b" : "a")], hasMore: true)
        }
        await #expect(throws: PaymentGatewayError.self) { try await read(circle) }
        #expect(calls.withLock { $0 } == 3)
        let empty = StripeStatement(pause: .milliseconds(1)) { _, _ in .init(data: [], hasMore: true) }
        await #expect(throws: PaymentGatewayError.self) { try await read(empty) }
    }

    @Test("A provider that keeps failing, refuses us or never comes to an end is given up")
    func givenUp() async {
        func calls(_ fault: PaymentGatewayError?) async -> Int {
            let calls = Mutex(0)
            let statement = StripeStatement(pagesMax: 7, attemptsMax: 3, pause: .milliseconds(1)) { _, _ in
                let number = calls.withLock { calls in
                    calls += 1
                    return calls
                }
                if let fault { throw fault }
                return .init(data: [Self.transaction("t\(number)")], hasMore: true)
            }
            await #expect(throws: PaymentGatewayError.self) { try await read(statement) }
            return calls.withLock { $0 }
        }
        #expect(await calls(.unanswered("as told")) == 3)
        #expect(await calls(.unauthorized) == 1)
        #expect(await calls(.rejected(status: 400, "")) == 1)
        #expect(await calls(nil) == 7)
    }

    @Test("A list that stands still is given up at once")
    func standing() async {
        let statement = StripeStatement { _, _ in .init(data: [Self.transaction("a")], hasMore: true) }
        await #expect(throws: PaymentGatewayError.self) { try await read(statement) }
    }

    @Test("Each of Stripe's types has its kind")
    func kinds() throws {
        for (type, category, kind) in [
            ("charge", nil, .charge), ("payment", "charge", .charge), ("refund", nil, .refund),
            ("payment_refund", nil, .refund), ("refund_failure", nil, .refundReversal),
            ("payment_failure_refund", nil, .refundReversal), ("adjustment", "dispute", .dispute),
            ("adjustment", "dispute_reversal", .disputeReversal), ("adjustment", nil, nil), ("payout", "payout", nil),
            ("stripe_fee", "fee", nil),
        ] as [(String, String?, MovementKind?)] {
            #expect(try ProviderLine(Self.transaction("a", type, category: category)).kind == kind, "\(type)")
        }
    }

    @Test("Amounts are in minor units, whatever their sign, or unknown")
    func amounts() throws {
        func amount(_ amount: Int64, _ currency: String) throws -> Int64? {
            try ProviderLine(Self.transaction("a", amount: amount, currency: currency)).amount
        }
        #expect(try amount(-500, "krw") == -500 && amount(500, "eur") == 500)
        #expect(try amount(-500, "isk") == -5 && amount(-550, "isk") == nil && amount(-5, "mga") == -500)
        #expect(try amount(.min, "isk") == nil && amount(.min, "krw") == nil && amount(0, "krw") == 0)
    }

    @Test("Texts and times that are none of a provider's are refused")
    func hostile() {
        for bad in [
            Self.transaction(String(repeating: "x", count: 256)), Self.transaction("a", created: .max),
            Self.transaction("a", created: -1), Self.transaction("a", String(repeating: "x", count: 256)),
        ] {
            #expect(throws: PaymentGatewayError.self) { try ProviderLine(bad) }
        }
    }
}
