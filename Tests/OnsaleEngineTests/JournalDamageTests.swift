import Doubles
import Foundation
import Doubles
import GRDB
import OnsaleEngine
import OnsaleSale
import OnsaleStorage
import OnsaleValues
import Testing

/// Tampering with a journal, or losing part of it, is found and named.
@Suite struct JournalDamageTests {
    /// Twenty rows of one event: its creation, then holds.
    private func write(_ journal: any EventStore) throws {
        let definition = Example.definition()
        var partition = Partition(definition: definition)
        var head = JournalHead.empty("show")
        var facts: [Fact] = [.created(definition)]
        for number in 0..<20 {
            if number > 0 {
                facts = []
                try partition.apply(BlockSeats([SeatIndex(UInt32(number))]), now: Example.start, facts: &facts)
            }
            var writer = ByteWriter()
            Fact.encode(facts, into: &writer)
            let row = head.row(payload: writer.bytes, count: facts.count, time: Example.start)
            try journal.append([row])
            head = head.advanced(by: row)
        }
        try journal.save(
            Snapshot(
                partition: "show", lastSequence: head.lastSequence, rowChecksum: head.checksum, time: Example.start,
                payload: partition.encodeSnapshot()))
    }

    private func damaged(by sql: String) async throws -> [String] {
        try await withFolder { folder in
            let journal = try SQLiteJournal(folder: folder)
            try write(journal)
            #expect(try Verification(journal: journal).run().breaches.isEmpty)
            try journal.close()
            try await DatabaseQueue(path: folder + "/journal.sqlite").write { try $0.execute(sql: sql) }
            let again = try SQLiteJournal(folder: folder, isReadOnly: true)
            defer { try? again.close() }
            return try Verification(journal: again).run().breaches.map(\.description)
        }
    }

    @Test("A flipped bit is found and its row is named")
    func flippedByte() async throws {
        let found = try await damaged(
            by: """
                UPDATE journal SET payload = CAST(substr(payload, 1, length(payload) - 1) || x'7f' AS BLOB)
                WHERE sequence = 7
                """)
        #expect(found == ["event show: the row of fact 7 is damaged, its checksum does not match"])
    }

    @Test("A changed time is found")
    func changedTime() async throws {
        let found = try await damaged(by: "UPDATE journal SET recorded_at = recorded_at + 1 WHERE sequence = 9")
        #expect(found == ["event show: the row of fact 9 is damaged, its checksum does not match"])
    }

    @Test("A missing row is found and its position is named")
    func missingRow() async throws {
        let found = try await damaged(by: "DELETE FROM journal WHERE sequence = 11")
        #expect(found == ["event show: fact 11 should follow, the next row begins with 12: rows are missing"])
    }

    @Test("A cut-off tail is found")
    func cutTail() async throws {
        let found = try await damaged(by: "DELETE FROM journal WHERE sequence > 15")
        #expect(found == ["event show: the journal should reach fact 20, it ends with 15: its tail is cut off"])
    }

    @Test("A head that has been moved back is found")
    func headMovedBack() async throws {
        let found = try await damaged(by: "UPDATE journal_head SET last_sequence = 18")
        #expect(found.count == 1)
        #expect(found.first?.contains("its head says fact 18, but rows go on to 20") == true)
    }

    @Test("Rows without a head are found")
    func missingHead() async throws {
        let found = try await damaged(by: "DELETE FROM journal_head")
        #expect(found == ["event show: rows stand without a head"])
    }

    @Test("A damaged snapshot is ignored; the facts are enough")
    func damagedSnapshot() async throws {
        try await withFolder { folder in
            let journal = try SQLiteJournal(folder: folder)
            try write(journal)
            try journal.close()
            try await DatabaseQueue(path: folder + "/snapshots.sqlite").write {
                try $0.execute(sql: "UPDATE snapshot SET payload = x'0102'")
            }
            let again = try SQLiteJournal(folder: folder)
            defer { try? again.close() }
            let recovered = try Recovery.recover("show", from: again)
            #expect(recovered.head.lastSequence == 20)
            #expect(recovered.snapshotSequence == 0)
        }
    }

    @Test("A snapshot of another journal is ignored")
    func foreignSnapshot() async throws {
        let journal = MemoryJournal()
        try write(journal)
        let other = Partition(definition: Example.definition())
        try journal.save(
            Snapshot(
                partition: "show", lastSequence: 20, rowChecksum: [UInt8](repeating: 7, count: 32),
                time: Example.start, payload: other.encodeSnapshot()))
        let recovered = try Recovery.recover("show", from: journal)
        #expect(recovered.partition.sale.counts.blocked == 19)
    }
}
