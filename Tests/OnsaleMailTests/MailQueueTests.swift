import OnsaleMail
import OnsaleValues
import Testing

/// When a mail is tried, one rule at a time.
@Suite struct MailQueueTests {
    private let begin = Timestamp(milliseconds: 1_800_000_000_000)
    private let later = SMTPOutcome.refusedForNow(SMTPRefusal(code: 450, text: "450 busy", isOfRecipient: true))

    private func mail(_ name: String, domain: String = "a.kr") throws -> QueuedMail {
        QueuedMail(
            key: name, messageID: try #require(MessageID("\(name)@onsale.kr")), domain: domain, queuedAt: begin)
    }

    @Test func aRefusedMailIsTriedAfterOneMinuteThenTwiceAsLongUpToAnHourAndComesBackAfterThreeDays() throws {
        var queue = MailQueue()
        #expect(queue.add(try mail("a")))
        var now = begin
        var pauses: [Int64] = []
        while true {
            #expect(queue.next(now: now).map(\.key) == ["a"])
            let settled = queue.settle("a", later, now: now)
            let settlement = try #require(settled)
            guard case .again(let next, let reason) = settlement else {
                #expect(settlement == .bounced(reason: "450 busy"))
                break
            }
            #expect(reason == "450 busy")
            pauses.append((next.dueAt.milliseconds - now.milliseconds) / 60_000)
            #expect(queue.next(now: Timestamp(milliseconds: next.dueAt.milliseconds - 1)).isEmpty)
            #expect(queue.wakesAt == next.dueAt)
            now = next.dueAt
        }
        #expect(pauses.prefix(8) == [1, 2, 4, 8, 16, 32, 60, 60])
        #expect(now.milliseconds - begin.milliseconds >= 3 * 86_400_000)
        #expect(now.milliseconds - begin.milliseconds <= 3 * 86_400_000 + 3_600_000)
        #expect(queue.count == 0 && queue.wakesAt == nil)
    }

    @Test func aMailRefusedForGoodComesBackAtOnce() throws {
        var queue = MailQueue()
        #expect(queue.add(try mail("a")))
        #expect(queue.next(now: begin).count == 1)
        let refusal = SMTPRefusal(code: 550, text: "550 no such mailbox", isOfRecipient: true)
        #expect(
            queue.settle("a", .refusedForGood(refusal), now: begin) == .bounced(reason: "550 no such mailbox"))
        #expect(queue.settle("a", .accepted, now: begin) == nil)
        #expect(queue.next(now: begin.adding(seconds: 86_400)).isEmpty)
    }

    @Test func whileTheServerIsAwayNothingIsSentAndThenOneMailGoesAhead() throws {
        var queue = MailQueue()
        for name in ["a", "b", "c", "d", "e", "f"] { #expect(queue.add(try mail(name, domain: name + ".kr"))) }
        let first = queue.next(now: begin)
        #expect(first.map(\.key) == ["a", "b", "c", "d"])
        for mail in first { _ = queue.settle(mail.key, .unreachable("nobody answers"), now: begin) }
        #expect(queue.next(now: begin.adding(seconds: 4)).isEmpty)
        #expect(queue.wakesAt == begin.adding(seconds: 5))
        let second = begin.adding(seconds: 5)
        let probe = queue.next(now: second)
        #expect(probe.count == 1)
        #expect(queue.next(now: second).isEmpty && queue.wakesAt == nil)
        _ = queue.settle(probe[0].key, .unreachable("nobody answers"), now: second)
        #expect(queue.wakesAt == begin.adding(seconds: 15))
        let third = begin.adding(seconds: 15)
        let next = queue.next(now: third)
        #expect(next.count == 1)
        #expect(queue.settle(next[0].key, .accepted, now: third) == .accepted)
        #expect(queue.next(now: third).count == 4)
    }

    @Test func aBusyDomainWaitsAloneAndABusyServerMakesAllWait() throws {
        var queue = MailQueue()
        for name in ["a", "b"] { #expect(queue.add(try mail(name))) }
        #expect(queue.add(try mail("c", domain: "c.kr")))
        #expect(queue.next(now: begin).count == 3)
        let busyDomain = SMTPRefusal(code: 421, text: "421 busy", isOfRecipient: true)
        _ = queue.settle("a", .refusedForNow(busyDomain), now: begin)
        _ = queue.settle("b", .unknown("cut"), now: begin)
        #expect(queue.add(try mail("d")))
        #expect(queue.next(now: begin.adding(seconds: 59)).isEmpty)
        #expect(queue.next(now: begin.adding(seconds: 60)).count == 1)
        _ = queue.settle("c", .refusedForNow(SMTPRefusal(code: 421, text: "421 closing")), now: begin)
        #expect(queue.add(try mail("e", domain: "e.kr")))
        #expect(queue.next(now: begin.adding(seconds: 4)).isEmpty)
    }

    @Test func oneMailThatNeverGetsThroughKeepsNobodyWaiting() throws {
        var queue = MailQueue()
        #expect(queue.add(try mail("bad")))
        #expect(queue.next(now: begin).count == 1)
        _ = queue.settle("bad", .unknown("cut"), now: begin)
        #expect(queue.add(try mail("good", domain: "b.kr")))
        let now = begin.adding(seconds: 60)
        #expect(queue.next(now: now).first?.key == "good")
    }

    @Test func itTakesNoMoreMailsThanItsLimitAndNoneTwice() throws {
        var limits = MailQueueLimits()
        limits.mailsMax = 2
        var queue = MailQueue(limits)
        #expect(queue.add(try mail("a")))
        #expect(!queue.add(try mail("a")))
        #expect(queue.next(now: begin).count == 1)
        #expect(!queue.add(try mail("a")))
        #expect(queue.add(try mail("b")))
        #expect(queue.room == 0)
        #expect(!queue.add(try mail("c")))
    }
}
