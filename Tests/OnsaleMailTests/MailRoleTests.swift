import Foundation
import OnsaleBus
import OnsaleMail
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import TestTables
import Testing

/// The service from the bus to the mail, and back to the bus.
@Suite(.timeLimit(.minutes(5))) struct MailRoleTests {
    @Test(arguments: TablesKind.allCases) func eachKindOfNewsIsMailedOnceAndSaidSo(_ kind: TablesKind) async throws {
        try await withTables(kind, of: "mail") { open in
            let world = try MailWorld()
            let tables = try open()
            let role = try world.role(on: tables)
            func refunded(_ number: Int, _ order: String, _ amount: Int64, _ reason: String?) throws -> CloudEvent {
                try world.event(
                    .orderRefunded, number, world.order(order, refunded: amount, reason: reason))
            }
            func cancelled(_ number: Int, _ order: String, _ amount: Int64, _ reason: String) throws -> CloudEvent {
                try world.event(.orderCancelled, number, world.order(order, amount: amount, reason: reason))
            }
            let news = [
                try world.event(.orderPlaced, 1, world.order("ord_a")),
                try world.event(.orderConfirmed, 2, world.order("ord_a")), try world.issued(2, world.order("ord_a")),
                try cancelled(3, "ord_a", 396_000, "buyer"), try refunded(4, "ord_a", 396_000, "buyer"),
                try refunded(5, "ord_a", 396_000, "provider"),
                try refunded(6, "ord_b", 100_000, "provider"), try refunded(7, "ord_b", 200_000, "provider"),
                try cancelled(8, "ord_c", 396_000, "dispute"), try refunded(9, "ord_c", 396_000, "dispute"),
                try world.event(.orderDeclined, 10, world.order("ord_d", reason: "card_declined")),
                try world.event(.orderExpired, 11, world.order("ord_e")),
                try cancelled(12, "ord_f", 0, "organizer"),
            ]
            try await world.running(role) {
                try await world.bus.publish(news + news)
                try await eventually("mails") { world.events.count >= 5 }
                try await world.bus.publish(news)
                try await Task.sleep(for: .milliseconds(700))
                try await eventually("counts") { role.counts == ["queued": 0, "sent": 5, "bounced": 0] }
                #expect(role.trouble == nil)
            }
            let mails = world.transport.mails
            #expect(
                Set(mails.map(\.content.subject)) == [
                    "[예매완료] 봄 콘서트", "[예매취소·환불] 봄 콘서트", "[부분환불] 봄 콘서트", "[예매취소] 봄 콘서트",
                ])
            #expect(mails.count == 5 && Set(mails.map(\.id)).count == 5)
            let tickets = try #require(mails.first { !$0.attachments.isEmpty })
            #expect(tickets.attachments.map(\.name) == ["ord_a.pdf"] && tickets.to.address.local == "fan2")
            #expect(tickets.content.text.contains("https://onsale.example/orders/evt_1/ord_a"))
            #expect(Set(world.events.map(\.id)) == ["evt_1/2", "evt_1/4", "evt_1/6", "evt_1/7", "evt_1/12"])
            let said = try #require(world.events.first { $0.id == "evt_1/2" })
            #expect(said.type == .mailSent && said.key == "evt_1" && said.subject == "ord_a")
            #expect(said.traceparent == news[2].traceparent)
            let message = try JSONDecoder().decode(MailMessage.self, from: Data(said.data))
            #expect(message.kind == "tickets" && message.mail == tickets.id.description && message.reason == nil)
            let rows = try await tables.read { try $0.rows("SELECT payload, key, reason FROM mail", []) }
            #expect(!"\(rows)".contains("SECRET") && !"\(rows)".contains("@"))
            await tables.close()
        }
    }

    @Test(arguments: TablesKind.allCases) func ticketsThatBecameVoidAreNotSent(_ kind: TablesKind) async throws {
        try await withTables(kind, of: "mail") { open in
            let world = try MailWorld()
            let tables = try open()
            let role = try world.role(on: tables)
            let order = world.order("ord_a")
            let void = TicketsVoided(order: order, tickets: ["tkt_1"])
            try await world.running(role) {
                try await world.bus.publish([try world.issued(2, order, hasFile: false)])
                try await eventually("tried") { try await role.mail("tickets.ord_a")?.attempts ?? 0 > 0 }
                try await world.bus.publish([try world.event(.ticketsVoided, 3, void, order: "ord_a")])
                try await eventually("withdrawn") { try await role.mail("tickets.ord_a")?.state == "withdrawn" }
                #expect(world.transport.mails.isEmpty)
                // A dispute that was won.
                try await world.bus.publish([try world.issued(4, order)])
                try await eventually("sent") { world.events.map(\.id) == ["evt_1/4"] }
            }
            #expect(world.transport.mails.count == 1)
            await tables.close()
        }
    }

    @Test(arguments: TablesKind.allCases)
    func aStopBeforeTheHandOverAndACrashAfterItLoseNothing(_ kind: TablesKind) async throws {
        try await withTables(kind, of: "mail") { open in
            let world = try MailWorld()
            let first = try open()
            world.transport.answer { _ in .unreachable("Connection refused") }
            let stopped = try world.role(on: first)
            try await world.running(stopped) {
                try await world.bus.publish([try world.issued(2, world.order("ord_a"))])
                try await eventually("tried") { !world.transport.mails.isEmpty }
                try await eventually("trouble") { stopped.trouble?.contains("Connection refused") == true }
            }
            await first.close()
            // The server has the mail, and the process dies before it is noted.
            let second = FailingTables(try open())
            second.fail { [transport = world.transport] in transport.mails.count > 1 }
            world.transport.answer { _ in .accepted }
            let dying = try world.role(on: second) { $0.leaseSeconds = 2 }
            try await world.running(dying) {
                try await eventually("accepted") { world.transport.mails.count == 2 }
                try await eventually("trouble") { dying.trouble != nil }
            }
            #expect(world.events.isEmpty)
            await second.close()
            let third = try open()
            try await world.running(try world.role(on: third)) {
                try await eventually("said") { world.events.count == 1 }
                try await Task.sleep(for: .milliseconds(500))
            }
            #expect(world.transport.mails.count == 3 && Set(world.transport.mails.map(\.id)).count == 1)
            #expect(Set(world.transport.mails.map(\.date)).count == 1)
            #expect(world.events.map(\.id) == ["evt_1/2"])
            await third.close()
        }
    }

    @Test(arguments: TablesKind.allCases)
    func whatIsUnderWayAtTheEndIsNotedAndTheRestIsGivenBack(_ kind: TablesKind) async throws {
        try await withTables(kind, of: "mail") { open in
            let world = try MailWorld()
            let tables = try open()
            world.transport.hold()
            try await world.running(try world.role(on: tables) { $0.queueLimits.underWayMax = 1 }) {
                try await world.bus.publish([
                    try world.issued(2, world.order("ord_a")), try world.issued(3, world.order("ord_b")),
                ])
                try await eventually("under way") { world.transport.mails.count == 1 }
                try await Task.sleep(for: .milliseconds(300))
            }
            let begin = ContinuousClock.now
            try await world.running(try world.role(on: tables)) {
                try await eventually("sent") { world.transport.mails.count == 2 }
                // No lease is waited for.
                #expect(ContinuousClock.now - begin < .seconds(10))
                try await eventually("said") { world.events.count == 2 }
            }
            #expect(world.transport.mails.count == 2 && Set(world.transport.mails.map(\.id)).count == 2)
            await tables.close()
        }
    }

    @Test(arguments: TablesKind.allCases)
    func whatIsMissingIsWaitedForAndWhoCannotBeWrittenToIsSaid(_ kind: TablesKind) async throws {
        try await withTables(kind, of: "mail") { open in
            let world = try MailWorld()
            let tables = try open()
            let role = try world.role(on: tables)
            try await world.running(role) {
                try await world.bus.publish([
                    try world.issued(2, world.order("ord_a"), hasFile: false),
                    try world.issued(3, world.order("ord_b", buyer: stranger)),
                ])
                try await eventually("trouble") { role.trouble?.contains("ord_a.pdf isn't there yet") == true }
                try await eventually("bounced") { world.events.map(\.type) == [.mailBounced] }
                let bounced = try JSONDecoder().decode(MailMessage.self, from: Data(world.events[0].data))
                #expect(bounced.reason == "no address" && bounced.order == "ord_b")
                let other = try MailAttachment(name: "ord_a.pdf", contentType: "application/pdf", bytes: [1])
                world.files.put(other)
                try await eventually("another file") { role.trouble?.contains("isn't the file") == true }
                #expect(world.transport.mails.isEmpty)
                _ = try world.issued(2, world.order("ord_a"))
                try await eventually("sent") { world.events.map(\.id) == ["evt_1/3", "evt_1/2"] }
                world.contacts.setAway(true)
                try await world.bus.publish([
                    try world.event(
                        .orderRefunded, 5, world.order("ord_a", refunded: 396_000, reason: "buyer"))
                ])
                try await eventually("trouble") {
                    role.trouble?.hasPrefix("Mails that wait for readable addresses: 1.") == true
                }
                world.contacts.setAway(false)
                try await eventually("sent") { world.events.last?.id == "evt_1/5" }
                try await eventually("well") { role.trouble == nil }
                world.transport.answer { mail in
                    let words = "550 5.1.1 <\(mail.to.address)>: \(mail.to.address) unknown, ask me@mail.example."
                    return .refusedForGood(SMTPRefusal(code: 550, text: words, isOfRecipient: true))
                }
                try await world.bus.publish([try world.issued(6, world.order("ord_c"))])
                try await eventually("bounced") { world.events.last?.id == "evt_1/6" }
                let reason = try await role.mail("tickets.ord_c")?.reason
                #expect(reason == "550 5.1.1 <(address)>: (address) unknown, ask (address).")
                let said = try JSONDecoder().decode(MailMessage.self, from: Data(try #require(world.events.last).data))
                #expect(said.reason == reason)
                let lookups = world.contacts.lookups
                try await Task.sleep(for: .milliseconds(1_500))
                #expect(world.contacts.lookups == lookups)
            }
            await tables.close()
        }
    }

    @Test(arguments: TablesKind.allCases)
    func aCodeGoesAheadOfAllOthersAndIsNotLeftBehind(_ kind: TablesKind) async throws {
        try await withTables(kind, of: "mail") { open in
            let world = try MailWorld()
            let tables = try open()
            let role = try world.role(on: tables)
            let link = WebLink("https://onsale.example/sign-in#123456")
            world.transport.answer { mail in
                mail.content.subject.contains("123456") ? .accepted : .unreachable("not yet")
            }
            try await world.running(role) {
                try await world.bus.publish([try world.issued(2, world.order("ord_a"))])
                try await eventually("tried") { !world.transport.mails.isEmpty }
                try await role.signIn("123456", link: link, to: fan)
                try await eventually("sent") { role.counts["sent"] == 1 }
            }
            let rows = try await tables.read { session in
                try ["mail", "outbox"].flatMap { try session.rows("SELECT * FROM \($0)", []) }
            }
            #expect(rows.count == 1 + 1 && !"\(rows)".contains("123456"))
            #expect(world.events.allSatisfy { $0.type != .mailBounced && $0.subject == "ord_a" })
            // Without a mail server it is there to be seen.
            let shown = try world.role(on: tables, transport: nil)
            try await world.running(shown) {
                try await shown.signIn("654321", link: link, to: fan)
                try await eventually("kept") { try await shown.newest(limit: 1).first?.state == "kept" }
                let newest = try #require(try await shown.newest(limit: 1).first)
                let mail = try #require(try await shown.mail(newest.id))
                #expect(mail.text?.contains("654321") == true && mail.html?.contains("sign-in#123456") == true)
                #expect(newest.text == nil && newest.subject == mail.subject)
                try await eventually("tickets") { try await shown.mail("tickets.ord_a")?.state == "kept" }
                let tickets = try #require(try await shown.mail("tickets.ord_a"))
                #expect(tickets.attachments == ["ord_a.pdf"] && tickets.subject == "[예매완료] 봄 콘서트")
                let json = String(decoding: try JSONEncoder().encode(tickets), as: UTF8.self)
                #expect(json.contains("ord_a") && !json.contains("@mail.example"))
            }
            await tables.close()
        }
    }
}
