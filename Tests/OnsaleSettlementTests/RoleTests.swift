import Logging
import OnsaleBus
import OnsaleMigrations
import OnsaleSchema
import OnsaleTables
import OnsaleValues
import Seeded
import Servers
import TestTables
import Testing

@testable import OnsaleSettlement

/// From the sale's messages and the provider's list to what an organizer gets, through the bus and the tables.
@Suite(.timeLimit(.minutes(5))) struct RoleTests {
    private let folder: TemporaryFolder
    private let bus: TableBus
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        folder = try TemporaryFolder()
        bus = TableBus(
            try SQLiteTables(
                path: folder.path + "/bus.sqlite", name: "bus",
                migrations: try OnsaleSchema.migrations(ofService: "bus")))
    }

    private func role(_ tables: any Tables, _ statement: any ProviderStatement) throws -> SettlementRole {
        SettlementRole(
            tables: tables, bus: bus, statement: statement,
            configuration: SettlementConfiguration(
                fees: try modelFees(), offset: seoul, comparedDays: 365, readEverySeconds: 1, leaseSeconds: 1,
                now: { monday.adding(seconds: 100 * 86_400) }), logger: logger)
    }

    private func withRoles(_ roles: [SettlementRole], _ body: () async throws -> Void) async throws {
        let tasks = roles.map { role in Task { await role.run() } }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        try result.get()
    }

    /// Waits until it is so, for half a minute at most.
    private func eventually(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<600 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("it never came to be so")
    }

    private func count(_ sql: String, _ tables: any Tables) async throws -> Int {
        try await tables.read { try $0.rows(sql, []).first?.first?.flatMap { Int($0) } ?? -1 }
    }

    /// Each message's entries sum to zero, no message is there twice, and days are the model's.
    private func check(_ history: [Told], _ tables: any Tables) async throws {
        let messages = try await tables.read {
            try $0.rows("SELECT identity, SUM(amount) FROM settlement_entry GROUP BY identity ORDER BY identity", [])
        }
        #expect(messages.allSatisfy { $0[1] == "0" })
        let known = Set(messages.compactMap { $0[0] })
        #expect(known.isSubset(of: history.map(\.event.identity)))
        #expect(try await count("SELECT COUNT(*) FROM settlement_state", tables) == history.count)
        let model = try bookModel(history, try modelFees())
        let days = try await tables.read {
            try $0.rows(
                "SELECT event_id, day, account, SUM(amount) FROM settlement_entry GROUP BY event_id, day, account", [])
        }
        var booked: [String: Int64] = [:]
        for row in days { booked[row.prefix(3).map { $0 ?? "" }.joined(separator: " ")] = Int64(row[3] ?? "") }
        var wanted: [String: Int64] = [:]
        for (page, amounts) in model {
            for (account, amount) in amounts { wanted["\(page.event) \(page.day) \(account.rawValue)"] = amount }
        }
        #expect(booked.filter { $0.value != 0 } == wanted.filter { $0.value != 0 })
    }

    @Test(
        "Whatever comes twice or late, whatever fails and whoever dies, the book is the model's and the provider agrees",
        arguments: TablesKind.allCases, 1...4)
    func histories(kind: TablesKind, seed: UInt64) async throws {
        try await withTables(kind, of: "settlement") { open in
            var random = SeededRandom(seed: seed)
            let history = told(&random, orders: 25)
            var published = history + history.filter { _ in random.happens(0.5) }
            if seed % 2 == 0 { published.shuffle(using: &random) }
            let statement = FakeStatement(history.lines(), breaks: 2)
            let underlying = [try open(), try open()]
            var rest = published[...]
            for round in 0..<5 {
                let part = rest.prefix(published.count / 5 + 1)
                rest = rest.dropFirst(part.count)
                try await bus.publish(part.map(\.event))
                let roles = try underlying.enumerated().map { index, tables in
                    let seed = seed * 100 + UInt64(2 * round + index)
                    return try role(FaultyTables(tables, seed: seed, probability: 0.1), statement)
                }
                try await withRoles(roles) {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 50...600, using: &random)))
                }
            }
            let last = try role(underlying[0], statement)
            try await withRoles([last]) {
                try await eventually {
                    try await count("SELECT COUNT(*) FROM settlement_state", underlying[0]) == history.count
                }
                try await check(history, underlying[0])
                let readings = last.counts["readings"] ?? 0
                try await eventually { last.counts["readings"] ?? 0 > readings + 1 }
                try await eventually { last.trouble == nil }
                #expect(last.counts["differences"] == 0 && last.counts["lines"] == history.lines().count)
            }
            for event in Set(history.map(\.message.event.id)) {
                let settlement = try await last.reports.settlement(of: event, .all)
                #expect(settlement.differences.isEmpty)
                #expect(settlement.report.days.allSatisfy { $0.difference == 0 })
            }
            for tables in underlying { await tables.close() }
        }
    }

    @Test("What the provider lists and nobody sold, or doesn't list, is trouble", arguments: TablesKind.allCases)
    func trouble(kind: TablesKind) async throws {
        try await withTables(kind, of: "settlement") { open in
            let tables = try open()
            let sales = [order("a"), order("b")].enumerated().map { index, order in
                Told(event: event(.orderConfirmed, index, order), message: order)
            }
            let statement = FakeStatement([sales.lines()[0], line("payout", nil, nil, -9)])
            let role = try role(tables, statement)
            try await bus.publish(sales.map(\.event))
            try await withRoles([role]) {
                try await eventually { role.counts["differences"] == 1 }
                #expect(role.trouble?.contains("differ in 1 places") == true)
                statement.add(line("stray", "stranger", .charge, 777))
                for line in sales.lines() { statement.add(line) }
                try await eventually { role.counts["strangers"] == 1 && role.counts["differences"] == 0 }
            }
            let settlement = try await role.reports.settlement(of: "evt_1", .all)
            #expect(settlement.report.days.map(\.gross) == [40_000] && settlement.report.days[0].difference == 0)
            #expect(settlement.report.csv.hasPrefix("day,gross,"))
            let before = try #require(SettlementReports.Period(from: nil, to: "2027-02-28"))
            #expect(try await role.reports.settlement(of: "evt_1", before).report.days.isEmpty)
            #expect(try await role.reports.settlement(of: "evt_9", .all).report.days.isEmpty)
            await tables.close()
        }
    }

    @Test("A period has its days, the first one first")
    func periods() {
        #expect(SettlementReports.Period(from: "2027-03-01", to: "2027-03-01") != nil)
        #expect(SettlementReports.Period(from: "2027-03-02", to: "2027-03-01") == nil)
        #expect(SettlementReports.Period(from: "yesterday", to: nil) == nil)
        #expect(SettlementReports.Period(from: nil, to: "") == nil)
    }

    @Test("What can't be booked is a dead letter, and the rest is booked")
    func deadLetters() async throws {
        try await withTables(.sqlite, of: "settlement") { open in
            let tables = try open()
            let role = try role(tables, FakeStatement([]))
            let (good, dollars) = (order("a"), order("b", currency: "USD"))
            try await bus.publish([
                event(.orderConfirmed, 1, good), event(.orderConfirmed, 2, dollars),
                CloudEvent(
                    id: "evt_1/3", type: .orderConfirmed, subject: "c", time: monday, key: "evt_1", data: [0x7b]),
                event(.orderConfirmed, 4, order("d")),
            ])
            try await withRoles([role]) {
                try await eventually { try await count("SELECT COUNT(*) FROM settlement_state", tables) == 2 }
                try await eventually { try await bus.letters(limit: 9).count == 2 }
            }
            await tables.close()
        }
    }
}
