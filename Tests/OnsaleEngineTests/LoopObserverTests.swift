import Doubles
import OnsaleCorrelation
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Seeded
import Synchronization
import Testing
import Tracing

@testable import OnsaleEngine

@Suite(.timeLimit(.minutes(2))) struct LoopObserverTests {
    private let book = SpanBook()

    /// Every span has ended, and once.
    private func checkEnds(_ count: Int, location: SourceLocation = #_sourceLocation) {
        let entries = book.entries
        #expect(entries.map(\.ends) == [Int](repeating: 1, count: count), sourceLocation: location)
        #expect(entries.allSatisfy { $0.name == "journal.wait" }, sourceLocation: location)
    }

    private func checkFailed(_ entry: SpanBook.Entry, _ error: EngineError) {
        #expect(entry.errors == ["\(error)"] && entry.hasFailed && entry.links.isEmpty)
    }

    // MARK: What the observer is told

    @Test("A batch begins, is decided, is on disk, and only then is anybody answered")
    func order() throws {
        let stage = LoopStage(["a", "b"])
        stage.watch.clear()
        stage.watch.rows = { [journal = stage.journal] in journal.state.withLock { $0.rows.count } }
        for number in 0..<3 { stage.join("b", number) }
        stage.join("a", 0)
        stage.release("a", hold: 7)
        let rows = stage.journal.state.withLock { $0.rows.count }
        stage.turn()
        #expect(
            stage.watch.told == [
                "begins 0 0 1 0 4", "decided", "durable with \(rows + 2) rows on disk", "answered", "answered",
                "answered", "answered", "answered",
            ])
        let batch = try #require(stage.watch.batches.last)
        #expect(batch.requests == 5 && batch.rows == 2 && batch.span == nil && batch.waits.isEmpty)
        let written = stage.journal.state.withLock { $0.rows.dropFirst(rows).reduce(0) { $0 + Int($1.count) } }
        #expect(batch.facts == written && written >= 4)
    }

    @Test("What waits beyond a batch's share is told as depth, and comes with the next batch")
    func depths() {
        let stage = LoopStage(["a"], EngineLimits(laneShare: [9, 9, 9, 9, 2]))
        stage.watch.clear()
        for number in 0..<5 { stage.join("a", number) }
        for _ in 0..<3 { stage.turn() }
        #expect(stage.watch.told.filter { $0.hasPrefix("begins") } == (0..<3).map { "begins 0 0 0 0 \(5 - 2 * $0)" })
        #expect(stage.watch.batches.map(\.requests) == [2, 2, 1])
    }

    @Test("A batch that isn't on disk isn't told as if it were")
    func fullDisk() {
        let stage = LoopStage(["a"])
        stage.journal.inner.setFull(true)
        stage.watch.clear()
        stage.join("a", 0)
        stage.turn()
        #expect(stage.watch.told == ["begins 0 0 0 0 1", "decided", "failed"])
        // Until it is tried again, nothing is even decided.
        stage.watch.clear()
        stage.join("a", 1)
        stage.turn()
        #expect(stage.watch.told == ["begins 0 0 0 0 1", "failed"])
        stage.journal.inner.setFull(false)
        stage.clock.advance(seconds: 2)
        stage.watch.clear()
        stage.join("a", 2)
        stage.turn()
        #expect(stage.watch.told == ["begins 0 0 0 0 1", "decided", "durable", "answered"])
    }

    @Test(
        "Over any run, all rows, facts and answers have been told, and all waits ended once",
        arguments: 1...20 as ClosedRange<UInt64>)
    func sums(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let stage = LoopStage(["a", "b", "c"], EngineLimits(laneMax: [9, 9, 9, 9, 30], laneShare: [9, 9, 9, 9, 5]))
        // The creation of events is answered as well.
        let created = 3
        var traced = 0
        for number in 0..<400 {
            let event = ["a", "b", "c"].randomElement(using: &random) ?? "a"
            let isTraced = random.happens(0.3)
            if isTraced { traced += 1 }
            stage.join(event, number, in: isTraced ? book : nil)
            if random.happens(0.2) { stage.release(event, hold: 3) }
            if random.happens(0.05) { stage.journal.inner.setFull(random.happens(0.5)) }
            if random.happens(0.3) {
                stage.clock.advance(milliseconds: Int.random(in: 0...900, using: &random))
                stage.turn()
            }
        }
        stage.journal.inner.setFull(false)
        stage.clock.advance(seconds: 5)
        for _ in 0..<40 { stage.turn() }
        stage.loop.finish()
        let (batches, rows) = (stage.watch.batches, stage.journal.state.withLock { $0.rows })
        #expect(batches.reduce(0) { $0 + $1.rows } == rows.count)
        #expect(batches.reduce(0) { $0 + $1.facts } == rows.reduce(0) { $0 + Int($1.count) })
        #expect(batches.reduce(0) { $0 + $1.requests } == stage.watch.told.count { $0 == "answered" } + created)
        #expect(stage.watch.told.contains("failed"))
        checkEnds(traced)
        // Those that came to the disk are in one batch each, and know which.
        let spans = Dictionary(
            uniqueKeysWithValues: batches.compactMap { batch in batch.span.map { ($0, batch.waits) } })
        for entry in book.entries {
            if entry.hasFailed {
                #expect(entry.links.isEmpty && entry.errors.count == 1)
            } else {
                #expect(entry.links.count == 1 && entry.errors.isEmpty)
                #expect(entry.links.first.flatMap { spans[$0] }?.contains(entry.context) ?? false)
            }
        }
        #expect(spans.values.reduce(0) { $0 + $1.count } == book.entries.count { !$0.hasFailed })
    }

    // MARK: Traced requests

    @Test("A traced request's wait is a span below it, linked to its batch, and the batch to all of them")
    func success() throws {
        let stage = LoopStage(["a", "b"])
        stage.join("a", 0, in: book)
        stage.join("a", 1)
        stage.join("b", 0, in: book)
        // Refused, but answered with the batch all the same.
        stage.release("b", hold: 9, in: book)
        stage.turn()
        checkEnds(3)
        let batch = try #require(stage.watch.batches.last)
        let span = try #require(batch.span)
        #expect(span.isSampled && !book.entries.contains { $0.context.traceID == span.traceID })
        #expect(Set(batch.waits) == Set(book.entries.map(\.context)) && batch.requests == 4)
        for entry in book.entries {
            #expect(entry.links == [span] && !entry.hasFailed && entry.errors.isEmpty)
            #expect(entry.parent?.traceID == entry.context.traceID)
        }
        let attributes = book.entries[2].attributes
        #expect(attributes["onsale.command"]?.toSpanAttribute() == .string("ReleaseHold"))
        #expect(attributes["onsale.event"]?.toSpanAttribute() == .string("b"))
        // The next batch has nothing to do with it.
        stage.join("a", 2)
        stage.turn()
        #expect(stage.watch.batches.last?.span == nil)
        checkEnds(3)
    }

    @Test("A request that isn't sampled, or in no trace, has no span")
    func unsampled() {
        let stage = LoopStage(["a"])
        book.work(sampled: false) { stage.join("a", 0, isTraced: true) }
        withTracer(book) { stage.join("a", 1, isTraced: true) }
        stage.turn()
        #expect(book.entries.isEmpty && stage.watch.batches.last?.span == nil)
        #expect(stage.watch.batches.last?.requests == 2)
    }

    @Test("A batch names no more than its share of waits, and still ends them all")
    func many() throws {
        let stage = LoopStage(["a"])
        for number in 0..<200 { stage.join("a", number, in: book) }
        stage.turn()
        checkEnds(200)
        let batch = try #require(stage.watch.batches.last)
        #expect(batch.waits.count == BatchSummary.waitsMax && Set(batch.waits).count == batch.waits.count)
        #expect(book.entries.allSatisfy { $0.links == [batch.span] })
    }

    @Test("An order that waits for its payment has waited for the journal only until it was placed")
    func waitingOrder() throws {
        let stage = LoopStage(["a"])
        let given = Mutex<PlaceID?>(nil)
        let join = JoinLine(Example.buyer(1)).envelope { result in
            given.withLock { $0 = try? result.get().place.id }
        }
        stage.put(join, lane: .joins, "a")
        stage.turn()
        let place = try #require(given.withLock { $0 })
        stage.put(ClaimPass(of: place, buyer: Example.buyer(1)), "a")
        stage.turn()
        let hold = HoldPlaces(
            .seats([SeatIndex(1)]), buyer: Example.buyer(1), pass: PassID(1), key: Example.key(1))
        stage.put(hold, "a")
        stage.turn()
        let order = PlaceOrder(
            HoldID(1), buyer: Example.buyer(1), paymentMethod: "card", trace: nil, key: Example.key(2))
        var envelope = Envelope(order, waitUntil: stage.clock.now().adding(seconds: 30)) { [watch = stage.watch] _ in
            watch.tell("order answered")
        }
        envelope.wait = book.work { JournalWait(PlaceOrder.self, event: "a") }
        stage.put(envelope, lane: .orders, "a")
        stage.turn()
        checkEnds(1)
        #expect(book.entries[0].links.count == 1 && !stage.watch.told.contains("order answered"))
        // However the wait for the payment ends, the span is over.
        stage.loop.finish()
        checkEnds(1)
        #expect(stage.watch.told.contains("order answered"))
    }

    @Test("On a full disk a wait ends with the error, tried or not")
    func waitsOnFullDisk() {
        let stage = LoopStage(["a"])
        stage.journal.inner.setFull(true)
        stage.join("a", 0, in: book)
        stage.turn()
        checkEnds(1)
        stage.join("a", 1, in: book)
        stage.turn()
        checkEnds(2)
        for entry in book.entries { checkFailed(entry, .storageFull) }
        // A later batch ends none of them again.
        stage.journal.inner.setFull(false)
        stage.clock.advance(seconds: 2)
        stage.join("a", 2, in: book)
        stage.turn()
        checkEnds(3)
        #expect(stage.watch.batches.last?.waits == [book.entries[2].context])
    }

    @Test("When an event goes out of service, all its waits end with that, and those of other events with their batch")
    func outOfService() throws {
        let stage = LoopStage(["a", "b"], EngineLimits(laneShare: [9, 9, 9, 9, 2]))
        // Another process writes to it.
        let head = try #require(try stage.journal.head(of: "a"))
        var writer = ByteWriter()
        Fact.encode([], into: &writer)
        try stage.journal.inner.append([head.row(payload: writer.bytes, count: 1, time: stage.clock.now())])
        // Two are in the batch, three still in the inbox.
        for number in 0..<5 { stage.join("a", number, in: book) }
        stage.join("b", 0, in: book)
        stage.turn()
        checkEnds(6)
        for entry in book.entries.prefix(5) { checkFailed(entry, .outOfService) }
        let batch = try #require(stage.watch.batches.last)
        #expect(book.entries[5].links == [batch.span] && !book.entries[5].hasFailed)
        #expect(batch.rows == 1 && batch.requests == 1 && batch.waits == [book.entries[5].context])
    }

    @Test("What a full inbox refuses ends its wait at once")
    func overloaded() {
        let stage = LoopStage(["a"], EngineLimits(laneMax: [9, 9, 9, 9, 1]))
        stage.join("a", 0, in: book)
        stage.join("a", 1, in: book)
        #expect(book.entries.map(\.ends) == [0, 1])
        checkFailed(book.entries[1], .overloaded(retryAfterSeconds: 1))
        stage.turn()
        checkEnds(2)
    }

    @Test("At the end, waits in the inbox end, and so do those that come too late")
    func shutdown() async {
        let stage = LoopStage(["a"])
        stage.join("a", 0, in: book)
        stage.loop.finish()
        checkEnds(1)
        let book = book
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var envelope = JoinLine(Example.buyer(1)).envelope { _ in continuation.resume() }
            envelope.wait = book.work { JournalWait(JoinLine.self, event: "a") }
            stage.put(envelope, lane: .joins, "a")
        }
        checkEnds(2)
        for entry in book.entries { checkFailed(entry, .shuttingDown) }
    }

    @Test("Commands that come through the engine have their waits, whatever becomes of them")
    func throughEngine() async throws {
        let watch = LoopWatch()
        let engine = Engine(
            journal: MemoryJournal(), clock: TestClock(), payments: FakeGateway(), followers: [], observer: watch,
            logger: .silent, fatal: { fatalError($0) })
        try engine.start()
        _ = try await engine.create(Example.definition("a"), document: nil)
        let event = try await engine.event("a")
        let context = SpanBook.context(sampled: true)
        try await withTracer(book) {
            try await InstrumentationContext.withValue(context) {
                let pass = try await engine.admit(Example.buyer(1), to: event)
                let hold = try await engine.apply(
                    HoldPlaces(.seats([SeatIndex(1)]), buyer: Example.buyer(1), pass: pass, key: Example.key(1)),
                    to: event)
                await #expect(throws: Refusal.self) {
                    try await engine.apply(ReleaseHold(HoldID(77), buyer: Example.buyer(1)), to: event)
                }
                _ = try await engine.apply(
                    PlaceOrder(
                        hold.id, buyer: Example.buyer(1), paymentMethod: "card", trace: nil, key: Example.key(2)),
                    to: event, waitUntil: engine.now().adding(seconds: 60))
                // A read waits as well, but for no journal.
                _ = try await engine.read(event) { $0.sale.counts }
            }
        }
        await engine.stop()
        let waits = book.entries.filter { $0.parent == context.traceContext }
        #expect(waits.allSatisfy { $0.ends == 1 && $0.links.count == 1 && !$0.hasFailed })
        let commands = waits.map { $0.attributes["onsale.command"]?.toSpanAttribute() }
        #expect(commands == ["JoinLine", "ClaimPass", "HoldPlaces", "ReleaseHold", "PlaceOrder"].map { .string($0) })
        let spans = Set(watch.batches.compactMap(\.span))
        #expect(waits.allSatisfy { spans.isSuperset(of: $0.links) })
    }
}

/// Writes down what the loop tells, and what callers are answered.
private final class LoopWatch: LoopObserver {
    private struct State {
        var told: [String] = []
        var batches: [BatchSummary] = []
        var rows: (@Sendable () -> Int)?
    }

    private let state = Mutex(State())

    var told: [String] { state.withLock { $0.told } }
    var batches: [BatchSummary] { state.withLock { $0.batches } }
    /// How many rows are on disk.
    var rows: (@Sendable () -> Int)? {
        get { state.withLock { $0.rows } }
        set { state.withLock { $0.rows = newValue } }
    }

    func tell(_ text: String) { state.withLock { $0.told.append(text) } }

    func clear() {
        state.withLock {
            $0.told = []
            $0.batches = []
        }
    }

    func batchBegins(_ number: UInt64, depths: [Int]) {
        tell("begins " + depths.map { "\($0)" }.joined(separator: " "))
    }
    func batchIsDecided(_ number: UInt64) { tell("decided") }
    func batchIsDurable(_ batch: BatchSummary) {
        tell("durable" + (rows.map { " with \($0()) rows on disk" } ?? ""))
        state.withLock { $0.batches.append(batch) }
    }
}

/// A writer loop that a test turns by hand.
private final class LoopStage {
    let journal = WatchedJournal()
    let clock = TestClock()
    let watch = LoopWatch()
    let loop: WriterLoop
    private let mailbox = Mailbox()
    private let access: EventAccess
    private var handles: [String: EventHandle] = [:]

    init(_ events: [String], _ limits: EngineLimits = EngineLimits()) {
        let directory = EventDirectory()
        let loader = EventLoader(
            journal: journal, limits: limits, logger: .silent, directory: directory, mailbox: mailbox)
        access = EventAccess(directory: directory, mailbox: mailbox, loader: loader)
        loop = WriterLoop(
            journal: journal, limits: limits, logger: .silent, directory: directory, mailbox: mailbox,
            housekeeping: Housekeeping(
                journal: journal, limits: limits, logger: .silent, directory: directory, mailbox: mailbox,
                loader: loader, queue: nil),
            followers: [], observer: watch, seed: { [UInt8](repeating: 1, count: Draw.seedBytes) },
            fatal: { fatalError($0) })
        for (number, id) in events.enumerated() {
            var definition = Example.definition(id)
            definition = EventDefinition(
                id: id, tag: UInt64(number) + 7, title: id, venue: "Hall", startsAt: Example.start, currency: "KRW",
                planDigest: nil, plan: definition.plan, terms: definition.terms, schedule: definition.schedule)
            let partition = Partition(definition: definition)
            let handle = EventHandle(id: id, view: EventView(partition, lastSequence: 0), limits: limits)
            _ = directory.begin(id)
            mailbox.deliver(.created(handle, partition) { _ in })
            handles[id] = handle
        }
        turn()
    }

    func turn() { _ = loop.turn(mailbox.take(waitingAtMost: 0).mail, now: clock.now()) }

    func put(_ envelope: Envelope, lane: Lane, _ event: String) {
        guard let handle = handles[event] else { return }
        access.put(envelope, lane: lane, into: handle)
    }

    /// - Parameter isTraced: whether it asks for a span, which it gets if the work in progress is traced.
    func put<Command: EventCommand>(_ command: Command, _ event: String, isTraced: Bool = false) {
        var envelope = command.envelope { [watch] result in
            if case .failure(let error) = result, error is EngineError { return watch.tell("failed") }
            watch.tell("answered")
        }
        if isTraced { envelope.wait = JournalWait(Command.self, event: event) }
        put(envelope, lane: Command.lane, event)
    }

    private func put(_ command: some EventCommand, _ event: String, in book: SpanBook?) {
        guard let book else { return put(command, event) }
        book.work { put(command, event, isTraced: true) }
    }

    /// - Parameter book: where it is traced; nil if it isn't.
    func join(_ event: String, _ buyer: Int, in book: SpanBook? = nil) {
        put(JoinLine(Example.buyer(buyer)), event, in: book)
    }

    func join(_ event: String, _ buyer: Int, isTraced: Bool) {
        put(JoinLine(Example.buyer(buyer)), event, isTraced: isTraced)
    }

    /// Refused, for there is no such hold.
    func release(_ event: String, hold: UInt32, in book: SpanBook? = nil) {
        put(ReleaseHold(HoldID(hold), buyer: Example.buyer(0)), event, in: book)
    }
}
