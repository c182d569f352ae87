import Dispatch
import OnsaleSale
import OnsaleValues
import Synchronization
import Testing

@testable import OnsaleEngine
@testable import OnsaleHistory

@Suite(.timeLimit(.minutes(5))) struct TimelineFollowerTests {
    private func points(_ timeline: Timeline, _ step: Timeline.Step, _ now: Timestamp) -> [Timeline.Point] {
        timeline.points(from: nil, to: now, step: step, now: now)
    }

    @Test(
        "What is rebuilt from the journal is what was seen live, wherever the process began",
        arguments: 1...20 as ClosedRange<UInt64>)
    func isRebuilt(seed: UInt64) async throws {
        let script = try Script()
        // One from the first fact on; its journal has nothing to read.
        let live = TimelineFollower(journal: MemoryJournal())
        script.followers = [live]
        try script.live(seed: seed, steps: 150)
        // One that begins in the middle, and one that begins at the end.
        let middle = TimelineFollower(journal: script.journal)
        middle.resume(script.partition, at: script.head)
        script.followers = [live, middle]
        try script.more(seed: seed &+ 1, steps: 150)
        let end = TimelineFollower(journal: script.journal)
        end.resume(script.partition, at: script.head)
        let unfollowed = TimelineFollower(journal: script.journal)

        let now = script.now
        let expected = try await live.timeline(of: "show")
        #expect(points(expected, .minute, now).count > 1)
        for other in [middle, end, unfollowed] {
            let rebuilt = try await other.timeline(of: "show")
            for step in Timeline.Step.allCases {
                #expect(firstDifference(points(rebuilt, step, now), points(expected, step, now)) == nil)
            }
        }
        // And it goes on.
        script.followers = [live, middle, end]
        try script.more(seed: seed &+ 2, steps: 50)
        let (one, two) = (try await live.timeline(of: "show"), try await end.timeline(of: "show"))
        #expect(firstDifference(points(two, .minute, script.now), points(one, .minute, script.now)) == nil)
        let last = points(one, .second, script.now).last?.sample
        #expect(last?.sold == Int32(script.partition.sale.counts.sold))
        #expect(last?.gross == script.partition.sale.ledger.gross)
    }

    @Test("Many who ask at once wait for one replay; who asks later finds it done")
    func replaysOnce() async throws {
        let script = try Script(in: CountingJournal())
        try script.live(seed: 7, steps: 100)
        let journal = try #require(script.journal as? CountingJournal)
        let follower = TimelineFollower(journal: journal)
        follower.resume(script.partition, at: script.head)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { try await follower.timeline(of: "show").count } }
            for try await count in group { #expect(count > 0) }
        }
        #expect(journal.reads.withLock { $0 } == 1)
        // Put away and loaded again, with nothing new.
        follower.resume(script.partition, at: script.head)
        _ = try await follower.timeline(of: "show")
        #expect(journal.reads.withLock { $0 } == 1)
        follower.leave("show")
        #expect(follower.samples == 0)
    }

    @Test("Where memory runs short, the event of least use is forgotten, and read again when it is asked for")
    func isBounded() async throws {
        let journal = MemoryJournal()
        let follower = TimelineFollower(journal: journal, samplesMax: 60)
        let events = ["one", "two", "three"]
        var scripts: [Script] = []
        for (index, event) in events.enumerated() {
            let script = try Script(Show.definition(event, tag: UInt64(index) + 1), in: journal)
            let whole = TimelineFollower(journal: MemoryJournal())
            script.followers = [follower, whole]
            scripts.append(script)
            try script.live(seed: UInt64(index), steps: 60)
            #expect(follower.samples <= 60)
        }
        for (event, script) in zip(events, scripts) {
            let whole = try #require(script.followers.last as? TimelineFollower)
            let difference = firstDifference(
                points(try await follower.timeline(of: event), .minute, script.now),
                points(try await whole.timeline(of: event), .minute, script.now))
            #expect(difference == nil, "\(event)")
            #expect(follower.samples <= 60)
        }
    }

    @Test("Once it has stopped, nothing is read")
    func stops() async throws {
        let script = try Script(in: CountingJournal())
        try script.live(seed: 1, steps: 20)
        let follower = TimelineFollower(journal: script.journal)
        await follower.stop()
        await #expect(throws: EngineError.shuttingDown) { try await follower.timeline(of: "show") }
        #expect((script.journal as? CountingJournal)?.reads.withLock { $0 } == 0)
    }

    @Test("Too many who wait for a replay are told to come later")
    func isLimited() async throws {
        let queue = ReadingQueue(label: "test")
        let gate = DispatchSemaphore(value: 0)
        let waiting = (0..<ReadingQueue.waitingMax).map { _ in Task { try await queue.run { gate.wait() } } }
        while queue.waiting < ReadingQueue.waitingMax { try await Task.sleep(for: .milliseconds(1)) }
        await #expect(throws: EngineError.overloaded(retryAfterSeconds: 2)) { try await queue.run {} }
        for _ in waiting { gate.signal() }
        for task in waiting { try await task.value }
        try await queue.run {}
    }
}

/// Counts how often an event's rows are read.
private final class CountingJournal: EventStore {
    let inner = MemoryJournal()
    let reads = Mutex(0)

    func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws {
        reads.withLock { $0 += 1 }
        try inner.read(partition: partition, from: sequence, body)
    }

    func heads() throws -> [JournalHead] { try inner.heads() }
    func partitions() throws -> [String] { try inner.partitions() }
    func head(of partition: String) throws -> JournalHead? { try inner.head(of: partition) }
    func latestTime() throws -> Timestamp? { try inner.latestTime() }
    var batchesMax: Int { inner.batchesMax }
    func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void) {
        inner.append(rows, done: done)
    }
    func claim(_ row: JournalRow, owner: NodeID) -> AppendOutcome { inner.claim(row, owner: owner) }
    func save(_ snapshot: Snapshot) throws { try inner.save(snapshot) }
    func latestSnapshot(of partition: String) throws -> Snapshot? { try inner.latestSnapshot(of: partition) }
    func save(_ dormant: DormantEvent) throws { try inner.save(dormant) }
    func dormantEvents() throws -> [DormantEvent] { try inner.dormantEvents() }
    func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws { try inner.putDocument(bytes, digest: digest) }
    func document(digest: [UInt8]) throws -> [UInt8]? { try inner.document(digest: digest) }
    func close() throws { try inner.close() }
}
