import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Testing

@testable import OnsaleEngine
@testable import OnsaleHistory
@testable import OnsaleSale
@testable import OnsaleWaitingRoom

/// What holds for every story.
@Suite(.timeLimit(.minutes(5))) struct StoryPropertyTests {
    private static let secrets =
        [Show.method, Show.url, Hex.encode(Show.seed)]
        + ["Optional", "HoldID", "OnsaleSale", "SaleFact", "SeatIndex", "PlaceID", "LineFact", "Timestamp(", "nil"]

    private func expectPlain(_ steps: [StoryStep]) {
        for step in steps {
            for secret in Self.secrets { #expect(!"\(step.what) \(step.detail)".contains(secret)) }
            #expect(!step.what.isEmpty && step.what.count < 30 && step.detail.hasSuffix("."), "\(step)")
        }
    }

    /// The story by reading all facts, with the same words.
    private func scanned(_ subject: StorySubject, _ script: Script) throws -> [StoryStep] {
        var teller = Storyteller(subject, in: script.definition, draw: DrawnNumbers(script.partition.line))
        try script.journal.read(partition: "show", from: 1) { row in
            for fact in try Fact.decode(payload: row.payload, plans: { _ in nil }) { teller.take(fact, at: row.time) }
        }
        return teller.story(now: script.now)
    }

    private func told(_ subject: StorySubject, _ script: Script) throws -> [StoryStep] {
        try EventHistory.story(
            of: subject, in: script.definition, draw: DrawnNumbers(script.partition.line), now: script.now,
            journal: script.journal)
    }

    @Test(
        "However a sale goes, a story found by time is the story of all facts, says what is unfinished, and no secret",
        arguments: 1...15 as ClosedRange<UInt64>)
    func everyOrder(seed: UInt64) throws {
        let script = try Script()
        try script.live(seed: seed, steps: 400)
        let sale = script.partition.sale
        #expect(sale.orders.count > 3)
        for order in sale.orders {
            let subject = StorySubject(order, under: sale.terms[order.hold], in: script.definition)
            let steps = try told(subject, script)
            #expect(steps == (try scanned(subject, script)), "order \(order.id.serial)")
            expectPlain(steps)
            #expect(steps.map(\.at) == steps.map(\.at).sorted())
            #expect(steps.contains { $0.what == "Pass granted" } && steps.contains { $0.what == "Hold made" })
            let isUnfinished =
                order.duty != nil || sale.strays.values.contains { $0.order == order.id }
                || sale.hold(order.hold).map { $0.order == nil } ?? false
            #expect(isUnfinished == (steps.last?.what == "Waiting"), "order \(order.id.serial): \(steps)")
        }
    }

    @Test("A buyer's story has all of their holds and orders", arguments: 30...36 as ClosedRange<UInt64>)
    func everyBuyer(seed: UInt64) throws {
        let script = try Script()
        try script.live(seed: seed, steps: 300)
        var holds: [BuyerID: Int] = [:]
        try script.journal.read(partition: "show", from: 1) { row in
            for case .sale(.held(let held)) in try Fact.decode(payload: row.payload, plans: { _ in nil }) {
                holds[held.buyer, default: 0] += 1
            }
        }
        for number in 0..<12 {
            let buyer = Show.buyer(number)
            let orders = Array(script.partition.sale.orders(of: buyer))
            let steps = try told(StorySubject(buyer, orders: orders), script)
            expectPlain(steps)
            #expect(steps.count { $0.what == "Hold made" } == holds[buyer] ?? 0)
            #expect(steps.count { $0.what == "Order placed" } == orders.count)
            #expect(steps.count { $0.what == "Order confirmed" } == orders.count { $0.firstTicket > 0 })
        }
    }

    @Test(
        "Long after the last fact nothing is told as live, until the facts say so",
        arguments: 60...69 as ClosedRange<UInt64>)
    func overdue(seed: UInt64) throws {
        let script = try Script()
        try script.live(seed: seed, steps: 300)
        func waits(after seconds: Int) throws -> [String] {
            let explainer = Explainer(journal: script.journal, now: script.now.adding(seconds: seconds))
            return try (0..<12).flatMap { try explainer.explain(.buyer(Show.buyer($0)), in: nil) }.flatMap(\.steps)
                .filter { $0.what == "Waiting" }.map(\.detail)
        }
        let live = script.partition.sale.holds.values.count { $0.order == nil } + script.partition.line.passes.count
        let undecided = script.partition.sale.orders.count { $0.state == .authorizing || $0.state == .requiresAction }
        let overdue = try waits(after: 86_400)
        #expect(!overdue.contains { $0.contains("can be paid") || $0.contains("is kept") })
        #expect(
            overdue.count { $0.contains("was to end") } == live + undecided + script.partition.line.calls.count)
        try script.wait(seconds: 86_400)
        #expect(try !waits(after: 0).contains { $0.contains("was to end") })
    }

    @Test("A moment is found among the rows as by reading them all", arguments: 50...54 as ClosedRange<UInt64>)
    func search(seed: UInt64) throws {
        let script = try Script()
        try script.live(seed: seed, steps: 200)
        var rows: [JournalRow] = []
        try script.journal.read(partition: "show", from: 1) { rows.append($0) }
        let moments = rows.flatMap { [-1, 0, 1].map { [time = $0.time.milliseconds] in time + Int64($0) } }
        for moment in moments.map(Timestamp.init(milliseconds:)) {
            let first = rows.first { $0.time >= moment }?.sequence ?? script.head.lastSequence + 1
            #expect(try JournalSearch.firstFact(notBefore: moment, of: "show", in: script.journal) == first)
        }
        #expect(try JournalSearch.firstFact(notBefore: Show.start, of: "none", in: script.journal) == 1)
    }

    @Test("Every kind of fact has words, also where little is known of what it is about")
    func everyFact() {
        let sale: [SaleFact] = [
            .held(
                .init(
                    hold: 1, buyer: Show.buyer(1), pass: 1, places: .seats([0]), amount: 2000, expiresAt: Show.start,
                    key: Show.key(1))), .holdReleased(.init(hold: 2)), .holdExpired(.init(hold: 2)),
            .orderPlaced(
                .init(order: 2, hold: 2, method: Show.method, trace: Show.trace, key: Show.key(2), proof: "member 7")),
            .orderAuthorized(.init(order: 2, intent: "pi_1")), .orderConfirmed(.init(order: 2, captured: 2000)),
            .orderDeclined(.init(order: 2, code: "authorization_released", void: true)),
            .orderExpired(.init(order: 2)), .intentLearned(.init(order: 2, intent: "pi_1")),
            .capturedLate(.init(order: 2, intent: "pi_1", amount: 1)), .voided(.init(order: 2)),
            .orderCancelled(.init(order: 2, byOrganizer: false, key: Show.key(3), reason: "A child fell ill.")),
            .partReturned(.init(order: 1, positions: [0], amount: 1, reason: "It rains.", key: Show.key(4))),
            .partRefunded(.init(order: 1, total: 1)),
            .refunded(.init(order: 2, amount: 0)), .strayFound(.init(order: 2, intent: "pi_2", captured: 0)),
            .strayReturned(.init(order: 2, intent: "pi_2")), .blocked(.init(seats: [1])),
            .unblocked(.init(seats: [1, 2])), .checkedIn(.init(ticket: 1, by: "Gate B")),
            .paymentDeclined(.init(order: 2, code: "x", void: false, holdUntil: Show.start)),
            .actionRequired(.init(order: 2, intent: "pi_1", url: Show.url)),
            .refundedByProvider(.init(order: 2, total: 5)), .refundReversed(.init(order: 2, amount: 5)),
            .disputed(.init(order: 2)), .disputeWon(.init(order: 2)),
            .termsChanged(.init(terms: Show.definition().terms)),
        ]
        let line: [LineFact] = [
            .joined(.init(buyer: Show.buyer(1), place: 1)),
            .passGranted(.init(pass: 1, buyer: Show.buyer(1), place: 1, expiresAt: Show.start)),
            .passExpired(.init(pass: 1)), .passGivenUp(.init(pass: 1)), .paused(.init()), .resumed(.init()),
            .rescheduled(.init(schedule: Show.definition().schedule)), .drawCommitted(.init(seed: Show.seed)),
            .drawn(.init(lobbySize: 3, entrantsHash: [])), .called(.init(place: 1, until: Show.start)),
            .callLapsed(.init(place: 1)), .soldOut(.init()), .seatsReturned(.init()),
            .passEnded(.init(pass: 1, why: .declines)), .callWithdrawn(.init(place: 1)), .moved(.init(place: 1, to: 9)),
        ]
        var cast = Cast(Show.definition(), draw: nil)
        let saleWords = sale.map { cast.words(for: $0, at: Show.start) }
        let lineWords = line.map { cast.words(for: $0, at: Show.start) }
        let notes = AuditNote.Action.allCases.map { cast.words(for: AuditNote(actor: "A", action: $0, detail: "")) }
        expectPlain((saleWords + lineWords + notes).map { StoryStep(at: Show.start, what: $0.what, detail: $0.detail) })
        #expect(Set(saleWords.map(\.what)).count == sale.count && Set(lineWords.map(\.what)).count == line.count)
    }

    @Test("Amounts are written with the digits of their currency")
    func money() {
        let cast = Cast(Show.definition(), draw: nil)
        #expect(
            [0, 5, 123, 123_456_789].map { cast.money($0) } == ["0.00 EUR", "0.05 EUR", "1.23 EUR", "1,234,567.89 EUR"])
    }
}
