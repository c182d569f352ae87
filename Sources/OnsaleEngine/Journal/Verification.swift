import OnsaleSale
public import OnsaleValues

/// Checks every rule over a journal, from its first fact on.
public struct Verification {
    /// What the provider says of a payment.
    public struct ProviderAccount: Sendable {
        /// The order's public id.
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

    /// What was found.
    public struct Report: Sendable {
        /// A line for each event.
        public var lines: [String] = []
        public var breaches: [Breach] = []
    }

    private let journal: any EventStore
    private let provider: () throws -> [ProviderAccount]

    /// - Parameter provider: reads the provider's own account, where it is at hand, to be compared with the orders. It is
    ///   read before the journal and after it, so that a server that goes on selling meanwhile is not blamed for it.
    public init(journal: any EventStore, provider: @escaping () throws -> [ProviderAccount] = { [] }) {
        self.journal = journal
        self.provider = provider
    }

    /// - Throws: only when the journal can't be read at all.
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
        // Rule 6: the snapshot and what follows it must come to the same state, bit for bit. Facts that a running
        // server has added meanwhile are no difference.
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

    /// Rule 2, from the other side: no money at the provider without an order that explains it, or that still asks.
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
                    Breach(rule: 2, "payment \(account.intent) was captured, and order \(account.order) bought nothing")
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
                        "event \(partition.definition.id): order \(order.id.serial) knows of \(order.refunded) that went "
                            + "back, the provider of \(known)"))
            }
            for order in partition.sale.orders where order.state == .confirmed && order.captured > 0 {
                guard let intent = order.intent, capturedByIntent[intent] == order.captured else {
                    report.breaches.append(
                        Breach(
                            rule: 2,
                            "event \(partition.definition.id): order \(order.id.serial) is confirmed, and the provider has no money for it"
                        ))
                    continue
                }
            }
        }
        report.lines.append("provider: \(provider.count) payments compared with their orders")
    }
}
