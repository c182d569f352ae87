import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import Servers
import TestTables
import Testing

@testable import OnsaleAccounts

@Suite struct StaffNameTests {
    @Test("A name is what can be seen, with single spaces, and long enough for anybody")
    func names() {
        #expect(StaffName("  Kim   Minji ")?.text == "Kim Minji")
        #expect(StaffName("게이트 B")?.text == "게이트 B")
        #expect(StaffName(String(repeating: "가", count: 80)) != nil)
        let long = String(repeating: "가", count: 81)
        let heaped = "a" + String(repeating: "\u{301}", count: 300)
        for bad in [
            "", "  ", "\n", "a\u{0}b", "a\u{202e}b", "a\u{200b}b", "a\u{feff}", "\u{3164}", "\u{115f}\u{1160}",
            "\u{2800}", "a\u{34f}", long, heaped,
        ] {
            #expect(StaffName(bad) == nil, "\(bad.debugDescription)")
        }
    }

    @Test("Names that look alike are one")
    func folded() throws {
        let names = ["Gate B", "gate b", "ＧＡＴＥ Ｂ", " GATE  B", "𝐆ate B"]
        #expect(Set(try names.map { try #require(StaffName($0)).folded }).count == 1)
    }
}

@Suite struct StaffRoleTests {
    @Test("Each role includes what comes before it, and only those who deal with buyers include the door")
    func includes() {
        let included: [StaffRole: Set<StaffRole>] = [
            .viewer: [.viewer], .boxOffice: [.viewer, .boxOffice, .door], .owner: Set(StaffRole.allCases),
            .door: [.door],
        ]
        for role in StaffRole.allCases {
            #expect(Set(StaffRole.allCases.filter(role.includes)) == included[role], "\(role)")
        }
    }
}

/// The same for every kind of tables.
@Suite(.timeLimit(.minutes(2))) struct StaffAccountsTests {
    private let gate: StaffName

    init() throws {
        gate = try #require(StaffName("Gate B"))
    }

    @Test(
        "A token proves its account until it is renewed or revoked; the tables have no token",
        arguments: TablesKind.allCases)
    func life(kind: TablesKind) async throws {
        try await withTables(kind, of: "accounts") { open in
            let tables = try open()
            let accounts = StaffAccounts(tables)
            let (made, token) = try await accounts.create(gate, .door, by: "Kim")
            #expect(made.name == "Gate B" && made.role == .door && made.createdBy == "Kim" && made.revoked == nil)
            #expect(try await accounts.account(token)?.id == made.id)
            let stranger = StaffToken()
            #expect(try await accounts.account(stranger) == nil)
            let rows = try await tables.read { try $0.rows("SELECT * FROM account", []) }
            #expect(!rows.joined().contains { $0?.contains(token.text) == true })
            let (_, next) = try await accounts.renew(made.id)
            #expect(try await accounts.account(token) == nil)
            #expect(try await accounts.account(next)?.id == made.id)
            try await accounts.revoke(made.id, by: "Lee")
            #expect(try await accounts.account(next) == nil)
            let revoked = try #require(try await accounts.all().first)
            #expect(revoked.id == made.id && revoked.revoked?.by == "Lee")
            await #expect(throws: StaffRefusal.unknown) { try await accounts.revoke(made.id, by: "Lee") }
            await #expect(throws: StaffRefusal.unknown) { _ = try await accounts.renew(made.id) }
            await tables.close()
        }
    }

    @Test("A name belongs to one account in use, also when many ask at once", arguments: TablesKind.allCases)
    func names(kind: TablesKind) async throws {
        try await withTables(kind, of: "accounts") { open in
            let (tables, others) = (try open(), try open())
            let both = [StaffAccounts(tables), StaffAccounts(others)]
            let made = await withTaskGroup(of: StaffAccount?.self) { group in
                for number in 0..<10 {
                    group.addTask { try? await both[number % 2].create(gate, .door, by: "Kim").account }
                }
                return await group.reduce(into: [StaffAccount]()) { made, account in
                    if let account { made.append(account) }
                }
            }
            #expect(made.count == 1)
            let alike = try #require(StaffName("GATE B"))
            await #expect(throws: StaffRefusal.nameTaken) { _ = try await both[0].create(alike, .owner, by: "Kim") }
            try await both[1].revoke(try #require(made.first).id, by: "Kim")
            let (again, _) = try await both[0].create(alike, .viewer, by: "Kim")
            #expect(try await both[1].all().map(\.id) == [again.id, made[0].id])
            await tables.close()
            await others.close()
        }
    }

    @Test("What another node has revoked ends here within two seconds, and what it has made counts at once")
    func elsewhere() async throws {
        try await withTables(.sqlite, of: "accounts") { open in
            let (tables, others) = (try open(), try open())
            let (here, there) = (StaffAccounts(tables), StaffAccounts(others))
            let (made, token) = try await there.create(gate, .door, by: "Kim")
            #expect(try await here.account(token)?.id == made.id)
            try await there.revoke(made.id, by: "Kim")
            try await Task.sleep(for: .seconds(1.1))
            #expect(try await here.account(token) == nil)
            await tables.close()
            await others.close()
        }
    }

    @Test("While the tables can't be reached, whoever was known stays known, and nobody else is let in")
    func outage() async throws {
        try await withTables(.sqlite, of: "accounts") { open in
            let tables = try open()
            let accounts = StaffAccounts(tables)
            let (made, token) = try await accounts.create(gate, .door, by: "Kim")
            #expect(!accounts.knows(token))
            #expect(try await accounts.account(token)?.id == made.id)
            #expect(accounts.knows(token))
            await tables.close()
            try await Task.sleep(for: .seconds(1.1))
            #expect(try await accounts.account(token)?.id == made.id)
            #expect(try await accounts.account(token)?.id == made.id)
            await #expect(throws: (any Error).self) { _ = try await accounts.account(StaffToken()) }
        }
    }

    @Test("There is a limit to accounts in use, and to those that are remembered")
    func limits() async throws {
        try await withTables(.sqlite, of: "accounts") { open in
            let tables = try open()
            let accounts = StaffAccounts(tables)
            try await tables.write { session in
                for number in 0..<StaffAccounts.inUseMax + StaffAccounts.revokedMax + 20 {
                    let isInUse = number < StaffAccounts.inUseMax
                    _ = try session.rows(
                        """
                        INSERT INTO account (id, name, folded_name, role, token_digest, created_at, created_by, revoked_at)
                        VALUES ($1, $1, $1, 'door', $1, \(number), 'x', \(isInUse ? "NULL" : "\(number)"))
                        """, ["acc_\(number)"])
                }
            }
            await #expect(throws: StaffRefusal.tooMany) { _ = try await accounts.create(gate, .door, by: "Kim") }
            try await accounts.revoke("acc_0", by: "Kim")
            _ = try await accounts.create(gate, .door, by: "Kim")
            #expect(try await accounts.all().count == StaffAccounts.inUseMax + StaffAccounts.revokedMax)
            let kept = try await tables.read { try $0.rows("SELECT count(*) FROM account", []) }
            #expect(kept == [["\(StaffAccounts.inUseMax + StaffAccounts.revokedMax)"]])
            await tables.close()
        }
    }

    @Test("An account says when its token was last shown")
    func use() async throws {
        try await withTables(.sqlite, of: "accounts") { open in
            let tables = try open()
            let accounts = StaffAccounts(tables)
            let (made, token) = try await accounts.create(gate, .door, by: "Kim")
            #expect(try await accounts.all().first?.lastUsedAt == nil)
            _ = try await accounts.account(token)
            var used = try await accounts.all().first
            for _ in 0..<200 where used?.lastUsedAt == nil {
                try await Task.sleep(for: .milliseconds(20))
                used = try await accounts.all().first
            }
            #expect(used?.lastUsedAt?.milliseconds ?? 0 >= made.createdAt.milliseconds)
            await tables.close()
        }
    }
}
