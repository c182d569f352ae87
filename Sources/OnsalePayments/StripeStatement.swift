import OnsaleEngine
package import OnsaleSettlement
import OnsaleValues

/// Reads Stripe's balance transactions. <https://docs.stripe.com/api/balance_transactions/list>
package struct StripeStatement: ProviderStatement {
    /// Reads a page of what was made at `since` (in seconds) or later, newest first, starting after the line `after`.
    typealias Reader =
        @Sendable (_ since: Int64, _ after: String?) async throws
        -> StripeProtocol.List<StripeProtocol.BalanceTransaction>

    private let page: Reader
    /// The most pages of one reading, a hundred lines each.
    private let pagesMax: Int
    /// How often a page is asked for, and how long to wait before the second time; each time twice as long.
    private let attemptsMax: Int
    private let pause: Duration
    /// The longest that a provider which is busy may make us wait.
    private static let retryAfterSecondsMax = 60

    /// What a gateway's provider lists.
    package init(_ gateway: StripeGateway) {
        self.init { since, after in try await gateway.balance(since: since, after: after) }
    }

    init(
        pagesMax: Int = 20_000, attemptsMax: Int = 5, pause: Duration = .milliseconds(500), page: @escaping Reader
    ) {
        self.pagesMax = pagesMax
        self.attemptsMax = attemptsMax
        self.pause = pause
        self.page = page
    }

    package func read(since: Int64, _ body: @Sendable ([ProviderLine]) async throws -> Void) async throws {
        var after: String?
        var ends: Set<String> = []
        for _ in 0..<pagesMax {
            let list = try await patiently { try await page(since, after) }
            try await body(try list.data.map(ProviderLine.init))
            guard list.hasMore ?? false else { return }
            // More is to come, but nothing says from where, or it leads in a circle.
            guard let last = list.data.last, ends.insert(last.id).inserted else { break }
            after = last.id
        }
        throw PaymentGatewayError.rejected(status: 200, "the list of balance transactions leads nowhere")
    }

    private func patiently<Value>(_ body: () async throws -> Value) async throws -> Value {
        var pause = pause
        for _ in 1..<attemptsMax {
            do {
                return try await body()
            } catch PaymentGatewayError.unanswered, PaymentGatewayError.failed {
            } catch PaymentGatewayError.busy(let seconds) {
                pause = max(pause, .seconds(min(seconds ?? 0, StripeStatement.retryAfterSecondsMax)))
            }
            try await Task.sleep(for: pause)
            pause *= 2
        }
        return try await body()
    }
}

extension ProviderLine {
    init(_ transaction: StripeProtocol.BalanceTransaction) throws(PaymentGatewayError) {
        let currency = transaction.currency.uppercased()
        var source: StripeProtocol.SourceObject?
        var name: String?
        switch transaction.source {
        case .expanded(let object): (source, name) = (object, object.id)
        case .id(let id): name = id
        case nil: break
        }
        // A disputed charge is an adjustment, and only its category tells which way.
        let kind: MovementKind? =
            switch (transaction.type, transaction.reportingCategory) {
            case ("charge", _), ("payment", _): .charge
            case ("refund", _), ("payment_refund", _): .refund
            case ("refund_failure", _), ("payment_failure_refund", _): .refundReversal
            case ("adjustment", "dispute"): .dispute
            case ("adjustment", "dispute_reversal"): .disputeReversal
            default: nil
            }
        let texts = [
            transaction.id, transaction.type, currency, name, source?.paymentIntent, source?.metadata?["order"],
        ]
        guard texts.allSatisfy({ $0?.utf8.count ?? 1 <= 255 }), Timestamp.seconds(transaction.created) != nil else {
            throw .unanswered("a balance transaction has a text or a time that is too long")
        }
        self.init(
            id: transaction.id, kind: kind, type: transaction.type,
            amount: StripeAmount.signedMinor(transaction.amount, currency), fee: transaction.fee ?? 0,
            net: transaction.net ?? transaction.amount, currency: currency, source: name,
            payment: source?.paymentIntent, order: source?.metadata?["order"],
            created: Timestamp(milliseconds: transaction.created * 1000),
            availableOn: transaction.availableOn.flatMap(Timestamp.seconds)
                ?? Timestamp(milliseconds: transaction.created * 1000))
    }
}

extension Timestamp {
    /// Seconds since 1970, up to the year 9999.
    fileprivate static func seconds(_ seconds: Int64) -> Timestamp? {
        (0..<253_402_300_800).contains(seconds) ? Timestamp(milliseconds: seconds * 1000) : nil
    }
}
