import Doubles
import OnsaleSale
import OnsaleValues
import Seeded
import Testing

@testable import OnsaleEngine

/// The journal tail, on every adapter of the journal.
@Suite(.timeLimit(.minutes(2))) struct JournalTailTests {
    /// Writes a journal of several events, batch by batch.
    private struct Author {
        var heads: [String: JournalHead] = [:]
        var random: SeededRandom

        init(seed: UInt64) {
            random = SeededRandom(seed: seed)
        }

        /// A batch for some of the events.
        mutating func rows() -> [JournalRow] {
            let names = ["a", "b", "c"].filter { _ in Bool.random(using: &random) }
            return names.map { name in
                let head = heads[name] ?? .empty(name)
                let payload = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let row = head.row(
                    payload: payload, count: Int.random(in: 1...5, using: &random), time: Example.start)
                heads[name] = head.advanced(by: row)
                return row
            }
        }
    }

    /// Tells the tail of rows the way the writer does.
    private func tell(_ tail: JournalTail, of rows: [JournalRow]) {
        let partition = Partition(definition: Example.definition(seats: 1))
        for row in rows {
            tail.follow(Committed(row: row, facts: [], view: EventView(partition, lastSequence: 0)), in: partition)
        }
    }

    @Test(
        "Every row arrives once and in order, whether written before or meanwhile, and across restarts",
        arguments: JournalKind.allCases, 1...8 as ClosedRange<UInt64>)
    func everyRowOnce(kind: JournalKind, seed: UInt64) async throws {
        try await withJournal(kind) { journal in
            var author = Author(seed: seed)
            var written: [JournalRow] = []
            for _ in 0..<Int(seed * 3) {
                let rows = author.rows()
                try journal.append(rows)
                written += rows
            }
            var read: [JournalRow] = []
            var positions: [String: UInt64] = [:]
            // Each process starts where the previous one stopped.
            for _ in 0..<4 {
                let tail = JournalTail(journal: journal)
                let reader = tail.reader(after: positions, rowsMax: 3, bytesMax: 60)
                for _ in 0..<Int.random(in: 1...20, using: &author.random) {
                    if Bool.random(using: &author.random) {
                        let rows = author.rows()
                        try journal.append(rows)
                        written += rows
                        tell(tail, of: rows)
                    }
                    guard read.count < written.count else { continue }
                    let batch = try await reader.next()
                    #expect(batch.rows.count <= 3)
                    read += batch.rows
                    positions[batch.partition] = batch.position
                }
                #expect(reader.positions == positions)
            }
            let reader = JournalTail(journal: journal).reader(after: positions)
            while read.count < written.count { read += try await reader.next().rows }
            for name in ["a", "b", "c"] {
                #expect(read.filter { $0.partition == name } == written.filter { $0.partition == name })
            }
        }
    }

    @Test("A reader at the end waits without polling, resumes when rows come, and can be cancelled")
    func waits() async throws {
        let journal = WatchedJournal()
        let tail = JournalTail(journal: journal)
        var author = Author(seed: 1)
        let reading = Task {
            let reader = tail.reader()
            var rows: [JournalRow] = []
            while rows.count < 2 { rows += try await reader.next().rows }
            return rows
        }
        try await Task.sleep(for: .milliseconds(100))
        let head = JournalHead.empty("a")
        let first = head.row(payload: [1], count: 1, time: Example.start)
        let second = head.advanced(by: first).row(payload: [2], count: 1, time: Example.start)
        for row in [first, second] {
            try journal.append([row])
            tell(tail, of: [row])
        }
        #expect(try await reading.value == [first, second])
        _ = author.rows()
        let waiting = Task { try await tail.reader(after: ["a": 2]).next() }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test("A journal that ends before the reader's position is reported as a different journal")
    func behind() async throws {
        let tail = JournalTail(journal: MemoryJournal())
        let reader = tail.reader(after: ["a": 7])
        for _ in 0..<2 {
            var failure: JournalTail.Failure?
            do { _ = try await reader.next() } catch { failure = error as? JournalTail.Failure }
            #expect(failure == .behind(partition: "a"))
        }
    }

    @Test("The engine's tail has everything the engine answered, and a reader that never reads delays nobody")
    func ofTheEngine() async throws {
        let journal = MemoryJournal()
        let engine = Engine(
            journal: journal, clock: TestClock(), payments: FakeGateway(), logger: .silent, fatal: { fatalError($0) })
        try engine.start()
        let idle = engine.tail.reader()
        _ = try await engine.create(Example.definition("opera", seats: 9), document: nil)
        let event = try await engine.event("opera")
        let reader = engine.tail.reader()
        var facts: [Fact] = []
        let command = TakeNote(AuditNote(actor: "a", action: .created, detail: "x"))
        for _ in 0..<20 { try await engine.apply(command, to: event) }
        while facts.count < 21 {
            for row in try await reader.next().rows {
                facts += try Fact.decode(payload: row.payload) { try journal.document(digest: $0) }
            }
        }
        #expect(facts.count == 21)
        _ = idle
        await engine.stop()
    }
}
