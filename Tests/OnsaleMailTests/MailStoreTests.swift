import OnsaleMail
import OnsaleMigrations
import OnsaleValues
import TestTables
import Testing

/// The mail service's tables.
@Suite struct MailStoreTests {
    private let buyer = BuyerID(high: 1, low: 2)
    private let begin = Timestamp(milliseconds: 1_800_000_000_000)

    private func entry(
        _ key: String, _ kind: MailKind = .tickets, at moment: Timestamp? = nil, secret: String? = nil,
        keepUntil: Timestamp? = nil
    ) throws -> MailStore.Entry {
        MailStore.Entry(
            key: key, messageID: try #require(MessageID("\(key)@onsale.kr")), kind: kind, event: "evt", order: nil,
            buyer: buyer, payload: "{\"제목\":1}", secret: secret,
            cause: MailStore.Cause(id: "evt/1", traceparent: nil), queuedAt: moment ?? begin, keepUntil: keepUntil)
    }

    @Test(arguments: TablesKind.allCases) func aKeyHasOneMailUnlessItWasWithdrawn(_ kind: TablesKind) async throws {
        try await withSession(of: "mail", in: kind) { session in
            #expect(try MailStore.queue(try entry("a"), in: session))
            #expect(try !MailStore.queue(try entry("a", at: begin.adding(seconds: 5)), in: session))
            let standing = try #require(try MailStore.mail("a", in: session))
            #expect(standing.entry == (try entry("a")) && standing.state == .queued && standing.dueAt == begin)
            #expect(try MailStore.withdraw("a", reason: "void", now: begin, in: session))
            #expect(try MailStore.mail("a", in: session)?.state == .withdrawn)
            let later = begin.adding(seconds: 9)
            #expect(try MailStore.queue(try entry("a", at: later), in: session))
            let again = try #require(try MailStore.mail("a", in: session))
            #expect(again.state == .queued && again.dueAt == later && again.reason == nil && again.endedAt == nil)
            #expect(try MailStore.end("a", .sent, reason: nil, now: later, in: session))
            #expect(try !MailStore.withdraw("a", reason: "void", now: later, in: session))
            #expect(try !MailStore.queue(try entry("a", at: later), in: session))
        }
    }

    @Test(arguments: TablesKind.allCases)
    func dueMailsAreTakenByOneProcessUrgentOnesFirst(_ kind: TablesKind) async throws {
        try await withSession(of: "mail", in: kind) { session in
            for (index, key) in ["c", "a", "b", "d"].enumerated() {
                #expect(try MailStore.queue(try entry(key, at: begin.adding(seconds: index)), in: session))
            }
            func take(_ limit: Int, at seconds: Int, by token: String = "one") throws -> [String] {
                let now = begin.adding(seconds: seconds)
                return try MailStore.take(
                    limit: limit, now: now, by: token, until: begin.adding(seconds: 100), in: session
                ).map(\.entry.key)
            }
            #expect(try take(2, at: 2) == ["c", "a"])
            #expect(try take(9, at: 2, by: "two") == ["b"])
            #expect(try take(9, at: 2).isEmpty)
            #expect(try MailStore.queue(try entry("now", .signIn, at: begin.adding(seconds: 4)), in: session))
            #expect(try take(1, at: 4, by: "three") == ["now"])
            let longer = begin.adding(seconds: 200)
            #expect(try MailStore.renew("one", until: longer, in: session) == ["a", "c"])
            #expect(try take(9, at: 100, by: "four") == ["b", "d", "now"])
            #expect(try MailStore.renew("two", until: longer, in: session).isEmpty)
            try MailStore.release("one", in: session)
            #expect(try take(9, at: 50) == ["c", "a"])
        }
    }

    @Test(arguments: TablesKind.allCases) func whatHasEndedStaysSoUntilItIsRemoved(_ kind: TablesKind) async throws {
        try await withSession(of: "mail", in: kind) { session in
            for key in ["a", "b", "c"] { #expect(try MailStore.queue(try entry(key), in: session)) }
            let now = begin.adding(seconds: 3)
            let taken = try MailStore.take(limit: 9, now: now, by: "one", until: begin.adding(seconds: 9), in: session)
            #expect(taken.count == 3)
            #expect(try MailStore.end("a", .sent, reason: nil, language: .english, now: now, in: session))
            #expect(try MailStore.end("b", .bounced, reason: "550 없는 주소", now: now, in: session))
            var again = try #require(try MailStore.mail("c", in: session)).queued(to: "b.kr")
            again.attempts = 1
            again.dueAt = begin.adding(seconds: 60)
            for key in ["a", "b"] {
                #expect(try !MailStore.end(key, .sent, reason: nil, now: now.adding(seconds: 1), in: session))
            }
            func putOff(_ mail: QueuedMail, by token: String) throws {
                try MailStore.putOff(mail, reason: "450", need: .document, by: token, isKept: false, in: session)
            }
            try putOff(again, by: "two")
            #expect(try MailStore.mail("c", in: session)?.attempts == 0)
            try putOff(again, by: "one")
            let sent = try #require(try MailStore.mail("a", in: session))
            #expect(sent.state == .sent && sent.endedAt == now && sent.reason == nil && sent.language == .english)
            #expect(try MailStore.mail("b", in: session)?.reason == "550 없는 주소")
            #expect(try MailStore.mail("c", in: session)?.queued(to: "b.kr") == again)
            let waiting = try MailStore.waiting(in: session)
            #expect(waiting.count == 1 && waiting[.document]?.count == 1 && waiting[.document]?.reason == "450")
            let early = begin.adding(seconds: 59)
            #expect(try MailStore.take(limit: 9, now: early, by: "x", until: now, in: session).isEmpty)
            let next = try MailStore.take(limit: 9, now: begin.adding(seconds: 60), by: "x", until: now, in: session)
            #expect(next.map(\.entry.key) == ["c"])
            #expect(try MailStore.newest(limit: 2, in: session).map(\.entry.key) == ["c", "b"])
            #expect(try MailStore.mails(of: buyer, limit: 9, in: session).count == 3)
            #expect(try !MailStore.remove(endedBefore: now, limit: 1, in: session))
            #expect(try MailStore.remove(endedBefore: now.adding(seconds: 1), limit: 1, in: session))
            #expect(try MailStore.remove(endedBefore: now.adding(seconds: 1), limit: 1, in: session))
            #expect(try MailStore.newest(limit: 9, in: session).map(\.entry.key) == ["c"])
        }
    }

    @Test(arguments: TablesKind.allCases)
    func aCodeIsGoneOnceItIsSentOrCanBeUsedNoMore(_ kind: TablesKind) async throws {
        try await withSession(of: "mail", in: kind) { session in
            let end = begin.adding(seconds: 600)
            for key in ["sent", "kept", "late"] {
                let entry = try entry(key, .signIn, secret: "123456", keepUntil: end)
                #expect(try MailStore.queue(entry, in: session))
            }
            func secret(_ key: String) throws -> String? { try MailStore.mail(key, in: session)?.entry.secret }
            #expect(try MailStore.end("sent", .sent, reason: nil, now: begin, in: session))
            #expect(try MailStore.end("kept", .sent, reason: nil, keepsSecret: true, now: begin, in: session))
            #expect(try secret("sent") == nil)
            #expect(try MailStore.expire(now: begin.adding(seconds: 599), in: session) == 0)
            #expect(try secret("kept") == "123456" && secret("late") == "123456")
            #expect(try MailStore.expire(now: end, in: session) == 1)
            #expect(try secret("kept") == nil && secret("late") == nil)
            #expect(try MailStore.mail("kept", in: session)?.state == .sent)
            #expect(try MailStore.mail("late", in: session)?.state == .bounced)
        }
    }
}
