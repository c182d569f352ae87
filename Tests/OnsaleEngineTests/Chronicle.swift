import Doubles
import Foundation
import OnsaleStorage
import OnsaleValues

@testable import OnsaleEngine
@testable import OnsaleSale
@testable import OnsaleWaitingRoom

/// Writes journals as this version writes them, command by command and without randomness. Every later version must be
/// able to open the kept copies.
struct Chronicle {
    private let journal: SQLiteJournal
    private(set) var partition: Partition
    private var head: JournalHead
    private(set) var now: Timestamp

    init(_ definition: EventDefinition, isPlanApart: Bool, in journal: SQLiteJournal) throws {
        self.journal = journal
        var definition = definition
        if isPlanApart {
            let apart = definition.withPlanApart()
            try journal.putDocument(apart.document, digest: apart.digest)
            definition = apart.definition
        }
        partition = Partition(definition: definition)
        head = .empty(definition.id)
        now = Example.start
        try append([.created(definition)])
        try run(TakeNote(AuditNote(actor: "Jiwoo", action: .created, detail: definition.id)))
    }

    /// One batch with one command.
    @discardableResult
    mutating func run<Command: EventCommand>(_ command: Command) throws -> Command.Answer {
        guard let answer = try run([command]).first else { throw Refused() }
        return answer
    }

    /// One batch of commands. Refused commands give no answer.
    @discardableResult
    mutating func run<Command: EventCommand>(_ commands: [Command]) throws -> [Command.Answer] {
        try batch { partition, now, facts in
            commands.compactMap { try? partition.apply($0, now: now, facts: &facts) }
        }
    }

    private struct Refused: Error {}

    private mutating func batch<Answer>(
        _ body: (inout Partition, Timestamp, inout [Fact]) -> Answer
    ) throws -> Answer {
        var facts: [Fact] = []
        partition.advance(to: now, facts: &facts)
        let answer = body(&partition, now, &facts)
        try append(facts)
        return answer
    }

    /// Lets time pass; afterward everyone is still present.
    mutating func wait(seconds: Int) throws {
        now = now.adding(seconds: seconds - 1)
        try run(NotePresence(of: Array(partition.line.places.all)))
        now = now.adding(seconds: 1)
        try batch { _, _, _ in }
    }

    private mutating func append(_ facts: [Fact]) throws {
        guard !facts.isEmpty else { return }
        var writer = ByteWriter()
        Fact.encode(facts, into: &writer)
        let row = head.row(payload: writer.bytes, count: facts.count, time: now)
        try journal.append([row])
        head = head.advanced(by: row)
    }

    /// Another run of a node writes from here on.
    mutating func beginEpoch() throws {
        guard let owner = NodeID(name: "seoul-1", session: 0x1234_5678_9abc_def0) else { throw Refused() }
        let row = head.claim(for: owner, lastTime: now, now: now)
        guard case .committed = journal.claim(row, owner: owner) else { throw Refused() }
        for fact in try Fact.decode(payload: row.payload, plans: { _ in nil }) { try partition.replay(fact, at: now) }
        head = head.advanced(by: row)
    }

    func saveSnapshot() throws {
        try journal.save(
            Snapshot(
                partition: head.partition, lastSequence: head.lastSequence, rowChecksum: head.checksum, time: now,
                payload: partition.encodeSnapshot()))
    }
}

// MARK: The story

extension Chronicle {
    /// Writes all of it.
    static func write(to folder: String) throws {
        let journal = try SQLiteJournal(folder: folder)
        defer { try? journal.close() }
        try sellArena(in: journal)
        try sellTheatre(in: journal)
        var club = try Chronicle(Example.definition("club"), isPlanApart: false, in: journal)
        try club.run(JoinLine(Example.buyer(1)))
        try club.beginEpoch()
        try club.run(JoinLine(Example.buyer(2)))
    }

    private static func schedule(shoppers: Int) -> OnsaleSchedule {
        OnsaleSchedule(
            lobbyOpensAt: Example.start, opensAt: Example.start.adding(seconds: 600), closesAt: nil,
            hasWaitingRoom: true, maxActiveShoppers: shoppers, passSeconds: 600, passIdleSeconds: 60, frontSeconds: 40)
    }

    private static func hall(_ id: String, tag: UInt64, rows: Int, standing: Int, shoppers: Int) -> EventDefinition {
        let prices: [Int64] = [100_000, 80_000, 50_000]
        let seats = (0..<rows * 40).map { seat in
            SeatingPlan.Seat(
                name: "\(seat / 40 + 1)-\(seat % 40 + 1)", category: seat * 2 / (rows * 40), row: UInt32(seat / 40),
                x: Int32(seat % 40), y: Int32(seat / 40))
        }
        return EventDefinition(
            id: id, tag: tag, title: "아레나의 밤", venue: "Hall", startsAt: Example.start.adding(seconds: 86_400),
            currency: "KRW", planDigest: nil,
            plan: SeatingPlan(
                categories: ["R", "S", "Standing"], seats: seats,
                areas: [.init(name: "Floor", capacity: standing, category: 2)], stage: nil, prices: prices),
            terms: SaleTerms(prices: prices, ticketsPerBuyer: 8, holdSeconds: 60, preventOrphans: false),
            schedule: schedule(shoppers: shoppers), timeZone: "Asia/Seoul",
            eligibility: EligibilityCheck(url: "https://fans.example/check", deadlineSeconds: 600))
    }

    private static let seed = (0..<UInt8(Draw.seedBytes)).map { $0 }

    /// A large event with a lobby, a draw and a line. It sells out, and again after places come back.
    private static func sellArena(in journal: SQLiteJournal) throws {
        var arena = try Chronicle(
            hall("arena", tag: 0xA12E_7A00_01, rows: 272, standing: 3000, shoppers: 500), isPlanApart: true, in: journal
        )
        try arena.run(CommitDraw(seed: seed))
        for first in stride(from: 1, through: 2000, by: 500) {
            try arena.run((first..<first + 500).map { JoinLine(Example.buyer($0)) })
        }
        try arena.wait(seconds: 600)
        for first in stride(from: 2001, through: 6000, by: 500) {
            try arena.run((first..<first + 500).map { JoinLine(Example.buyer($0)) })
        }
        var hasSnapshot = false
        while !arena.partition.sale.isSoldOut {
            try arena.sellToEverybodyCalled()
            if !hasSnapshot, arena.partition.sale.counts.sold > 10_000 {
                hasSnapshot = true
                try arena.saveSnapshot()
            }
            try arena.wait(seconds: 1)
        }
        let order = arena.partition.sale.orders[0]
        let note = AuditNote(actor: "Jiwoo", action: .refunded, detail: "1")
        try arena.run(Audited(CancelOrder(order.id, buyer: nil, key: nil), as: note))
        try arena.run(SettlePayment(order.id, [.refunded(total: order.captured)]))
        try arena.sellToEverybodyCalled()
    }

    private mutating func sellToEverybodyCalled() throws {
        let places = partition.line.calls.keys.sorted().map { ($0, partition.line.places.buyer(of: $0)) }
        let passes = try run(places.map { ClaimPass(of: $0, buyer: $1) })
        let holds = try run(passes.flatMap { pass in (0..<3).map { hold(ofCategory: $0, pass) } })
        let orders = try run(
            holds.map { hold in
                PlaceOrder(
                    hold.id, buyer: hold.buyer, paymentMethod: "pm_card_visa", trace: nil,
                    key: Example.key(1_000_000 + Int(hold.id.serial)))
            }
        )
        try run(orders.map { SettlePayment($0.id, [.authorized(intent: "pi_\($0.id.serial)")]) })
        try run(orders.map { SettlePayment($0.id, [.captured(intent: "pi_\($0.id.serial)", amount: $0.amount)]) })
        try run(passes.map { GiveUpPass($0.id, buyer: $0.buyer) })
    }

    private func hold(ofCategory category: Int, _ pass: Pass) -> HoldPlaces {
        HoldPlaces(
            category == 2 ? .area(0, quantity: 2) : .best(category: category, quantity: 2), buyer: pass.buyer,
            pass: pass.id, key: Example.key(Int(pass.id.serial) * 10 + category))
    }

    /// A small event in which everything happens once.
    private static func sellTheatre(in journal: SQLiteJournal) throws {
        var theatre = try Chronicle(
            hall("theatre", tag: 0x7EA7_2E00_02, rows: 2, standing: 20, shoppers: 6), isPlanApart: true, in: journal)
        try theatre.run(CommitDraw(seed: seed))
        try theatre.run((1...16).map { JoinLine(Example.buyer($0)) })
        try theatre.organize()
        try theatre.wait(seconds: 600)
        let shoppers = try theatre.admitFive()
        try theatre.pay(shoppers[0], shoppers[1])
        try theatre.saveSnapshot()
        try theatre.failToPay(shoppers[2], shoppers[3])
        try theatre.leave(shoppers[4])
    }

    private mutating func organize() throws {
        func audited<Command: EventCommand>(_ action: AuditNote.Action, _ command: Command) -> Audited<Command> {
            Audited(command, as: AuditNote(actor: "Jiwoo", action: action, detail: ""))
        }
        var change = ScheduleChange(lobbyOpensAt: nil, opensAt: nil, closesAt: nil, maxActiveShoppers: 7)
        change.closesAt = .some(Example.start.adding(seconds: 40_000))
        try run(audited(.edited, ChangeProfile(title: "Arena Night", description: "Doors at six.", ageLimit: 12)))
        try run(audited(.paused, PauseSale()))
        try run(audited(.resumed, ResumeSale()))
        try run(audited(.onsaleChanged, ChangeSchedule(change)))
        try run(audited(.blocked, BlockSeats([76, 77, 78, 79], reason: "Sound desk")))
        try run(audited(.unblocked, UnblockSeats([79])))
    }

    /// Seven places are called: five claim; of the other two, one call is withdrawn and both lapse in the end.
    private mutating func admitFive() throws -> [Pass] {
        let places = partition.line.calls.keys.sorted().prefix(5).map { ($0, partition.line.places.buyer(of: $0)) }
        let passes = try run(places.map { ClaimPass(of: $0, buyer: $1) })
        func cap(_ shoppers: Int) -> ChangeSchedule {
            ChangeSchedule(ScheduleChange(lobbyOpensAt: nil, opensAt: nil, closesAt: nil, maxActiveShoppers: shoppers))
        }
        try run(cap(6))
        try run(cap(7))
        let late = partition.line.calls.keys.sorted()
        try wait(seconds: Line.callSeconds + 1)
        // Too late to return to the front.
        now = now.adding(seconds: 31)
        try run(late.prefix(1).map { ClaimPass(of: $0, buyer: partition.line.places.buyer(of: $0)) })
        return passes
    }

    private mutating func hold(_ pass: Pass, _ selection: OnsaleSale.Selection) throws -> HoldID {
        try run(HoldPlaces(selection, buyer: pass.buyer, pass: pass.id, key: nil)).id
    }

    private mutating func order(_ hold: HoldID, _ pass: Pass) throws -> OrderID {
        let key = Example.key(5_000_000 + partition.sale.orders.count)
        return try run(
            PlaceOrder(
                hold, buyer: pass.buyer, paymentMethod: "pm_card_visa",
                trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", key: key, proof: "fan 17")
        ).id
    }

    private mutating func results(_ order: OrderID, _ results: OnsaleSale.PaymentResult...) throws {
        for result in results { try run(SettlePayment(order, [result])) }
    }

    /// Payments that succeed, whatever happens to the money later.
    private mutating func pay(_ first: Pass, _ second: Pass) throws {
        let disputed = try order(try hold(first, .seats([0, 1])), first)
        try results(
            disputed, .pending(intent: "pi_a"), .actionRequired(intent: "pi_a", url: "https://bank.example/1"),
            .authorized(intent: "pi_a"), .captured(intent: "pi_a", amount: 200_000))
        try run(CheckIn(1, by: "Gate B"))
        try results(disputed, .disputed(true), .disputed(false), .refunded(total: 50_000))
        let cancelled = try order(try hold(second, .seats([4, 5])), second)
        try results(cancelled, .authorized(intent: "pi_b"), .captured(intent: "pi_b", amount: 200_000))
        try run(CancelOrder(cancelled, buyer: second.buyer, reason: "It rains.", key: Example.key(7)))
        try results(
            cancelled, .refunded(total: 200_000), .refunded(total: 150_000), .refunded(total: 200_000),
            .stray(intent: "pi_c", captured: 200_000), .strayReturned(intent: "pi_c"))
        let dear = try hold(second, .area(0, quantity: 3))
        let terms = ChangeTerms(prices: [2: 40_000], ticketsPerBuyer: 6, holdSeconds: 45)
        try run(
            Audited(EditEvent(ChangeProfile(), terms), as: AuditNote(actor: "Jiwoo", action: .edited, detail: "")))
        let kept = try order(dear, second)
        try results(kept, .authorized(intent: "pi_d"), .captured(intent: "pi_d", amount: 150_000))
        if let ticket = partition.sale.order(kept)?.tickets.first {
            let part = ReturnTickets([ticket], of: kept, reason: "A child fell ill.", key: Example.key(8))
            let note = AuditNote(
                actor: "Minji", account: "acc_" + String(repeating: "0", count: 32), action: .ticketsRefunded,
                detail: "")
            try run(Audited(part, as: note))
            try results(kept, .refunded(total: 50_000))
        }
        for action in [AuditNote.Action.refundSeen, .disputeSeen] {
            try run(TakeNote(AuditNote(actor: "payment provider", action: action, detail: "")))
        }
    }

    /// Payments that fail.
    private mutating func failToPay(_ first: Pass, _ second: Pass) throws {
        let hold = try self.hold(first, .seats([10]))
        for _ in 1...Line.declinesMax {
            let declined = try order(hold, first)
            try results(declined, .declined(code: "card_declined"))
        }
        let refused = try order(try self.hold(second, .seats([20])), second)
        try results(
            refused, .authorized(intent: "pi_e"), .captureRefused(code: "capture_failed"), .voided)
        let late = try order(try self.hold(second, .seats([21])), second)
        try wait(seconds: SaleTerms.authorizationSeconds + 1)
        try results(late, .captured(intent: "pi_f", amount: 100_000), .refunded(total: 100_000))
    }

    /// What happens to unused passes and holds.
    private mutating func leave(_ fifth: Pass) throws {
        // Everyone called by now claims; one gives up, one lets a hold expire, one does nothing.
        let places = partition.line.places
        let called = partition.line.calls.keys.sorted().map { ($0, places.buyer(of: $0)) }
        let passes = try run(called.map { ClaimPass(of: $0, buyer: $1) })
        try run(ReleaseHold(try hold(passes[0], .seats([30])), buyer: passes[0].buyer))
        try run(GiveUpPass(passes[0].id, buyer: passes[0].buyer))
        _ = try hold(passes[1], .seats([31]))
        for _ in 0..<4 { try wait(seconds: 50) }
    }
}
