import Doubles
import OnsaleEngine
import OnsaleStorage
import OnsaleValues
import Testing

/// What every adapter of the `Journal` port must do.
@Suite struct JournalConformanceTests {
    private func rows(_ partition: String, _ counts: [Int]) -> [JournalRow] {
        var head = JournalHead.empty(partition)
        return counts.map { count in
            let row = head.row(
                payload: [1] + (0..<count).map { UInt8(truncatingIfNeeded: $0) }, count: count,
                time: Timestamp(milliseconds: Int64(head.lastSequence)))
            head = head.advanced(by: row)
            return row
        }
    }

    private func read(_ journal: any EventStore, _ partition: String, from sequence: UInt64) throws -> [JournalRow] {
        var found: [JournalRow] = []
        try journal.read(partition: partition, from: sequence) { found.append($0) }
        return found
    }

    @Test("Appended rows are read back in order, from any fact on", arguments: JournalKind.allCases)
    func readsBack(kind: JournalKind) async throws {
        try await withJournal(kind) { journal in
            let rows = rows("a", [3, 1, 5])
            for row in rows { try journal.append([row]) }
            #expect(try read(journal, "a", from: 1) == rows)
            #expect(try read(journal, "a", from: 3) == rows)
            #expect(try read(journal, "a", from: 4) == Array(rows.dropFirst()))
            #expect(try read(journal, "a", from: 6) == [rows[2]])
            #expect(try read(journal, "a", from: 10) == [])
            #expect(try read(journal, "b", from: 1) == [])
        }
    }

    @Test("The head says where a partition ends", arguments: JournalKind.allCases)
    func headMoves(kind: JournalKind) async throws {
        try await withJournal(kind) { journal in
            #expect(try journal.head(of: "a") == nil)
            let rows = rows("a", [3, 1])
            try journal.append([rows[0]])
            #expect(try journal.head(of: "a")?.lastSequence == 3)
            try journal.append([rows[1]])
            #expect(try journal.head(of: "a")?.lastSequence == 4)
            #expect(try journal.head(of: "a")?.checksum == rows[1].checksum)
            #expect(try journal.heads().map(\.partition) == ["a"])
            #expect(try journal.partitions() == ["a"])
        }
    }

    /// Outcomes in words, to be compared.
    private func outcomes(_ journal: any EventStore, _ rows: [JournalRow]) -> [String] {
        journal.outcomes(of: rows).map { "\($0)" }
    }

    @Test(
        "Each partition has an outcome of its own: one that isn't at its head costs the others nothing",
        arguments: JournalKind.allCases)
    func outcomesAreApart(kind: JournalKind) async throws {
        try await withJournal(kind) { journal throws in
            let (first, second, third) = (rows("a", [1]), rows("b", [1, 1]), rows("c", [2]))
            #expect(outcomes(journal, [first[0], second[1], third[0]]) == ["committed", "notAtHead", "committed"])
            #expect(try journal.heads().map(\.partition) == ["a", "c"])
            #expect(try read(journal, "b", from: 1) == [])
            #expect(outcomes(journal, [first[0], second[0]]) == ["notAtHead", "committed"])
            #expect(try read(journal, "a", from: 1) == first)
            #expect(try journal.heads().map(\.partition) == ["a", "b", "c"])
        }
    }

    @Test(
        "An epoch begins with a claim, and whoever writes under an earlier one is refused",
        arguments: JournalKind.allCases)
    func epochs(kind: JournalKind) async throws {
        try await withJournal(kind) { journal in
            let owner = try #require(NodeID(name: "a", session: 1))
            func row(_ head: JournalHead, _ epoch: UInt64) -> JournalRow {
                head.row(payload: [1], count: 1, time: Timestamp(milliseconds: 1), epoch: epoch)
            }
            let created = row(.empty("a"), 1)
            #expect("\(journal.claim(created, owner: owner))" == "committed")
            let head = JournalHead.empty("a").advanced(by: created)
            #expect(try journal.head(of: "a") == head)
            // Only a claim begins an epoch, and it begins a new one.
            #expect(outcomes(journal, [row(head, 2)]) == ["notAtHead"])
            #expect("\(journal.claim(row(head, 1), owner: owner))" == "notAtHead")
            let claim = row(head, 3)
            #expect("\(journal.claim(claim, owner: owner))" == "committed")
            // The deposed owner's row collides, even one after the claim.
            #expect(outcomes(journal, [row(head, 1)]) == ["notAtHead"])
            let after = head.advanced(by: claim)
            #expect(outcomes(journal, [row(after, 1)]) == ["notAtHead"])
            #expect(outcomes(journal, [row(after, 3)]) == ["committed"])
            #expect(try read(journal, "a", from: 1).map(\.epoch) == [1, 3, 3])
        }
    }

    @Test("A row that doesn't follow the head is refused", arguments: JournalKind.allCases)
    func refusesWhatIsNotAtHead(kind: JournalKind) async throws {
        try await withJournal(kind) { journal in
            let rows = rows("a", [2, 2, 2])
            try journal.append([rows[0]])
            for row in [rows[0], rows[2]] {
                #expect(outcomes(journal, [row]) == ["notAtHead"])
            }
            try journal.append([rows[1]])
            #expect(try journal.head(of: "a")?.lastSequence == 4)
        }
    }

    @Test("The newest snapshot is returned", arguments: JournalKind.allCases)
    func keepsSnapshots(kind: JournalKind) async throws {
        try await withJournal(kind) { journal in
            #expect(try journal.latestSnapshot(of: "a") == nil)
            for sequence in [10, 20, 30, 40] as [UInt64] {
                try journal.save(
                    Snapshot(
                        partition: "a", lastSequence: sequence, rowChecksum: [1], time: Timestamp(milliseconds: 5),
                        payload: [UInt8(sequence)]))
            }
            #expect(try journal.latestSnapshot(of: "a")?.payload == [40])
        }
    }

    @Test("Documents are stored by digest, and storing one twice is fine", arguments: JournalKind.allCases)
    func keepsDocuments(kind: JournalKind) async throws {
        try await withJournal(kind) { journal in
            try journal.putDocument([1, 2, 3], digest: [9])
            try journal.putDocument([1, 2, 3], digest: [9])
            #expect(try journal.document(digest: [9]) == [1, 2, 3])
            #expect(try journal.document(digest: [8]) == nil)
        }
    }

    @Test("SQLite commits are on disk before they return: synchronous is FULL on the writer")
    func synchronousIsFull() async throws {
        try await withFolder { folder in
            let journal = try SQLiteJournal(folder: folder)
            defer { try? journal.close() }
            #expect(try journal.synchronousLevel() == 2)
        }
    }

    @Test("Appended rows survive closing and reopening")
    func survivesReopening() async throws {
        try await withFolder { folder in
            let rows = rows("a", [3, 1])
            let journal = try SQLiteJournal(folder: folder)
            for row in rows { try journal.append([row]) }
            try journal.close()
            let again = try SQLiteJournal(folder: folder)
            defer { try? again.close() }
            #expect(try read(again, "a", from: 1) == rows)
        }
    }
}
