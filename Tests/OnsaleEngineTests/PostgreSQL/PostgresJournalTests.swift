import Doubles
import OnsaleEngine
import OnsalePostgres
import OnsaleValues
import Servers
import Synchronization
import Testing

@testable import OnsaleStorage

/// What only a journal on a server can meet. What every journal must do is in ``JournalConformanceTests``.
@Suite(.timeLimit(.minutes(3))) struct PostgresJournalTests {
    private let soon = Deadline.after(.seconds(60))

    private func row(_ head: JournalHead, bytes: Int = 9, epoch: UInt64? = nil) -> JournalRow {
        head.row(
            payload: [UInt8](repeating: 1, count: bytes), count: 2, time: Timestamp(milliseconds: 5), epoch: epoch)
    }

    private func words(_ outcomes: [AppendOutcome]) -> [String] { outcomes.map { word($0) } }

    private func word(_ outcome: AppendOutcome) -> String {
        switch outcome {
        case .committed: "committed"
        case .full: "full"
        case .notAtHead: "notAtHead"
        case .unavailable: "unavailable"
        case .unknown: "unknown"
        }
    }

    /// Writes first rows, and gives the heads after them.
    private func found(_ journal: PostgresJournal, _ names: [String]) throws -> [JournalHead] {
        let rows = names.map { row(.empty($0)) }
        try journal.append(rows)
        return rows.map { JournalHead.empty($0.partition).advanced(by: $0) }
    }

    private func connect(_ name: String) throws -> PostgresConnection {
        let server = try PostgresServer.shared.get()
        return try PostgresConnection(PostgresConfiguration(url: server.url(database: name)))
    }

    // MARK: Outcomes apart

    @Test("A head that somebody else has locked is passed over at once; the other partitions' rows go in")
    func lockedHead() async throws {
        try await withPostgresJournal { journal, name in
            let heads = try found(journal, ["a", "b", "c"])
            let other = try connect(name)
            try other.execute("BEGIN; SELECT 1 FROM journal_head WHERE partition = 'b' FOR UPDATE", by: soon)
            let rows = heads.map { row($0) }
            #expect(words(journal.outcomes(of: rows)) == ["committed", "notAtHead", "committed"])
            try other.execute("ROLLBACK", by: soon)
            #expect(words(journal.outcomes(of: [rows[1]])) == ["committed"])
        }
    }

    @Test("A partition whose rows go on beyond its head costs the others of its batch nothing")
    func damagedPartition() async throws {
        try await withPostgresJournal { journal, name in
            let heads = try found(journal, ["a", "b", "c"])
            try connect(name).execute("INSERT INTO journal VALUES ('b', 3, 0, 1, '', '')", by: soon)
            let rows = heads.map { row($0) } + [row(.empty("d"))]
            #expect(words(journal.outcomes(of: rows)) == ["committed", "notAtHead", "committed", "committed"])
            #expect(try journal.head(of: "b") == heads[1])
        }
    }

    @Test("A batch creates some partitions and goes on with others")
    func createsAndGoesOn() async throws {
        try await withPostgresJournal { journal, _ in
            let head = try found(journal, ["a"])[0]
            let rows = [row(.empty("b")), row(head), row(.empty("a")), row(.empty("c"))]
            // A batch has one row at most of each partition, so the third is for a batch of its own.
            #expect(
                words(journal.outcomes(of: [rows[0], rows[1], rows[3]])) == ["committed", "committed", "committed"])
            #expect(words(journal.outcomes(of: [rows[2], row(.empty("d"))])) == ["notAtHead", "committed"])
        }
    }

    @Test("Two nodes that append at the same place at once: one row goes in", arguments: 1...20)
    func race(turn: Int) async throws {
        try await withPostgresJournal { journal, _ in
            var heads = try found(journal, ["a", "b", "c", "d"])
            for _ in 0..<5 {
                let rows = heads.map { row($0) }
                let results = Mutex<[[AppendOutcome]]>([])
                let both = Monitor(0)
                for _ in 0..<2 {
                    journal.append(rows) { outcomes in
                        results.withLock { $0.append(outcomes) }
                        both.change { $0 += 1 }
                    }
                }
                _ = both.wait(until: soon) { $0 == 2 ? true : nil }
                let outcomes = results.withLock { $0 }.map(words)
                for index in rows.indices { #expect(Set(outcomes.map { $0[index] }) == ["committed", "notAtHead"]) }
                heads = zip(heads, rows).map { $0.advanced(by: $1) }
            }
            #expect(try journal.heads() == heads)
        }
    }

    @Test("A full disk is told as such, and written to again when there is room")
    func full() async throws {
        try await withPostgresJournal { journal, name in
            let heads = try found(journal, ["a", "b"])
            let other = try connect(name)
            try other.execute(
                """
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END$$;
                CREATE TRIGGER fail BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION fail();
                """, by: soon)
            let rows = heads.map { row($0) }
            #expect(words(journal.outcomes(of: rows)) == ["full", "full"])
            try other.execute("DROP TRIGGER fail ON journal", by: soon)
            #expect(words(journal.outcomes(of: rows)) == ["committed", "committed"])
        }
    }

    // MARK: Claims

    @Test("A claim waits for whoever is writing, and then sees what they wrote", arguments: [true, false])
    func claimWaits(commits: Bool) async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgresJournal { journal, name in
            let owner = try #require(NodeID(name: "n", session: 7))
            let head = try found(journal, ["a"])[0]
            let other = try connect(name)
            try other.execute("BEGIN; UPDATE journal_head SET last_sequence = 3 WHERE partition = 'a'", by: soon)
            let claimed = Background { [row = row(head, epoch: 1)] in journal.claim(row, owner: owner) }
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)' AND wait_event_type = 'Lock'"
            while try server.run(waits) != "1", !claimed.hasEnded {}
            try other.execute(commits ? "COMMIT" : "ROLLBACK", by: soon)
            #expect(word(try claimed.value()) == (commits ? "notAtHead" : "committed"))
            if !commits {
                let kept = try other.rows("SELECT owner, owned_at, epoch FROM journal_head", by: soon)
                #expect(kept == [["n#0000000000000007", "5", "1"]])
            }
        }
    }

    @Test("A claim that waits too long writes nothing")
    func claimGivesUp() async throws {
        try await withPostgresJournal { journal, name in
            let owner = try #require(NodeID(name: "n", session: 7))
            let head = try found(journal, ["a"])[0]
            let other = try connect(name)
            try other.execute("BEGIN; UPDATE journal_head SET last_sequence = 3 WHERE partition = 'a'", by: soon)
            #expect(word(journal.claim(row(head, epoch: 1), owner: owner)) == "unavailable")
            try other.execute("ROLLBACK", by: soon)
            #expect(try journal.head(of: "a") == head)
        }
    }

    // MARK: The unknown outcome

    @Test(
        "When the answer of a commit is lost, a claim at the lost row's place tells whether it was written",
        arguments: [true, false], [true, false])
    func lostAnswer(isWritten: Bool, isCreation: Bool) async throws {
        let server = try PostgresServer.shared.get()
        try await withFaultProxy(to: server.port) { proxy in
            try await withPostgresJournal(through: proxy) { journal, _ in
                let owner = try #require(NodeID(name: "n", session: 7))
                let head = isCreation ? JournalHead.empty("opera") : try found(journal, ["opera"])[0]
                // All have prepared the statement by now, so the next request with the name is the row itself.
                for number in 0..<12 { try journal.append([row(.empty("warm\(number)"))]) }
                let needle = Array("opera".utf8)
                proxy.inject(isWritten ? .dropAnswer(to: needle) : .dropRequest(with: needle))
                let lost = row(head)
                #expect(words(journal.outcomes(of: [lost])) == ["unknown"])
                #expect(proxy.faults == 1)
                let claim = row(head, epoch: 9)
                #expect(word(journal.claim(claim, owner: owner)) == (isWritten ? "notAtHead" : "committed"))
                #expect(try journal.head(of: "opera") == head.advanced(by: isWritten ? lost : claim))
                // Whoever claims again, with what was read, gets it; the lost row can't come any more.
                if isWritten {
                    let again = row(head.advanced(by: lost), epoch: 9)
                    #expect(word(journal.claim(again, owner: owner)) == "committed")
                } else {
                    #expect(words(journal.outcomes(of: [lost])) == ["notAtHead"])
                }
            }
        }
    }

    @Test("A server that says nothing leaves the outcome unknown within the deadline; later batches go on")
    func silence() async throws {
        let server = try PostgresServer.shared.get()
        try await withFaultProxy(to: server.port) { proxy in
            try await withPostgresJournal(
                writers: 1, appendLimit: .milliseconds(600), through: proxy
            ) { journal, _ in
                // The second rows make the writer's connection know the statement.
                let heads = try found(journal, ["a", "b"]).map { head in
                    let second = row(head)
                    try journal.append([second])
                    return head.advanced(by: second)
                }
                proxy.blackhole()
                #expect(words(journal.outcomes(of: heads.map { row($0) })) == ["unknown", "unknown"])
                let owner = try #require(NodeID(name: "n", session: 1))
                #expect(word(journal.claim(row(heads[0], epoch: 1), owner: owner)) != "committed")
                proxy.cut()
                proxy.pass()
                while words(journal.outcomes(of: [row(.empty("c"))])) == ["unavailable"] {}
                #expect(try journal.head(of: "c") != nil)
            }
        }
    }

    @Test("Batches that meet dead connections go over new ones")
    func reconnects() async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgresJournal { journal, name in
            var head = try found(journal, ["a"])[0]
            for _ in 0..<5 {
                try server.run(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '\(name)'")
                let next = row(head)
                try journal.append([next])
                head = head.advanced(by: next)
                #expect(try journal.head(of: "a") == head)
            }
        }
    }

    @Test("A crash of the server loses nothing that was committed, and the next batch goes in when it is back")
    func serverCrashes() async throws {
        let server = try PostgresServer()
        defer { server.stop() }
        try await server.withDatabase { name in
            try migrate(name, on: server)
            let configuration = try PostgresConfiguration(url: server.url(database: name))
            let journal = try PostgresJournal(configuration, logger: .silent)
            defer { try? journal.close() }
            var head = try found(journal, ["a"])[0]
            for _ in 0..<2 {
                try server.crashAndRestart()
                #expect(try journal.heads() == [head])
                let next = row(head)
                while words(journal.outcomes(of: [next])) == ["unavailable"] {}
                head = head.advanced(by: next)
                #expect(try journal.head(of: "a") == head)
            }
        }
    }

    @Test("Without a server, rows are unavailable, and no more batches wait than there is room for")
    func noServer() async throws {
        let server = try PostgresServer.shared.get()
        try await withFaultProxy(to: server.port) { proxy in
            try await withPostgresJournal(appendLimit: .milliseconds(400), through: proxy) { journal, _ in
                proxy.refuse()
                let outcomes = Monitor<[String]>([])
                for number in 0..<40 {
                    journal.append([row(.empty("p\(number)"))]) { [self] given in
                        outcomes.change { $0 += words(given) }
                    }
                }
                let all = outcomes.wait(until: soon) { $0.count == 40 ? $0 : nil }
                // Those that were being written when the connections were cut can't know.
                #expect(all.map { Set($0).subtracting(["unknown"]) } == ["unavailable"])
            }
        }
    }

    // MARK: Reading

    @Test("A long journal is read in pages, whatever the size of its rows; a page never holds many megabytes")
    func pages() async throws {
        try await withPostgresJournal { journal, name in
            func sequences(_ rows: ClosedRange<UInt64>) -> [UInt64] { rows.map { $0 * 2 - 1 } }
            var head = JournalHead.empty("a")
            var rows: [JournalRow] = []
            for size in [1 << 20, 3 << 20, 1, 700_000, 700_000, 2] {
                let next = row(head, bytes: size)
                try journal.append([next])
                rows.append(next)
                head = head.advanced(by: next)
            }
            try connect(name).execute(
                """
                INSERT INTO journal SELECT 'a', n * 2 - 1, 0, 2, '\\x01', '', 0 FROM generate_series(7, 3000) AS n
                """, by: soon)
            var found: [JournalRow] = []
            try journal.read(partition: "a", from: 1) { found.append($0) }
            #expect(Array(found.prefix(6)) == rows)
            #expect(found.map(\.sequence) == sequences(1...3000))
            found = []
            try journal.read(partition: "a", from: 5000) { found.append($0) }
            #expect(found.map(\.sequence) == sequences(2500...3000))
            // Whoever reads may ask for more meanwhile, with all connections in use by others like it.
            try journal.read(partition: "a", from: 5990) { _ in
                let found = try journal.head(of: "a")
                #expect(found == head)
            }
        }
    }

    @Test("The newest two snapshots are kept, and a damaged one is passed over for the one before")
    func snapshots() async throws {
        try await withPostgresJournal { journal, name in
            for sequence in [10, 20, 30, 30] as [UInt64] {
                try journal.save(
                    Snapshot(
                        partition: "a", lastSequence: sequence, rowChecksum: [1], time: Timestamp(milliseconds: 5),
                        payload: [UInt8](repeating: UInt8(sequence), count: 5 << 20)))
            }
            let other = try connect(name)
            #expect(try other.rows("SELECT count(*) FROM snapshot", by: soon) == [["2"]])
            #expect(try journal.latestSnapshot(of: "a")?.lastSequence == 30)
            try other.execute("UPDATE snapshot SET payload = '' WHERE last_sequence = 30", by: soon)
            #expect(try journal.latestSnapshot(of: "a")?.payload == [UInt8](repeating: 20, count: 5 << 20))
        }
    }

    @Test("A server that could lose what was answered is refused before anything is written")
    func refusesRiskyServer() async throws {
        let server = try PostgresServer.shared.get()
        try await server.withDatabase { name in
            try server.run("ALTER DATABASE \(name) SET synchronous_commit = off")
            #expect {
                try PostgresJournal(PostgresConfiguration(url: server.url(database: name)), logger: .silent)
            } throws: { error in
                "\(error)".contains("synchronous_commit is off")
            }
            // Whoever only reads, to find out what was lost perhaps, may.
            let reader = try PostgresJournal(
                PostgresConfiguration(url: server.url(database: name)), writers: 0, logger: .silent)
            try reader.close()
        }
    }

    @Test("Whoever turns it off while nodes run changes nothing for their next connections")
    func keepsCommitsSynchronous() async throws {
        let server = try PostgresServer.shared.get()
        try await server.withDatabase { name in
            try server.run("ALTER DATABASE \(name) SET synchronous_commit = off")
            let connection = try PostgresConnection(
                PostgresConfiguration(url: server.url(database: name)), by: .after(.seconds(10)))
            defer { connection.close() }
            let rows = try connection.rows("SELECT current_setting('synchronous_commit')", by: .after(.seconds(10)))
            #expect(rows.first?.first == "on")
        }
    }

    @Test("Nodes that make the same secret at once all get the same one")
    func secrets() async throws {
        try await withPostgresJournal { journal, _ in
            let secrets = journal.secrets
            #expect(try secrets.secret("key") == nil)
            let kept = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for number in 0..<8 { group.addTask { try secrets.makeSecret("key", orKeep: [UInt8(number)]) } }
                return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
            }
            #expect(kept.count == 1)
            #expect(try secrets.secret("key") == kept.first)
        }
    }
}
