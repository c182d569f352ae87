import Logging
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// The single writer of an event. Only the loop's thread uses it, so it needs no lock. A class, so that its state is
/// changed in place and never copied by accident.
final class EventWriter {
    /// A caller waiting for an order's payment to be decided.
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
    /// The earliest moment to try another snapshot.
    var nextSnapshot = Timestamp(milliseconds: .min)
    /// The last order reminded of; the next round continues after it.
    private var remindedThrough: UInt32 = 0
    /// Whether the process is stopping, so orders are answered in their current state.
    private var isDraining = false
    /// Whether the batch is on its way to the journal, so the state is ahead of it.
    var isInFlight = false

    // The current batch.
    private var facts: [Fact] = []
    private var writer = ByteWriter()
    private var completions: [@Sendable () -> Void] = []
    private var failures: [@Sendable (EngineError) -> Void] = []
    private(set) var row: JournalRow?
    /// The traced requests in it.
    private(set) var waits: [JournalWait] = []

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

    /// A bug detected while deciding; nothing of the batch may be kept.
    var fault: String? { partition.fault }

    /// The next orders that need something from the provider, round-robin.
    func nextOpenTasks(atMost max: Int) -> [PaymentTask] {
        let tasks = PaymentTask.open(in: partition, after: remindedThrough, atMost: max)
        remindedThrough = tasks.count < max ? 0 : tasks.last?.order.serial ?? 0
        return tasks
    }

    /// How many the batch has to answer.
    var answers: Int { completions.count }
    var hasAnswers: Bool { answers > 0 }

    /// When it next has something to do without new requests.
    func nextDue() -> Timestamp? {
        let due = partition.nextDue()
        guard let due, let nextWaiterDeadline else { return due ?? nextWaiterDeadline }
        return min(due, nextWaiterDeadline)
    }

    // MARK: A batch

    /// Decides everything in the batch. Afterwards ``row`` is what to append before calling ``commit()``; nil if
    /// nothing changed.
    func apply(_ envelopes: [Envelope], now: Timestamp, seed: () -> [UInt8]) {
        // Facts never go back in time, even if the clock did between two runs.
        let now = max(now, lastTime)
        commitDraw(now: now, seed)
        partition.advance(to: now, facts: &facts)
        if !envelopes.isEmpty { lastUsed = now }
        completions.reserveCapacity(completions.count + envelopes.count)
        for envelope in envelopes {
            if let epoch = envelope.epoch, epoch != partition.epoch {
                // What it rests on was begun by an owner of the event that is none any more.
                completions.append { envelope.refuse(.moved) }
                failures.append(envelope.fail)
                continue
            }
            if let wait = envelope.wait { waits.append(wait) }
            switch envelope.decide(&partition, now, &facts) {
            case .wait(let order, let deadline, let reply) where !isDraining:
                // Waiters get failures separately, so this envelope isn't added to the batch's failures.
                wait(for: order.id, Waiter(deadline: deadline, reply: reply, fail: envelope.fail))
            case .wait(let order, _, let reply):
                completions.append { reply(order) }
                failures.append(envelope.fail)
            case .answer(let answer):
                completions.append(answer)
                failures.append(envelope.fail)
            }
            // The command may have opened a lobby.
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

    /// Commits to a seed as soon as the lobby opens, before anyone can enter.
    private func commitDraw(now: Timestamp, _ seed: () -> [UInt8]) {
        guard partition.line.needsSeed(at: now) else { return }
        try? partition.apply(CommitDraw(seed: seed()), now: now, facts: &facts)
    }

    /// Publishes what the batch changed, now that it is on disk.
    /// - Returns: nil if it changed nothing.
    func commit() -> Committed? {
        guard let row else { return nil }
        head = head.advanced(by: row)
        let view = EventView(partition, lastSequence: head.lastSequence)
        handle.publish(view)
        handle.noteOrders(of: partition.buyers(ofOrdersIn: facts))
        defer {
            facts = []
            self.row = nil
        }
        return Committed(row: row, facts: facts, view: view)
    }

    /// Answers everyone in the batch. Call it only when the batch is on disk (rule 3).
    func answer() {
        let done = completions
        completions.removeAll(keepingCapacity: true)
        failures.removeAll(keepingCapacity: true)
        waits.removeAll(keepingCapacity: true)
        for complete in done { complete() }
    }

    /// While the disk is full, answers reads and refuses changes without trying them.
    func refuseChanges(_ envelopes: [Envelope]) {
        for envelope in envelopes {
            guard envelope.isRead, !isNew else {
                envelope.refuse(.storageFull)
                continue
            }
            if case .answer(let answer) = envelope.decide(&partition, lastTime, &facts) { answer() }
        }
    }

    /// Drops the batch, which isn't on disk, and tells everyone in it. The state is now ahead of the disk and must be
    /// replaced.
    func fail(_ error: EngineError) {
        let told = failures
        completions.removeAll()
        failures.removeAll()
        facts.removeAll()
        row = nil
        for wait in waits { wait.fail(error) }
        waits.removeAll()
        for fail in told { fail(error) }
        failWaiters(error)
    }

    /// Callers waiting for an order must ask again, and then get the state on disk.
    private func failWaiters(_ error: EngineError) {
        let waiting = waitersInOrder.flatMap(\.value)
        waiters.removeAll()
        nextWaiterDeadline = nil
        for waiter in waiting { waiter.fail(error) }
    }

    /// Replaces the state with the one on disk.
    func reload(_ recovered: RecoveredPartition) {
        var next = recovered.partition
        next.carryOn(partition)
        partition = next
        head = recovered.head
        lastTime = recovered.time
        handle.publish(EventView(partition, lastSequence: head.lastSequence))
    }

    /// The state between two batches, which is the journal's.
    var state: RecoveredPartition {
        RecoveredPartition(partition: partition, head: head, time: lastTime, snapshotSequence: snapshotSequence)
    }

    /// Tells everyone who waits that nothing is known. The batch stays, since it may yet turn out to be in the journal.
    func tellUnavailable() {
        let told = failures
        completions.removeAll()
        failures.removeAll()
        for wait in waits { wait.fail(EngineError.unavailable) }
        waits.removeAll()
        for fail in told { fail(.unavailable) }
        failWaiters(.unavailable)
    }

    func noteSnapshot(at sequence: UInt64) {
        snapshotSequence = sequence
    }

    // MARK: Waiting for an order

    /// Answers every waiter with the order's current state, now and from now on.
    func drain() {
        isDraining = true
        guard !isInFlight else { return }
        for (serial, list) in waitersInOrder {
            guard let order = partition.sale.order(OrderID(serial)) else { continue }
            // Between batches the state holds nothing that isn't on disk, so this answer is safe.
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

    /// Sorted by order, so the same batch always replies in the same sequence.
    private var waitersInOrder: [(key: UInt32, value: [Waiter])] { waiters.sorted { $0.key < $1.key } }

    private func settle(_ waiter: Waiter, with order: Order) {
        completions.append { waiter.reply(order) }
        failures.append(waiter.fail)
    }
}
