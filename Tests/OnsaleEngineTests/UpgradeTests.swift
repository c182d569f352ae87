import Doubles
import Foundation
import OnsaleSale
import OnsaleStorage
import OnsaleValues
import OnsaleWaitingRoom
import Testing

@testable import OnsaleEngine

/// This version opens the journals of earlier versions and gets the same results.
///
/// `make journal` writes a journal with this version (``Chronicle``). When you change a format or add a fact, add such
/// a journal to the others; never remove or rewrite one. Those named `rush` come from a running program.
@Suite(.timeLimit(.minutes(5))) struct UpgradeTests {
    /// What a journal must result in, however the state is represented by then.
    struct Counts: Codable, Equatable {
        var facts: UInt64
        var free, held, sold, blocked: Int
        var availabilityVersion: UInt64
        var orders: [String: Int]
        var ordersAwaitingProvider: Int
        var gross, refunded: Int64
        var tickets, voidTickets, checkedIn: Int
        var issuedNumbers: UInt32
        var admittedThrough: UInt32
        var waiting, activeShoppers: Int
        var phase: String
        var audit: [String]

        init(_ recovered: RecoveredPartition) {
            let (sale, line) = (recovered.partition.sale, recovered.partition.line)
            facts = recovered.head.lastSequence
            (free, held) = (sale.counts.free, sale.counts.held)
            (sold, blocked) = (sale.counts.sold, sale.counts.blocked)
            availabilityVersion = sale.availabilityVersion
            orders = Dictionary(grouping: sale.orders) { "\($0.state)" }.mapValues(\.count)
            ordersAwaitingProvider = sale.ordersAwaitingProvider
            (gross, refunded) = (sale.ledger.gross, sale.ledger.refunded)
            let tickets = sale.orders.flatMap(\.tickets).compactMap { sale.ticket($0) }
            self.tickets = tickets.count
            voidTickets = tickets.count(where: \.isVoid)
            checkedIn = tickets.count { $0.checkedInAt != nil }
            (issuedNumbers, admittedThrough) = (line.issuedNumbers, line.admittedThrough.serial)
            (waiting, activeShoppers) = (line.waiting, line.activeShoppers)
            phase = recovered.partition.phase(at: recovered.time).rawValue
            audit = recovered.partition.audit.map { "\($0.note.action) by \($0.note.actor)" }
        }
    }

    private static let kept = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Journals")

    /// The names of all kept journals, oldest first.
    private static let names: [String] =
        (try? FileManager.default.contentsOfDirectory(atPath: kept.path))?
        .filter { $0.hasSuffix(".tar.gz") }.map { String($0.dropLast(7)) }.sorted() ?? []

    private func tar(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar"] + arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func withJournal(
        _ name: String, _ body: (SQLiteJournal) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            try tar("-xzf", UpgradeTests.kept.appendingPathComponent(name + ".tar.gz").path, "-C", folder)
            let journal = try SQLiteJournal(folder: folder)
            defer { try? journal.close() }
            try await body(journal)
        }
    }

    private func counts(of journal: any EventStore, usingSnapshot: Bool) throws -> [String: Counts] {
        var counts: [String: Counts] = [:]
        for name in try journal.partitions() {
            counts[name] = Counts(try Recovery.recover(name, from: journal, usingSnapshot: usingSnapshot))
        }
        return counts
    }

    private func expected(_ name: String) throws -> [String: Counts] {
        try JSONDecoder().decode(
            [String: Counts].self, from: Data(contentsOf: UpgradeTests.kept.appendingPathComponent(name + ".json")))
    }

    @Test("Every kept journal is found")
    func journals() {
        #expect(UpgradeTests.names.count >= 2, "\(UpgradeTests.names)")
    }

    @Test("A kept journal opens with and without snapshots, keeps all rules and gives equal results", arguments: names)
    func opens(name: String) async throws {
        try await withJournal(name) { journal in
            #expect(try Verification(journal: journal).run().breaches.isEmpty)
            let expected = try expected(name)
            #expect(try counts(of: journal, usingSnapshot: false) == expected)
            #expect(try counts(of: journal, usingSnapshot: true) == expected)
        }
    }

    @Test("The events of a kept journal can go on selling", arguments: names)
    func goesOn(name: String) async throws {
        try await withJournal(name) { journal in
            let clock = TestClock()
            let latest = try #require(try journal.latestTime())
            clock.advance(seconds: Int(max(0, latest.milliseconds - Example.start.milliseconds) / 1000) + 60)
            let engine = Engine(
                journal: journal, clock: clock, payments: FakeGateway(), logger: .silent, fatal: { fatalError($0) })
            try engine.start()
            for partition in try journal.partitions() {
                let event = try await engine.event(partition)
                let before = event.view.lastSequence
                // However much is sold already, people can still line up.
                #expect(try await engine.apply(JoinLine(Example.buyer(9_999_999)), to: event).isNew)
                #expect(engine.view(of: event).lastSequence > before)
            }
            await engine.stop()
            #expect(try Verification(journal: journal).run().breaches.isEmpty)
        }
    }

    @Test("The newest kept journal has every kind of fact, and snapshots that this version reads")
    func isWhole() async throws {
        // The tags of all kinds, as on disk. Add a new kind here and to a new journal.
        let kinds = Set<UInt8>([1...27, 64...79, 128...132].joined())
        try await withJournal(try #require(UpgradeTests.names.last)) { journal in
            var seen: Set<UInt8> = []
            for name in try journal.partitions() {
                try journal.read(partition: name, from: 1) { row in
                    for fact in try Fact.decode(payload: row.payload, plans: { try journal.document(digest: $0) }) {
                        var writer = ByteWriter()
                        fact.encode(into: &writer)
                        seen.insert(writer.bytes[0])
                    }
                }
            }
            #expect(seen == kinds, "missing \(kinds.subtracting(seen).sorted())")
            let recovered = try Recovery.recover("arena", from: journal)
            #expect(recovered.snapshotSequence > 0)
            #expect(recovered.partition.phase(at: recovered.time) == .soldOut)
        }
    }

    @Test(
        "Writes a journal to keep with this version",
        .enabled(if: ProcessInfo.processInfo.environment["ONSALE_KEEP_JOURNAL"] != nil))
    func keep() async throws {
        let path = try #require(ProcessInfo.processInfo.environment["ONSALE_KEEP_JOURNAL"])
        try await withFolder { folder in
            let source = ProcessInfo.processInfo.environment["ONSALE_KEEP_JOURNAL_OF"]
            if let source {
                for file in ["journal.sqlite", "documents.sqlite", "snapshots.sqlite"]
                where FileManager.default.fileExists(atPath: "\(source)/\(file)") {
                    try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: "\(folder)/\(file)")
                }
            } else {
                try Chronicle.write(to: folder)
            }
            try tar("-czf", path + ".tar.gz", "-C", folder, ".")
            let journal = try SQLiteJournal(folder: folder, isReadOnly: true)
            defer { try? journal.close() }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            let counts = try counts(of: journal, usingSnapshot: false)
            try encoder.encode(counts).write(to: URL(fileURLWithPath: path + ".json"))
        }
    }
}
