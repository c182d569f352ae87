import OnsaleMail
import OnsaleMigrations
import OnsaleValues
import TestTables
import Testing

/// Addresses that are kept so that they can be forgotten.
@Suite struct ContactVaultTests {
    private let fan = BuyerID(high: 1, low: 2)
    private let other = BuyerID(high: 3, low: 4)
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func vault(_ byte: UInt8 = 7, name: String = "k1", older: [MasterKey] = []) throws -> ContactVault {
        let bytes = [UInt8](repeating: byte, count: MasterKey.bytes)
        return ContactVault(current: try #require(MasterKey(name: name, bytes: bytes)), older: older)
    }

    private func contact(_ address: String) throws -> Contact {
        Contact(address: try #require(MailAddress(address)), language: .korean)
    }

    @Test(arguments: TablesKind.allCases) func whatWasPutIsReadBackAndTheLastWordCounts(_ kind: TablesKind) async throws
    {
        let vault = try vault()
        try await withSession(of: "contacts", in: kind) { session in
            #expect(try vault.contact(of: fan, now: now, in: session) == nil)
            try vault.put(try contact("fan@example.kr"), of: fan, now: now, in: session)
            try vault.put(try contact("other@example.kr"), of: other, now: now, in: session)
            #expect(try vault.contact(of: fan, now: now, in: session)?.address.description == "fan@example.kr")
            try vault.put(try contact("new@example.kr"), of: fan, now: now.adding(seconds: 9), in: session)
            let held = try #require(try vault.export(fan, now: now, in: session))
            #expect(held.contact == (try contact("new@example.kr")) && held.putAt == now.adding(seconds: 9))
            #expect(try vault.contact(of: other, now: now, in: session)?.address.description == "other@example.kr")
        }
    }

    @Test(arguments: TablesKind.allCases)
    func whatIsLentIsForgottenInTimeAndTakesNobodysPlace(_ kind: TablesKind) async throws {
        let vault = try vault()
        let later = now.adding(seconds: 600)
        try await withSession(of: "contacts", in: kind) { session in
            func lend(_ address: String) throws {
                try vault.put(try contact(address), of: fan, now: now, until: later, in: session)
            }
            func known(at moment: Timestamp) throws -> String? {
                try vault.contact(of: fan, now: moment, in: session)?.address.description
            }
            try lend("fan@example.kr")
            try lend("Fan@example.kr")
            #expect(try known(at: now) == "Fan@example.kr" && known(at: later) == nil)
            try vault.forgetLent(at: later, in: session)
            #expect(try session.rows("SELECT 1 FROM contact_key UNION ALL SELECT 1 FROM contact", []).isEmpty)
            try lend("fan@example.kr")
            try vault.put(try contact("read@example.kr"), of: fan, now: now, in: session)
            try lend("stranger@example.kr")
            try vault.forgetLent(at: later, in: session)
            #expect(try known(at: later) == "read@example.kr")
        }
    }

    @Test(arguments: TablesKind.allCases) func noRowHasAnAddressNorTheLengthOfOne(_ kind: TablesKind) async throws {
        let vault = try vault()
        try await withSession(of: "contacts", in: kind) { session in
            try vault.put(try contact("a@b.kr"), of: fan, now: now, in: session)
            try vault.put(try contact("averylongname.indeed@example.kr"), of: other, now: now, in: session)
            let sealed = try session.rows("SELECT sealed FROM contact", []).compactMap { $0[0] }
            #expect(Set(sealed).count == 2 && Set(sealed.map(\.utf8.count)).count == 1)
            for text in sealed {
                let bytes = try #require(Base64URL.decode(Array(text.utf8)))
                #expect(!String(decoding: bytes, as: UTF8.self).contains(".kr"))
            }
        }
    }

    @Test(arguments: TablesKind.allCases) func whatWasShreddedIsGoneEvenIfTheSealedRowComesBack(_ kind: TablesKind)
        async throws
    {
        let vault = try vault()
        try await withSession(of: "contacts", in: kind) { session in
            try vault.put(try contact("fan@example.kr"), of: fan, now: now, in: session)
            let row = try #require(try session.rows("SELECT sealed FROM contact", []).first?[0])
            #expect(try vault.shred(fan, in: session))
            #expect(try !vault.shred(fan, in: session))
            #expect(try vault.export(fan, now: now, in: session) == nil)
            #expect(try session.rows("SELECT buyer FROM contact UNION SELECT buyer FROM contact_key", []).isEmpty)
            let restore = "INSERT INTO contact (buyer, sealed, put_at) VALUES ($1, $2, 0)"
            _ = try session.rows(restore, [fan.text, row])
            #expect(try vault.export(fan, now: now, in: session) == nil)
            // Nor under the key that the buyer gets when they come back.
            try vault.put(try contact("back@example.kr"), of: fan, now: now, in: session)
            _ = try session.rows("UPDATE contact SET sealed = $1", [row])
            #expect(throws: ContactVaultError.unreadable(fan)) { try vault.export(fan, now: now, in: session) }
        }
    }

    @Test(arguments: TablesKind.allCases) func rowsCannotBeSwappedBetweenBuyers(_ kind: TablesKind) async throws {
        let vault = try vault()
        try await withSession(of: "contacts", in: kind) { session in
            try vault.put(try contact("fan@example.kr"), of: fan, now: now, in: session)
            try vault.put(try contact("thief@example.kr"), of: other, now: now, in: session)
            // Both rows, so that key and box belong together.
            for table in ["contact", "contact_key"] {
                _ = try session.rows("DELETE FROM \(table) WHERE buyer = $1", [fan.text])
                _ = try session.rows("UPDATE \(table) SET buyer = $1", [fan.text])
            }
            #expect(throws: ContactVaultError.unreadable(fan)) { try vault.contact(of: fan, now: now, in: session) }
        }
    }

    @Test(arguments: TablesKind.allCases) func anotherMasterKeyReadsNothingAndAnOlderOneStillDoes(_ kind: TablesKind)
        async throws
    {
        let first = try #require(MasterKey(name: "k1", bytes: [UInt8](repeating: 7, count: 32)))
        try await withSession(of: "contacts", in: kind) { session in
            try vault().put(try contact("fan@example.kr"), of: fan, now: now, in: session)
            #expect(throws: ContactVaultError.unreadable(fan)) { try vault(8).contact(of: fan, now: now, in: session) }
            #expect(throws: ContactVaultError.unreadable(fan)) {
                try vault(8, name: "k2").contact(of: fan, now: now, in: session)
            }
            let next = try vault(8, name: "k2", older: [first])
            #expect(try next.contact(of: fan, now: now, in: session)?.address.description == "fan@example.kr")
        }
        #expect(!"\(first)".contains("7, 7") && !String(reflecting: first).contains("SymmetricKey"))
    }
}
