import Foundation
import OnsaleMigrations
import OnsaleSchema
import OnsaleTables
import Seeded
import Servers
import Testing

@testable import OnsaleSignIn

@Suite struct SignInRecordTests {
    @Test(
        "Whatever is asked and tried: five tries a code, ten minutes, five mails in as many, and it opens once",
        arguments: 1...300 as ClosedRange<UInt64>)
    func rules(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var record = SignInRecord.unknown
        var now: Int64 = 1_800_000_000_000
        /// When each code was made, the tries that counted and whether it has opened.
        var codes: [String: (madeAt: Int64, tries: Int, hasOpened: Bool)] = [:]
        var mails: [Int64] = []
        for step in 0..<200 {
            now += Int64.random(in: 0...200_000, using: &random)
            if Bool.random(using: &random) {
                switch record.ask(at: now, salt: "salt\(step)") {
                case .mail(let salt, let expiresAt):
                    mails.append(now)
                    codes[salt] = codes[salt] ?? (now, 0, false)
                    #expect(expiresAt == (codes[salt]?.madeAt ?? 0) + 600_000 && expiresAt > now)
                    #expect(codes[salt]?.hasOpened == false && codes[salt]?.tries ?? 9 < 5)
                case .tooMany(let retryAt): #expect(retryAt > now && mails.count { $0 > now - 600_000 } >= 5)
                }
                #expect(mails.count { $0 > now - 600_000 } <= 10)
            } else {
                var asked: String?
                let isRight = Int.random(in: 0..<4, using: &random) == 0
                let proof = [SignInRecord.Proof.digits, .link][Int.random(in: 0..<2, using: &random)]
                let newest = record.salt
                let tried = record.attempt(proof, at: now) { salt in
                    asked = salt
                    return isRight
                }
                // Nobody's guesses keep the link from opening.
                if proof == .link, let made = codes[newest], !made.hasOpened, now < made.madeAt + 600_000 {
                    #expect(asked == newest)
                }
                if let salt = asked {
                    if proof == .digits { codes[salt]?.tries += 1 }
                    #expect(codes[salt]?.tries ?? 9 <= 5 && codes[salt]?.hasOpened == false)
                    #expect(now < (codes[salt]?.madeAt ?? 0) + 600_000)
                    if tried == .right { codes[salt]?.hasOpened = true }
                }
                #expect((tried == .right) == (isRight && asked != nil))
            }
        }
    }

    @Test("A clock that is set back makes no code live longer")
    func clock() {
        var record = SignInRecord.unknown
        _ = record.ask(at: 10_000_000, salt: "a")
        #expect(record.attempt(.link, at: 1_000_000) { _ in true } == .wrong)
        guard case .mail(let salt, _) = record.ask(at: 1_000_000, salt: "b") else { return #expect(Bool(false)) }
        #expect(salt == "b")
    }
}

@Suite(.timeLimit(.minutes(2))) struct SignInDeskTests {
    private func tables(in folder: TemporaryFolder) throws -> SQLiteTables {
        try SQLiteTables(
            path: folder.path + "/signin.sqlite", name: "signin",
            migrations: try OnsaleSchema.migrations(ofService: "signin"))
    }

    @Test("The mailed code opens, once; others don't; the tables have neither it nor the address")
    func codes() async throws {
        let folder = try TemporaryFolder()
        let tables = try tables(in: folder)
        let desk = SignInDesk(tables, secret: "secret")
        guard case .mail(let code, let link, _) = try await desk.ask("fan@example.com") else {
            return #expect(Bool(false))
        }
        #expect(link.wholeMatch(of: /[a-p]{32}/) != nil)
        #expect(code.utf8.count == 6 && code.utf8.allSatisfy { (0x30...0x39).contains($0) })
        #expect(try await desk.ask("fan@example.com") == desk.ask("fan@example.com"))
        #expect(try await desk.attempt("x", for: "fan@example.com") == .wrong)
        #expect(try await desk.attempt(code, for: "other@example.com") == .wrong)
        let rows = try await tables.read { try $0.rows("SELECT * FROM sign_in", []) }
        #expect(
            rows.count == 1 && !rows.joined().contains { $0?.contains(code) ?? false || $0?.contains("fan") ?? false })
        #expect(try await desk.attempt(code, for: "fan@example.com") == .right)
        #expect(try await desk.attempt(code, for: "fan@example.com") == .wrong)
        #expect(try await desk.attempt(link, for: "fan@example.com") == .wrong)
        await tables.close()
    }

    @Test("Whoever guesses in another's name doesn't keep them from opening their mail's link, once")
    func links() async throws {
        let folder = try TemporaryFolder()
        let tables = try tables(in: folder)
        let desk = SignInDesk(tables, secret: "secret")
        guard case .mail(let code, let link, _) = try await desk.ask("fan@example.com") else {
            return #expect(Bool(false))
        }
        for _ in 0..<5 { #expect(try await desk.attempt("x", for: "fan@example.com") == .wrong) }
        guard case .tooMany = try await desk.attempt(code, for: "fan@example.com") else { return #expect(Bool(false)) }
        #expect(try await desk.attempt(String(link.reversed()), for: "fan@example.com") == .wrong)
        #expect(try await desk.attempt(link, for: "other@example.com") == .wrong)
        #expect(try await desk.attempt(link, for: "fan@example.com") == .right)
        #expect(try await desk.attempt(link, for: "fan@example.com") == .wrong)
        await tables.close()
    }
}
