import Foundation
import Logging
import OnsaleEngine
import OnsalePostgres
import OnsaleSale
import OnsaleStorage
import OnsaleValues
import OnsaleWaitingRoom
import Servers
import Synchronization

/// The adapter of the `Journal` port a test runs on.
enum JournalKind: String, CaseIterable, Sendable {
    case memory
    case sqlite
    case postgres
}

/// Runs `body` with a journal of the given kind; always removes the journal afterward.
func withJournal<Value>(_ kind: JournalKind, _ body: (any EventStore) async throws -> Value) async throws -> Value {
    switch kind {
    case .memory: return try await body(MemoryJournal())
    case .sqlite:
        return try await withFolder { folder in
            let journal = try SQLiteJournal(folder: folder)
            defer { try? journal.close() }
            return try await body(journal)
        }
    case .postgres:
        return try await withPostgresJournal { journal, _ in try await body(journal) }
    }
}

/// Runs `body` with a journal in a database of its own, and the database's name.
func withPostgresJournal<Value>(
    writers: Int = 3, appendLimit: Duration = .seconds(5), through proxy: FaultProxy? = nil,
    _ body: (PostgresJournal, String) async throws -> Value
) async throws -> Value {
    let server = try PostgresServer.shared.get()
    return try await server.withDatabase { name in
        try migrate(name, on: server)
        let journal = try PostgresJournal(
            try PostgresConfiguration(url: server.url(database: name, port: proxy?.port)), writers: writers,
            appendLimit: appendLimit, logger: .silent)
        defer { try? journal.close() }
        return try await body(journal, name)
    }
}

/// Makes the tables from `db/migration`.
func migrate(_ database: String, on server: PostgresServer) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../db/migration").standardized
    let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".sql") }
    func version(_ file: String) -> Int { Int(file.split(separator: "/V").last?.prefix { $0 != "_" } ?? "") ?? 0 }
    let scripts = try files.sorted { version($0) < version($1) }.map {
        try String(contentsOf: root.appending(path: $0), encoding: .utf8)
    }
    try server.run(scripts.joined(separator: "\n"), database: database)
}

func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = NSTemporaryDirectory() + "onsale-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

enum Example {
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    static func definition(_ id: String = "show", seats: Int = 40, amount: Int64 = 1000) -> EventDefinition {
        let plan = SeatingPlan(
            categories: ["A"],
            seats: (0..<seats).map { (seat: Int) -> SeatingPlan.Seat in
                let row = seat / 10
                return .init(name: "s\(seat)", category: 0, row: UInt32(row), x: Int32(seat % 10), y: Int32(row))
            },
            areas: [], stage: nil, prices: [amount])
        return EventDefinition(
            id: id, tag: 0x12_3456_7890, title: "Show", venue: "Hall", startsAt: start, currency: "KRW",
            planDigest: nil, plan: plan,
            terms: SaleTerms(prices: [amount], ticketsPerBuyer: 1000, holdSeconds: 300, preventOrphans: false),
            schedule: OnsaleSchedule(
                lobbyOpensAt: nil, opensAt: start, closesAt: nil, hasWaitingRoom: false, maxActiveShoppers: 10,
                passSeconds: 3600))
    }

    static func buyer(_ number: Int) -> BuyerID { BuyerID(high: 1, low: UInt64(number)) }

    static func key(_ number: Int) -> IdempotencyKey {
        IdempotencyKey(key: Digest128(high: 0, low: UInt64(number)), fingerprint: Digest128(high: 0, low: 0))
    }
}

/// A journal that fails on demand and records its calls.
final class WatchedJournal: EventStore {
    struct State: Sendable {
        var failsReads = false
        var documentReads = 0
        /// In the order of writing.
        var rows: [JournalRow] = []
    }

    struct Broken: Error {}

    let inner = MemoryJournal()
    let state = Mutex(State())

    private func check() throws {
        if state.withLock({ $0.failsReads }) { throw JournalError.unreadable(Broken()) }
    }

    func heads() throws -> [JournalHead] { try inner.heads() }
    func partitions() throws -> [String] { try inner.partitions() }
    func head(of partition: String) throws -> JournalHead? {
        try check()
        return try inner.head(of: partition)
    }
    func latestTime() throws -> Timestamp? { try inner.latestTime() }
    var batchesMax: Int { inner.batchesMax }
    func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void) {
        inner.append(rows) { [self] outcomes in
            let written = zip(rows, outcomes).filter { if case .committed = $0.1 { true } else { false } }.map(\.0)
            state.withLock { $0.rows += written }
            done(outcomes)
        }
    }
    func claim(_ row: JournalRow, owner: NodeID) -> AppendOutcome { inner.claim(row, owner: owner) }
    func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws {
        try check()
        try inner.read(partition: partition, from: sequence, body)
    }
    func save(_ snapshot: Snapshot) throws { try inner.save(snapshot) }
    func latestSnapshot(of partition: String) throws -> Snapshot? { try inner.latestSnapshot(of: partition) }
    func save(_ dormant: DormantEvent) throws { try inner.save(dormant) }
    func dormantEvents() throws -> [DormantEvent] { try inner.dormantEvents() }
    func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws { try inner.putDocument(bytes, digest: digest) }
    func document(digest: [UInt8]) throws -> [UInt8]? {
        state.withLock { $0.documentReads += 1 }
        return try inner.document(digest: digest)
    }
    func close() throws { try inner.close() }
}

/// A clock that stands still until a test moves it.
final class TestClock: WallClock {
    private let moment = Mutex(Example.start)

    func now() -> Timestamp { moment.withLock { $0 } }

    func advance(seconds: Int) { moment.withLock { $0 = $0.adding(seconds: seconds) } }

    func advance(milliseconds: Int) {
        moment.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + Int64(milliseconds)) }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension Engine {
    /// Joins the line and claims a pass for the buyer.
    func admit(_ buyer: BuyerID, to event: EventHandle) async throws -> PassID {
        let place = try await apply(JoinLine(buyer), to: event).place
        return try await apply(ClaimPass(of: place.id, buyer: buyer), to: event).id
    }
}
