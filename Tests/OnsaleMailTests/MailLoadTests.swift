import OnsaleBus
import OnsaleMail
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import Servers
import TestTables
import Testing

/// Many mails, several processes, and a real mail server.
@Suite(.timeLimit(.minutes(5)), .serialized) struct MailLoadTests {
    private static let count = 1_000

    @Test(arguments: TablesKind.allCases) func twoProcessesSendEachMailOnce(_ kind: TablesKind) async throws {
        try await withTables(kind, of: "mail") { open in
            let world = try MailWorld()
            let roles = [try world.role(on: try open()), try world.role(on: try open())]
            try await world.bus.publish(
                try (0..<MailLoadTests.count).map { try world.issued($0 + 1, world.order("ord_\($0)")) })
            let begin = ContinuousClock.now
            try await world.running(roles[0], roles[1]) {
                try await eventually("sent", within: 120) { world.transport.mails.count >= MailLoadTests.count }
                let took = ContinuousClock.now - begin
                print("\(MailLoadTests.count) mails from the bus over two processes on \(kind) in \(took)")
                try await eventually("said", within: 60) { world.events.count == MailLoadTests.count }
            }
            #expect(world.transport.mails.count == MailLoadTests.count)
            #expect(Set(world.transport.mails.map(\.id)).count == MailLoadTests.count)
        }
    }

    @Test(arguments: TablesKind.allCases) func oneProcessKeepsThousandMails(_ kind: TablesKind) async throws {
        try await withTables(kind, of: "mail") { open in
            let world = try MailWorld()
            let tables = try open()
            let news = try (0..<MailLoadTests.count).map { try world.issued($0 + 1, world.order("ord_\($0)")) }
            // Queued beforehand, so that the sending alone is measured.
            let held = try world.role(on: tables)
            world.transport.answer { _ in .unreachable("not yet") }
            try await world.bus.publish(news)
            try await world.running(held) {
                try await eventually("queued", within: 60) { held.counts["queued"] == MailLoadTests.count }
            }
            let role = try world.role(on: tables, transport: nil)
            let begin = ContinuousClock.now
            try await world.running(role) {
                try await eventually("sent", within: 60) {
                    try await tables.read { try MailStore.tallies(in: $0)[.sent] } == MailLoadTests.count
                }
                print("\(MailLoadTests.count) mails kept and noted on \(kind) in \(ContinuousClock.now - begin)")
                try await eventually("said", within: 60) { world.events.count == MailLoadTests.count }
            }
            await tables.close()
        }
    }

    @Test func aThousandMailsGoToARealServer() async throws {
        try await withTables(.sqlite, of: "mail") { open in
            let server = try SMTPServer()
            defer { server.stop() }
            let world = try MailWorld()
            let tables = try open()
            let role = try world.role(on: tables, transport: nil) {
                $0 = MailRole.Configuration(
                    author: $0.author, server: try SMTPConfiguration("smtp://127.0.0.1:\(server.port)"))
            }
            try await world.bus.publish(
                try (0..<MailLoadTests.count).map { try world.issued($0 + 1, world.order("ord_\($0)")) })
            let begin = ContinuousClock.now
            try await world.running(role) {
                try await eventually("said", within: 60) { world.events.count == MailLoadTests.count }
            }
            print("\(MailLoadTests.count) mails from the bus to a server and back in \(ContinuousClock.now - begin)")
            #expect(try server.mails().count == MailLoadTests.count)
            await tables.close()
        }
    }

    @Test func aRealServerGetsWhatItTakesAndItsRefusalComesBack() async throws {
        try await withTables(.sqlite, of: "mail") { open in
            let server = try SMTPServer()
            defer { server.stop() }
            let world = try MailWorld()
            let tables = try open()
            try await withTables(.sqlite, of: "contacts") { openContacts in
                let key = try #require(MasterKey(name: "k1", bytes: [UInt8](repeating: 7, count: 32)))
                let contacts = ContactTables(ContactVault(current: key), tables: try openContacts())
                var configuration = MailRole.Configuration(
                    author: MailAuthor(from: try #require(MailAddressee("no-reply@onsale.example"))),
                    server: try SMTPConfiguration("smtp://127.0.0.1:\(server.port)"))
                configuration.queueLimits.pauseSeconds = 1
                let role = MailRole(
                    tables: tables, contacts: contacts, attachments: world.files, bus: world.bus,
                    configuration: configuration, logger: MailWorld.logger)
                let names = ["fan", "once450", "good550", "shredded"]
                for (index, name) in names.enumerated() {
                    let buyer = BuyerID(high: 9, low: UInt64(index))
                    let address = try #require(MailAddress("\(name)@mail.example"))
                    try await contacts.put(Contact(address: address, language: .english), of: buyer)
                    if name == "shredded" { #expect(try await contacts.shred(buyer)) }
                }
                try await world.running(role) {
                    try await world.bus.publish(
                        try names.indices.map { index in
                            try world.issued(
                                index + 1, world.order("ord_\(index)", buyer: BuyerID(high: 9, low: UInt64(index))))
                        })
                    try await eventually("said") { world.events.count == names.count }
                    #expect(try await role.mail("tickets.ord_2")?.reason?.contains("No such") == true)
                    #expect(try await role.mail("tickets.ord_3")?.reason == "no address")
                }
                let mails = try server.mails()
                #expect(Set(mails.flatMap(\.to)) == ["fan@mail.example", "once450@mail.example"])
                #expect(mails.count == 2)
                let types = Dictionary(uniqueKeysWithValues: world.events.map { ($0.id, $0.type) })
                #expect(
                    types == [
                        "evt_1/1": .mailSent, "evt_1/2": .mailSent, "evt_1/3": .mailBounced, "evt_1/4": .mailBounced,
                    ])
                await tables.close()
            }
        }
    }
}
