import OnsaleMail
import OnsaleValues
import Seeded
import Testing

/// Histories by a seed: a server that refuses, is away and loses connections, a process that dies and comes back.
@Suite struct MailQueueModelTests {
    @Test func noMailIsLostSentAfterItsEndOrUnderAnotherID() throws {
        var sent = 0
        var bounced = 0
        var unknown = 0
        for seed in 0..<1_000 as Range<UInt64> {
            var world = try MailHistory(seed: seed)
            try world.run()
            sent += world.states.values.count { $0 == .sent }
            bounced += world.states.values.count { $0 == .bounced }
            unknown += world.unknownCount
        }
        // The histories had something of each in them.
        #expect(sent > 1_000 && bounced > 1_000 && unknown > 1_000)
    }
}

private struct MailHistory {
    enum State { case queued, sent, bounced }

    private(set) var states: [String: State] = [:]
    private(set) var unknownCount = 0
    private let seed: UInt64
    private var random: SeededRandom
    private var queue = MailQueue(MailHistory.limits)
    /// As the store has them.
    private var rows: [String: QueuedMail] = [:]
    private let ids: [String: MessageID]
    private var underWay: [QueuedMail] = []
    /// Each ID that the server has taken, and whether we heard so.
    private var taken: [MessageID: Int] = [:]
    private var heard: Set<MessageID> = []
    private var isAway = false
    private var now: Timestamp
    private let begin: Timestamp

    private static let limits: MailQueueLimits = {
        var limits = MailQueueLimits()
        limits.mailsMax = 8
        limits.underWayMax = 3
        return limits
    }()

    init(seed: UInt64) throws {
        self.seed = seed
        random = SeededRandom(seed: seed)
        begin = Timestamp(milliseconds: 1_800_000_000_000)
        now = begin
        var ids: [String: MessageID] = [:]
        for number in 0..<12 {
            let key = "k\(number)"
            let id = try #require(MessageID("\(key)@onsale.kr"))
            ids[key] = id
            rows[key] = QueuedMail(key: key, messageID: id, domain: "d\(number % 3).kr", queuedAt: begin)
            states[key] = .queued
        }
        self.ids = ids
    }

    mutating func run() throws {
        for _ in 0..<300 { try step(isKind: false) }
        // From here on the server is well; a mail then ends within the pauses that are left.
        isAway = false
        var steps = 0
        while states.values.contains(.queued) {
            try step(isKind: true)
            steps += 1
            try #require(steps < 2_000, "seed \(seed): a mail is lost")
        }
        for (key, state) in states {
            guard let id = ids[key] else { continue }
            if state == .sent { #expect(taken[id, default: 0] >= 1, "seed \(seed): said sent, wasn't") }
        }
    }

    private mutating func step(isKind: Bool) throws {
        let due = rows.values.filter { states[$0.key] == .queued }.sorted { $0.key < $1.key }
        for mail in due where queue.room > 0 { _ = queue.add(mail) }
        if !isKind, random.happens(0.05) { isAway.toggle() }
        if !isKind, random.happens(0.02) { return crash() }
        let started = queue.next(now: now)
        for mail in started {
            #expect(states[mail.key] == .queued, "seed \(seed): sent after its end")
            #expect(mail.messageID == ids[mail.key], "seed \(seed): another ID")
            #expect(mail.dueAt <= now, "seed \(seed): too early")
            #expect(!underWay.contains { $0.key == mail.key }, "seed \(seed): twice at once")
            #expect(!heard.contains(mail.messageID), "seed \(seed): again though accepted")
        }
        underWay += started
        #expect(underWay.count <= MailHistory.limits.underWayMax)
        #expect(queue.count <= MailHistory.limits.mailsMax)
        if let index = underWay.indices.randomElement(using: &random), isKind || random.happens(0.7) {
            try settle(underWay.remove(at: index), isKind: isKind)
        } else if underWay.isEmpty || random.happens(0.3) {
            pass(isKind: isKind)
        }
    }

    private mutating func pass(isKind: Bool) {
        let soon = now.adding(seconds: Int.random(in: 1...600, using: &random))
        guard let wakes = queue.wakesAt, wakes > now else { return now = soon }
        now = isKind || random.happens(0.5) ? wakes : soon
    }

    /// All that was in memory is gone; what was under way may have arrived.
    private mutating func crash() {
        for mail in underWay where random.happens(0.5) { taken[mail.messageID, default: 0] += 1 }
        underWay = []
        queue = MailQueue(MailHistory.limits)
    }

    private mutating func settle(_ mail: QueuedMail, isKind: Bool) throws {
        let outcome = outcome(of: mail, isKind: isKind)
        let settled = queue.settle(mail.key, outcome, now: now)
        let settlement = try #require(settled)
        let isOld = now >= mail.keepUntil
        switch settlement {
        case .accepted:
            #expect(outcome == .accepted)
            states[mail.key] = .sent
        case .bounced:
            if case .refusedForGood = outcome {} else { #expect(isOld && outcome != .accepted) }
            states[mail.key] = .bounced
        case .again(let next, _):
            #expect(next.key == mail.key && next.messageID == mail.messageID && next.queuedAt == mail.queuedAt)
            #expect(outcome != .accepted && !isOld)
            rows[mail.key] = next
        }
    }

    private mutating func outcome(of mail: QueuedMail, isKind: Bool) -> SMTPOutcome {
        if isAway { return .unreachable("away") }
        switch isKind ? 0 : Int.random(in: 0..<12, using: &random) {
        case 0, 1:
            taken[mail.messageID, default: 0] += 1
            heard.insert(mail.messageID)
            return .accepted
        case 2: return .refusedForGood(SMTPRefusal(code: 550, text: "no", isOfRecipient: true))
        case 3, 4:
            unknownCount += 1
            if random.happens(0.5) { taken[mail.messageID, default: 0] += 1 }
            return .unknown("cut")
        case 5: return .refusedForNow(SMTPRefusal(code: 421, text: "busy", isOfRecipient: random.happens(0.5)))
        default: return .refusedForNow(SMTPRefusal(code: 450, text: "later", isOfRecipient: true))
        }
    }
}
