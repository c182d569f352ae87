import OnsaleSale
public import OnsaleValues

/// Checks a journal against the rules, replaying from the first fact.
public struct Verification {
    /// A payment according to the provider. Amounts are in minor units.
    public struct ProviderAccount: Sendable {
        /// The order's public ID.
        public let order: String
        public let intent: String
        public let captured: Int64
        public let refunded: Int64

        public init(order: String, intent: String, captured: Int64, refunded: Int64) {
            self.order = order
            self.intent = intent
            self.captured = captured
            self.refunded = refunded
        }
    }

    /// The result of a verification.
    public struct Report: Sendable {
        /// One line of text per event, for people to read.
        public var lines: [String] = []
        public var breaches: [Breach] = []
    }

    private let journal: any EventStore
    private let provider: () throws -> [ProviderAccount]

    /// - Parameter provider: reads the provider's own records, if available, to compare with the orders. It is called
    ///   before and after reading the journal, so that sales made meanwhile don't count as breaches.
    public init(journal: any EventStore, provider: @escaping () throws -> [ProviderAccount] = { [] }) {
        self.journal = journal
        self.provider = provider
    }

    /// - Throws: only if the journal or the provider's records can't be read at all.
    public func run() throws -> Report {
        var report = Report()
        let before = Set(try provider().map(\.intent))
        var partitions: [UInt64: Partition] = [:]
        let heads = try journal.heads().map(\.partition)
        for name in try journal.partitions() where !heads.contains(name) {
            report.breaches.append(Breach(rule: 3, JournalDamage.headMissing(partition: name).description))
        }
        for name in heads {
            do {
                let recovered = try verify(name, &report)
                partitions[recovered.partition.definition.tag] = recovered.partition
            } catch let damage as JournalDamage {
                report.breaches.append(Breach(rule: 3, damage.description))
            }
        }
        compareWithProvider(partitions, knownBefore: before, try provider(), &report)
        return report
    }

    private func verify(_ name: String, _ report: inout Report) throws -> RecoveredPartition {
        let replayed = try Recovery.recover(name, from: journal, usingSnapshot: false)
        let partition = replayed.partition
        for breach in partition.breaches() {
            report.breaches.append(Breach(rule: breach.rule, "event \(name): \(breach.description)"))
        }
        // Rule 6: the snapshot plus the facts after it must give the same state, bit for bit. If a running server has
        // added facts meanwhile, the heads differ and there is nothing to compare.
        let restored = try Recovery.recover(name, from: journal)
        if restored.head == replayed.head, restored.partition.stateHash != partition.stateHash {
            report.breaches.append(Breach(rule: 6, "event \(name): its snapshot leads to another state than its facts"))
        }
        if let digest = partition.definition.planDigest, try journal.document(digest: digest) == nil {
            report.breaches.append(Breach(rule: 3, "event \(name): its seating plan is missing"))
        }
        let counts = partition.sale.counts
        report.lines.append(
            "event \(name): \(replayed.head.lastSequence) facts, capacity \(counts.capacity) = \(counts.free) free + "
                + "\(counts.held) held + \(counts.sold) sold + \(counts.blocked) blocked, "
                + "\(partition.sale.orders.count) orders, \(partition.sale.ordersAwaitingProvider) in progress")
        return replayed
    }

    /// Rule 2 from the provider's side: all its money must belong to an order that accounts for it or still works on
    /// it.
    private func compareWithProvider(
        _ partitions: [UInt64: Partition], knownBefore: Set<String>, _ provider: [ProviderAccount],
        _ report: inout Report
    ) {
        guard !provider.isEmpty else { return }
        var capturedByIntent: [String: Int64] = [:]
        for account in provider {
            capturedByIntent[account.intent] = account.captured
            guard account.captured > account.refunded, knownBefore.contains(account.intent) else { continue }
            guard let id = PublicID(.order, text: account.order), let partition = partitions[id.tag],
                let order = partition.sale.order(OrderID(id.serial))
            else {
                report.breaches.append(
                    Breach(rule: 2, "payment \(account.intent) was captured for an order that does not exist"))
                continue
            }
            let isExplained =
                order.duty != nil || (order.state == .confirmed && order.intent == account.intent)
                || partition.sale.strays[account.intent] != nil
            if !isExplained {
                report.breaches.append(
                    Breach(rule: 2, "payment \(account.intent) was captured but order \(account.order) bought nothing")
                )
            }
        }
        let refunded = Dictionary(provider.map { ($0.intent, $0.refunded) }, uniquingKeysWith: max)
        for partition in partitions.values {
            for order in partition.sale.orders where order.duty == nil && order.captured > 0 {
                guard let intent = order.intent, knownBefore.contains(intent), let known = refunded[intent],
                    known != order.refunded
                else { continue }
                report.breaches.append(
                    Breach(
                        rule: 2,
                        "event \(partition.definition.id): order \(order.id.serial) records refunds of "
                            + "\(order.refunded), the provider of \(known)"))
            }
            for order in partition.sale.orders where order.state == .confirmed && order.captured > 0 {
                guard let intent = order.intent, capturedByIntent[intent] == order.captured else {
                    report.breaches.append(
                        Breach(
                            rule: 2,
                            "event \(partition.definition.id): order \(order.id.serial) is confirmed but not captured at the provider"
                        ))
                    continue
                }
            }
        }
        report.lines.append("provider: \(provider.count) payments compared with their orders")
    }
}
