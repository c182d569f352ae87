import Foundation
import Logging
import OnsaleHTTP
import OnsaleMail
import OnsaleMigrations
import OnsaleSchema
import OnsaleTables
import OnsaleValues
import Servers
import TestTables
import Testing

@testable import onsale

/// Addresses whose tables fail for a while.
@Suite(.timeLimit(.minutes(3))) struct ContactDeskTests {
    private struct NoFiles: Attachments {
        func file(named name: String) async throws -> MailAttachment? { nil }
    }

    private func withDesk(
        _ body: (_ desk: ContactDesk, _ contacts: ContactTables, _ tables: FailingTables) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        func open(_ name: String) throws -> SQLiteTables {
            try SQLiteTables(
                path: "\(folder.path)/\(name).sqlite", name: name,
                migrations: try OnsaleSchema.migrations(ofService: name))
        }
        let (tables, mail, bus) = (FailingTables(try open("contacts")), try open("mail"), TableBus(try open("bus")))
        let key = try #require(MasterKey(name: "1", bytes: [UInt8](repeating: 7, count: MasterKey.bytes)))
        let contacts = ContactTables(ContactVault(current: key), tables: tables)
        let author = MailAuthor(from: try #require(MailAddressee("tickets@onsale.example"))) { _, _ in nil }
        let mails = MailRole(
            tables: mail, contacts: contacts, attachments: NoFiles(), bus: bus,
            configuration: MailRole.Configuration(author: author), logger: Logger(label: "test"))
        try await body(ContactDesk(contacts, mails: mails), contacts, tables)
        await bus.close()
        for tables in [tables, mail] as [any Tables] { await tables.close() }
    }

    private func mailbox(_ number: Int) -> Mailbox {
        let address = "fan\(number)@example.com"
        return Mailbox(
            address: address, folded: address, buyer: BuyerID(high: 1, low: UInt64(number)), language: "ko")
    }

    @Test("Whoever signs in while addresses can't be kept is answered at once; they are kept once they can")
    func full() async throws {
        try await withDesk { desk, contacts, tables in
            tables.fail(while: { true })
            // More than are tried together.
            let crowd = 1_200
            let refused = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<crowd {
                    group.addTask { (try? await desk.keep(mailbox(number))) == nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == crowd)
            tables.fail(while: { false })
            var known = 0
            for _ in 0..<300 where known < crowd {
                known = try await tables.read { Int(try $0.rows("SELECT COUNT(*) FROM contact", [])[0][0] ?? "") ?? 0 }
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(known == crowd)
            #expect(try await contacts.contact(of: mailbox(7).buyer)?.address.description == "fan7@example.com")
        }
    }

    @Test("What was forgotten doesn't come back with what is tried again")
    func forgotten() async throws {
        try await withDesk { desk, contacts, tables in
            tables.fail(while: { true })
            for number in 0..<2 { await #expect(throws: (any Error).self) { try await desk.keep(mailbox(number)) } }
            tables.fail(while: { false })
            try await desk.forget(mailbox(0).buyer)
            for _ in 0..<100 where try await contacts.contact(of: mailbox(1).buyer) == nil {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try await contacts.contact(of: mailbox(1).buyer) != nil)
            #expect(try await contacts.contact(of: mailbox(0).buyer) == nil)
        }
    }
}
