import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import Seeded
import TestTables
import Testing

@testable import OnsaleSettlement

/// The tables say what the book in memory says, in both databases.
@Suite(.timeLimit(.minutes(3))) struct StoreTests {
    private func withSession(
        _ kind: TablesKind, _ body: @escaping @Sendable (any SQLSession) throws -> Void
    ) async throws {
        try await withTables(kind, of: "settlement") { open in
            let tables = try open()
            try await tables.write(body)
            await tables.close()
        }
    }

    /// Orders with refunds, doubled and shuffled, and the provider's list of them with some mischief.
    private func history(seed: UInt64) -> (told: [(CloudEvent, OrderMessage)], lines: [ProviderLine]) {
        var random = SeededRandom(seed: seed)
        var (told, lines) = ([(CloudEvent, OrderMessage)](), [ProviderLine]())
        for number in 0..<20 {
            let name = "ord_\(number)"
            let at = monday.adding(seconds: Int.random(in: 0..<4 * 86_400, using: &random))
            let sale = order(name, payment: "pi_" + name)
            told.append((event(.orderConfirmed, 10 * number, sale, at: at), sale))
            lines.append(line("txn_\(number)", name, .charge, sale.amount, at: at))
            if random.happens(0.5) {
                let back = order(name, refunded: Int64.random(in: 1...20_000, using: &random), payment: "pi_" + name)
                let later = at.adding(seconds: Int.random(in: 0..<90_000, using: &random))
                told.append((event(.orderRefunded, 10 * number + 1, back, at: later), back))
                lines.append(line("txr_\(number)", name, .refund, -back.refundedAmount, at: later))
            }
        }
        lines.removeAll { _ in random.happens(0.1) }
        lines.append(line("txn_stray", "ord_1", .charge, 777, payment: "pi_stray", at: monday.adding(seconds: 9)))
        // Long afterward, and it names a payment alone.
        let later = monday.adding(seconds: 20 * 86_400)
        lines.append(line("txn_again", nil, .charge, 20_000, payment: "pi_ord_2", at: later))
        told += told.filter { _ in random.happens(0.5) }
        told.shuffle(using: &random)
        return (told, lines)
    }

    private func agrees(_ session: any SQLSession, seed: UInt64) throws {
        let fees = try FeeSchedule([won500AndThreePercent])
        let (told, lines) = history(seed: seed)
        let store = SettlementStore(session)
        var book = Book()
        for (event, message) in told {
            let posting = try book.take(event, message, fees: fees, offset: seoul)
            #expect(try store.take(event, message, fees: fees, offset: seoul) == posting)
        }
        for _ in 0..<2 { try store.keep(lines) }
        #expect(try store.imbalance() == 0)
        let known = try store.event("evt_1")
        #expect(known?.currency == "KRW" && known?.timeZone == "Asia/Seoul")
        for account in book.orders.values { #expect(try store.account(account.order) == account) }
        let now = monday.adding(seconds: 60 * 86_400)
        let wanted = try Reconciliation(
            expected: book.orders.values.flatMap(\.movements), lines: lines, currency: "KRW", now: now, pendingDays: 3
        ) { SettlementDay($0, offsetSeconds: 32_400) }
        let posted = book.pages.reduce(into: [:]) { $0[$1.key.day] = $1.value }
        let report = try SettlementReport(posted: posted, listed: wanted.listed)
        let (first, last) = try #require(report.days.isEmpty ? nil : (report.days[0].day, report.days.last?.day ?? ""))
        let whole = try #require(SettlementDay(first))...(try #require(SettlementDay(last)))
        let settled = try store.settle(
            event: "evt_1", currency: "KRW", days: whole, now: now, pendingDays: 3
        ) { _ in 32_400 }
        #expect(settled.report == report && settled.differences == wanted.differences)
        #expect(wanted.differences.contains { $0.name == .unknownToUs && $0.line?.id == "txn_stray" })
        // A single day is the same as in the whole.
        for day in report.days {
            let date = try #require(SettlementDay(day.day))
            let one = try store.settle(
                event: "evt_1", currency: "KRW", days: date...date, now: now, pendingDays: 3
            ) { _ in 32_400 }
            #expect(one.report.days == [day] && one.differences == wanted.differences.filter { $0.day == date })
        }
    }

    @Test("SQLite's tables are the book's", arguments: 1...20)
    func sqlite(seed: UInt64) async throws {
        try await withSession(.sqlite) { try agrees($0, seed: seed) }
    }

    @Test("PostgreSQL's tables are the book's", arguments: 1...5)
    func postgreSQL(seed: UInt64) async throws {
        try await withSession(.postgres) { try agrees($0, seed: seed) }
    }

    @Test("Lines of which no event knows are found, but for payouts")
    func strangers() async throws {
        try await withSession(.sqlite) { session in
            let store = SettlementStore(session)
            let sale = order("a")
            try store.take(event(.orderConfirmed, 1, sale), sale, fees: .free, offset: seoul)
            let (late, payout) = (line("4", "c", .charge, 5, at: monday.adding(seconds: 100)), line("3", nil, nil, -9))
            try store.keep([line("1", "a", .charge, 20_000), line("2", "b", .charge, 5), payout, late])
            let found = try store.strangers(since: monday, before: monday.adding(seconds: 100), limit: 10)
            #expect(found.map(\.id) == ["2"])
        }
    }

    @Test("A value that nobody can have written is damage, not a crash")
    func damage() async throws {
        try await withSession(.sqlite) { session in
            let store = SettlementStore(session)
            let sale = order("a")
            try store.take(event(.orderConfirmed, 1, sale), sale, fees: .free, offset: seoul)
            try session.execute("UPDATE settlement_state SET day = 'someday'")
            let error = #expect(throws: SettlementError.self) { try store.account("a") }
            #expect(error?.code == .damaged)
        }
    }
}
