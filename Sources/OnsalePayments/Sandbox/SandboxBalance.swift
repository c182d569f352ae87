/// What changed the sandbox's balance, in the order in which it happened: the list behind `/v1/balance_transactions`.
struct SandboxBalance: Sendable {
    private struct Entry: Sendable {
        let created: Int64
        let id: String
        let transaction: StripeProtocol.BalanceTransaction
    }

    private var entries: [Entry] = []
    private var known: [String: Int64] = [:]

    /// The provider keeps 2.9 % of what it takes, and nothing more of what it gives back.
    private static let feePerMille: Int64 = 29
    /// How long taken money is on its way.
    private static let availableSeconds: Int64 = 172_800

    /// Lists what a record has that isn't listed yet.
    mutating func keep(_ record: SandboxStore.Record) {
        let intent = record.intent
        let number = intent.id.dropFirst(3)
        if let received = intent.amountReceived, received > 0 {
            // The log of an earlier version doesn't say when.
            let at = record.capturedAt ?? intent.created ?? 0
            let share = received.multipliedFullWidth(by: SandboxBalance.feePerMille)
            let fee = Int64(1000).dividingFullWidth(share).quotient
            insert("txn_\(number)", .charge, amount: received, fee: fee, at: at, intent, source: chargeID(intent))
        }
        for refund in record.refunds ?? [] {
            insert(
                "txn_\(refund.id.dropFirst(3))-refund", .refund, amount: -refund.amount, fee: 0,
                at: refund.created ?? intent.created ?? 0, intent, source: refund.id)
        }
    }

    private func chargeID(_ intent: StripeProtocol.Intent) -> String {
        switch intent.latestCharge {
        case .id(let id): id
        case .expanded(let charge): charge.id
        case nil: intent.id
        }
    }

    private enum Kind: String {
        case charge
        case refund
    }

    private mutating func insert(
        _ id: String, _ kind: Kind, amount: Int64, fee: Int64, at created: Int64, _ intent: StripeProtocol.Intent,
        source: String
    ) {
        guard known.updateValue(created, forKey: id) == nil else { return }
        let transaction = StripeProtocol.BalanceTransaction(
            id: id, amount: amount, availableOn: created + SandboxBalance.availableSeconds, created: created,
            currency: intent.currency, fee: fee, net: amount - fee, reportingCategory: kind.rawValue,
            source: .expanded(
                .init(id: source, object: kind.rawValue, paymentIntent: intent.id, metadata: intent.metadata)),
            status: "pending", type: kind.rawValue)
        entries.insert(
            Entry(created: created, id: id, transaction: transaction), at: count { $0 < (created, id) })
    }

    func has(_ id: String) -> Bool { known[id] != nil }

    /// Up to `max` transactions made within a time range (in seconds), newest first, starting after the one named.
    func newest(from: Int64, to: Int64, after: String?, atMost max: Int) -> [StripeProtocol.BalanceTransaction] {
        let last = after.flatMap { id in known[id].map { ($0, id) } }
        let end = count { one in one.0 <= to && last.map { one < $0 } ?? true }
        return entries[..<end].reversed().prefix(max).prefix { $0.created >= from }.map(\.transaction)
    }

    /// Binary search: how many entries come before the first for which `before` is false.
    private func count(_ before: ((Int64, String)) -> Bool) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if before((entries[middle].created, entries[middle].id)) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
