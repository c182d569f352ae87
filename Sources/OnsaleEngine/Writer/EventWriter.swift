import Logging
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// The one writer of an event. It lives on the loop's thread and nowhere else, so it needs no lock; a class, so that
/// its state is changed in place and never copied by accident.
final class EventWriter {
    /// Somebody who waits for an order to become final.
    private struct Waiter {
        let deadline: Timestamp
        let reply: @Sendable (Order) -> Void
        let fail: @Sendable (EngineError) -> Void
    }

    let handle: EventHandle
    private(set) var partition: Partition
    private(set) var head: JournalHead
    private var waiters: [UInt32: [Waiter]] = [:]
    private var nextWaiterDeadline: Timestamp?
    private(set) var snapshotSequence: UInt64
    private(set) var lastTime: Timestamp
    private(set) var lastUsed: Timestamp
    var isSnapshotInProgress = false
    /// No snapshot is tried before.
    var nextSnapshot = Timestamp(milliseconds: .min)
    /// Where the next round of reminders goes on.
    private var remindedThrough: UInt32 = 0
    /// Whether the process is ending, so that orders are answered as they stand.
    private var isDraining = false

    // The batch being made.
    private var facts: [Fact] = []
    private var writer = ByteWriter()
    private var completions: [@Sendable () -> Void] = []
    private var failures: [@Sendable (EngineError) -> Void] = []
    private(set) var row: JournalRow?

    typealias Created = @Sendable (Result<Void, EngineError>) -> Void

    init(handle: EventHandle, recovered: RecoveredPartition, now: Timestamp) {
        self.handle = handle
        partition = recovered.partition
        head = recovered.head
        snapshotSequence = recovered.snapshotSequence
        lastTime = recovered.time
        lastUsed = now
    }

    /// A new event, whose first batch is its creation.
    init(handle: EventHandle, creating partition: Partition, now: Timestamp, reply: @escaping Created) {
        self.handle = handle
        self.partition = partition
        head = .empty(partition.definition.id)
        snapshotSequence = 0
        lastTime = now
        lastUsed = now
        facts = [.created(partition.definition)]
        completions = [{ reply(.success(())) }]
        failures = [{ reply(.failure($0)) }]
    }

    var isNew: Bool { head.lastSequence == 0 }

    /// A bug that was met while deciding: nothing of the batch may be kept.
    var fault: String? { partition.fault }

    /// The next of the orders that wait for the provider, going round.
    func nextOpenTasks(atMost max: Int) -> [PaymentTask] {
        let tasks = PaymentTask.open(in: partition, after: remindedThrough, atMost: max)
        remindedThrough = tasks.count < max ? 0 : tasks.last?.order.serial ?? 0
        return tasks
    }

    /// Whether somebody in the batch is to be answered.
    var hasAnswers: Bool { !completions.isEmpty }

    /// When it next has something to do by itself.
    func nextDue() -> Timestamp? {
        let due = partition.nextDue()
        guard let due, let nextWaiterDeadline else { return due ?? nextWaiterDeadline }
        return min(due, nextWaiterDeadline)
    }

    // MARK: A batch

    /// Decides on everything in the batch. Afterwards ``row`` is what must be appended before ``commit()``;
    /// nil if nothing has changed.
    func apply(_ envelopes: [Envelope], now: Timestamp, seed: () -> [UInt8]) {
        // Facts never go back in time, even if the clock did between two processes.
        let now = max(now, lastTime)
        commitDraw(now: now, seed)
        partition.advance(to: now, facts: &facts)
        if !envelopes.isEmpty { lastUsed = now }
        completions.reserveCapacity(completions.count + envelopes.count)
        for envelope in envelopes {
            switch envelope.decide(&partition, now, &facts) {
            case .wait(let order, let deadline, let reply) where !isDraining:
                // Told of a failure as one of those who wait, so not as one of the batch.
                wait(for: order.id, Waiter(deadline: deadline, reply: reply, fail: envelope.fail))
            case .wait(let order, _, let reply):
                completions.append { reply(order) }
                failures.append(envelope.fail)
            case .answer(let answer):
                completions.append(answer)
                failures.append(envelope.fail)
            }
            // A lobby that has just been opened by the organizer.
            commitDraw(now: now, seed)
        }
        settleWaiters(now: now)
        guard !facts.isEmpty else {
            row = nil
            return
        }
        writer.removeAll()
        Fact.encode(facts, into: &writer)
        lastTime = now
        row = head.row(payload: writer.bytes, count: facts.count, time: now)
    }

    /// Commits to a seed as soon as a lobby is open, before anybody can be in it.
    private func commitDraw(now: Timestamp, _ seed: () -> [UInt8]) {
        guard partition.line.needsSeed(at: now) else { return }
        try? partition.apply(CommitDraw(seed: seed()), now: now, facts: &facts)
    }

    /// The batch is on disk: publishes what it has changed.
    /// - Returns: nil if that is nothing.
    func commit() -> Committed? {
        guard let row else { return nil }
        head = head.advanced(by: row)
        let view = EventView(partition, lastSequence: head.lastSequence)
        handle.publish(view)
        let ordering = facts.compactMap { fact -> BuyerID? in
            guard case .sale(.orderPlaced(let placed)) = fact else { return nil }
            return partition.sale.order(placed.order)?.buyer
        }
        if !ordering.isEmpty { handle.noteOrders(of: ordering) }
        defer {
            facts = []
            self.row = nil
        }
        return Committed(row: row, facts: facts, view: view)
    }

    /// Answers everyone in the batch, once it is on disk.
    func answer() {
        let done = completions
        completions.removeAll(keepingCapacity: true)
        failures.removeAll(keepingCapacity: true)
        for complete in done { complete() }
    }

    /// While the disk is full: reads are answered, changes are not even tried.
    func refuseChanges(_ envelopes: [Envelope]) {
        for envelope in envelopes {
            guard envelope.isRead, !isNew else {
                envelope.fail(.storageFull)
                continue
            }
            if case .answer(let answer) = envelope.decide(&partition, lastTime, &facts) { answer() }
        }
    }

    /// The batch is not on disk: everyone in it is told so. The state is ahead of the disk now and must be replaced.
    func fail(_ error: EngineError) {
        let told = failures
        completions.removeAll()
        failures.removeAll()
        facts.removeAll()
        row = nil
        for fail in told { fail(error) }
        // Whoever waited for an order asks again, and meets the state that is on disk.
        let waiting = waitersInOrder.flatMap(\.value)
        waiters.removeAll()
        nextWaiterDeadline = nil
        for waiter in waiting { waiter.fail(error) }
    }

    /// Takes the state that is on disk.
    func reload(_ recovered: RecoveredPartition) {
        partition = recovered.partition
        head = recovered.head
        lastTime = recovered.time
        handle.publish(EventView(partition, lastSequence: head.lastSequence))
    }

    func noteSnapshot(at sequence: UInt64) {
        snapshotSequence = sequence
    }

    // MARK: Those who wait for an order

    /// Answers everyone who waits with their order as it stands, now and from now on.
    func drain() {
        isDraining = true
        for (serial, list) in waitersInOrder {
            guard let order = partition.sale.order(OrderID(serial)) else { continue }
            // What it says is on disk: nothing of a later batch is in the state between batches.
            for waiter in list { waiter.reply(order) }
        }
        waiters.removeAll()
        nextWaiterDeadline = nil
    }

    private func wait(for order: OrderID, _ waiter: Waiter) {
        waiters[order.serial, default: []].append(waiter)
        nextWaiterDeadline = min(nextWaiterDeadline ?? waiter.deadline, waiter.deadline)
    }

    private func settleWaiters(now: Timestamp) {
        guard !waiters.isEmpty else { return }
        defer { if waiters.isEmpty { nextWaiterDeadline = nil } }
        for case .sale(let fact) in facts {
            guard let id = fact.order, waiters[id.serial] != nil else { continue }
            guard let order = partition.sale.order(id), !order.state.keepsWaiting else { continue }
            for waiter in waiters.removeValue(forKey: id.serial) ?? [] { settle(waiter, with: order) }
        }
        guard let nextWaiterDeadline, nextWaiterDeadline <= now else { return }
        for (serial, list) in waitersInOrder {
            guard let order = partition.sale.order(OrderID(serial)) else { continue }
            for waiter in list where waiter.deadline <= now { settle(waiter, with: order) }
            let rest = list.filter { $0.deadline > now }
            waiters[serial] = rest.isEmpty ? nil : rest
        }
        self.nextWaiterDeadline = waiters.values.flatMap { $0.map(\.deadline) }.min()
    }

    /// By order, so that the same batch is answered in the same order every time.
    private var waitersInOrder: [(key: UInt32, value: [Waiter])] { waiters.sorted { $0.key < $1.key } }

    private func settle(_ waiter: Waiter, with order: Order) {
        completions.append { waiter.reply(order) }
        failures.append(waiter.fail)
    }
}
