import Logging
import OnsaleCorrelation
import OnsaleSale
import OnsaleValues

/// A batch: decided, sent to the journal, and what is done about its outcome.
extension WriterLoop {
    /// Decides and appends one batch over all events with something to do.
    func write(_ ready: [EventHandle], now: Timestamp) -> Bool {
        guard flights.count < journal.batchesMax else {
            deferred += unfinished + ready
            unfinished.removeAll(keepingCapacity: true)
            return false
        }
        let all = ready + unfinished
        let told = Set(all.map(\.id))
        unfinished.removeAll(keepingCapacity: true)
        if !flights.isEmpty || !aside.isEmpty {
            deferred += all.filter { writers[$0.id]?.isInFlight ?? (aside[$0.id] != nil) }
        }
        var busy = writers.values.filter { writer in
            !writer.isInFlight
                && (told.contains(writer.handle.id) || writer.isNew || writer.nextDue().map { $0 <= now } ?? false)
                && !writer.handle.isInDoubt
        }.sorted { $0.handle.id < $1.handle.id }
        let isFull = fullUntil.map { now < $0 } ?? false
        var hasWorked = false
        var depths = [Int](repeating: 0, count: Lane.allCases.count)
        let batch = busy.map { writer in
            let (envelopes, isMoreWaiting) = writer.handle.take(&depths)
            hasWorked = hasWorked || !envelopes.isEmpty
            if isMoreWaiting { unfinished.append(writer.handle) }
            return envelopes
        }
        lastBatch += 1
        observer.batchBegins(lastBatch, depths: depths)
        for (writer, envelopes) in zip(busy, batch) {
            guard !isFull else {
                writer.refuseChanges(envelopes)
                if writer.isNew { dismiss(writer, .storageFull) }
                continue
            }
            writer.apply(envelopes, now: now, seed: seed)
        }
        guard !isFull else { return hasWorked }
        observer.batchIsDecided(lastBatch)
        busy.removeAll { writer in
            guard let fault = writer.fault else { return false }
            takeOutOfService(writer, fault)
            return true
        }
        return append(busy, now: now) || hasWorked
    }

    private func append(_ busy: [EventWriter], now: Timestamp) -> Bool {
        let hasAnswers = busy.contains(where: \.hasAnswers)
        let changed = busy.filter { $0.row != nil }
        let rows = changed.compactMap(\.row)
        guard !rows.isEmpty else {
            complete(busy, rows, batch: lastBatch)
            return hasAnswers
        }
        // A journal that takes its time must not make those wait who changed nothing.
        let waitsForAll = journal.batchesMax == 1
        if !waitsForAll { complete(busy.filter { $0.row == nil }, [], batch: lastBatch) }
        let flight = Flight(number: lastBatch, writers: waitsForAll ? busy : changed)
        for writer in flight.writers { writer.isInFlight = true }
        let landing = Landing()
        journal.append(rows) { [mailbox, number = flight.number] outcomes in
            if landing.isLate(outcomes) { mailbox.deliver(.appended(batch: number, outcomes)) }
        }
        if let outcomes = landing.take() {
            land(flight, outcomes, now: now)
        } else {
            flights[flight.number] = flight
        }
        return true
    }

    /// Does with each event of a batch what its row's outcome asks for.
    func land(_ flight: Flight, _ outcomes: [AppendOutcome], now: Timestamp) {
        for writer in flight.writers { writer.isInFlight = false }
        let changed = flight.writers.filter { $0.row != nil }
        guard outcomes.count == changed.count else {
            return fail("the journal told of \(outcomes.count) rows instead of \(changed.count)")
        }
        var landed = flight.writers.filter { $0.row == nil }
        var others: [(EventWriter, AppendOutcome)] = []
        for (writer, outcome) in zip(changed, outcomes) {
            if case .committed = outcome { landed.append(writer) } else { others.append((writer, outcome)) }
        }
        if landed.contains(where: { $0.row != nil }), fullUntil != nil {
            fullUntil = nil
            logger.notice("The disk has room again; changes are accepted")
        }
        complete(landed.sorted { $0.handle.id < $1.handle.id }, landed.compactMap(\.row), batch: flight.number)
        for (writer, outcome) in others { handle(outcome, of: writer, now: now) }
    }

    private func handle(_ outcome: AppendOutcome, of writer: EventWriter, now: Timestamp) {
        switch outcome {
        case .committed: break
        case .full:
            if fullUntil == nil { logger.error("The disk is full; changes are refused until there is room") }
            fullUntil = now.adding(seconds: 1)
            retreat(writer, now: now)
        case .notAtHead:
            guard let custody else { return depose(writer) }
            writer.fail(.moved)
            setAside(writer, now: now)
            custody.collided(event: writer.handle.id)
        case .unavailable(let error):
            guard let custody else { return fail("the journal could not be written: \(error)") }
            logger.warning(
                "The journal can't be reached; a batch was refused",
                metadata: ["event": "\(writer.handle.id)", "error": "\(error)"])
            writer.fail(.unavailable)
            setAside(writer, now: now)
            custody.lostTrack(of: writer.handle.id, row: nil, after: writer.head, time: writer.lastTime)
        case .unknown(let error):
            guard let custody else { return fail("the journal could not be written: \(error)") }
            logger.warning(
                "It is not known whether a batch came to the journal; nobody in it is answered before it is",
                metadata: ["event": "\(writer.handle.id)", "error": "\(error)"])
            setAside(writer, now: now)
            custody.lostTrack(of: writer.handle.id, row: writer.row, after: writer.head, time: writer.lastTime)
        }
    }

    func complete(_ busy: [EventWriter], _ rows: [JournalRow], batch: UInt64) {
        guard !busy.isEmpty else { return }
        let waits = busy.flatMap(\.waits)
        let traced = waits.lazy.compactMap(\.context).prefix(BatchSummary.waitsMax)
        let span =
            waits.isEmpty ? nil : TraceContext(traceID: .random(), spanID: .random(in: 1 ... .max), isSampled: true)
        observer.batchIsDurable(
            BatchSummary(
                number: batch, requests: busy.reduce(0) { $0 + $1.answers }, rows: rows.count,
                facts: rows.reduce(0) { $0 + Int($1.count) }, span: span, waits: Array(traced)))
        if let span { for wait in waits { wait.end(in: span) } }
        for writer in busy { complete(writer) }
    }

    /// Publishes the batch, which is now on disk, answers everyone in it and tells the followers.
    func complete(_ writer: EventWriter) {
        let isNew = writer.isNew
        let committed = writer.commit()
        if isNew { directory.publish(writer.handle) }
        writer.answer()
        guard let committed else { return }
        for follower in followers { follower.follow(committed, in: writer.partition) }
    }
}
