import OnsaleBus
import OnsaleSettlement
import OnsaleValues
import Synchronization

/// A provider's list in pages, which breaks off as often as the test wants.
final class FakeStatement: ProviderStatement {
    struct Broken: Error {}

    private let lines: Mutex<[ProviderLine]>
    private let breaks: Mutex<Int>

    init(_ lines: [ProviderLine], breaks: Int = 0) {
        self.lines = Mutex(lines.sorted { $0.created > $1.created })
        self.breaks = Mutex(breaks)
    }

    func add(_ line: ProviderLine) {
        lines.withLock { lines in
            lines.append(line)
            lines.sort { $0.created > $1.created }
        }
    }

    func read(since: Int64, _ body: @Sendable ([ProviderLine]) async throws -> Void) async throws {
        let all = lines.withLock { $0.filter { $0.created.milliseconds / 1000 >= since } }
        var breaksOff = breaks.withLock { breaks in
            defer { breaks = max(0, breaks - 1) }
            return breaks > 0
        }
        for start in stride(from: 0, to: all.count, by: 7) {
            try await body(Array(all[start..<min(start + 7, all.count)]))
            if breaksOff, start >= 7 { throw Broken() }
            breaksOff = breaksOff && all.count > 14
        }
    }
}

extension [Told] {
    /// What an honest provider lists.
    func lines() -> [ProviderLine] {
        var lines: [ProviderLine] = []
        for messages in Dictionary(grouping: self, by: \.message.order).values {
            var (refunded, disputed): (Int64, Int64) = (0, 0)
            let sorted = messages.sorted { $0.event.id.suffix(6) < $1.event.id.suffix(6) }
            for (index, told) in sorted.enumerated() {
                let message = told.message
                func list(_ kind: MovementKind, _ amount: Int64) {
                    lines.append(
                        line("txn_\(told.event.id)_\(kind)", message.order, kind, amount, at: told.event.time))
                }
                let taken = message.reason == "dispute" ? message.amount - message.refundedAmount : 0
                if index == 0 { list(.charge, message.amount) }
                if message.refundedAmount > refunded { list(.refund, refunded - message.refundedAmount) }
                if message.refundedAmount < refunded { list(.refundReversal, refunded - message.refundedAmount) }
                if taken > disputed { list(.dispute, disputed - taken) }
                if taken < disputed { list(.disputeReversal, disputed - taken) }
                (refunded, disputed) = (message.refundedAmount, taken)
            }
        }
        return lines
    }
}
