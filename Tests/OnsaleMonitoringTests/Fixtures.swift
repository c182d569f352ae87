import Metrics
import OnsaleSale
import OnsaleTelemetry
import OnsaleValues
import Seeded

@testable import OnsaleEngine
@testable import OnsaleMonitoring
@testable import OnsaleWaitingRoom

/// An event that is played by hand, and told to followers batch by batch, as the engine does.
final class Stage {
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    private(set) var partition: Partition
    private(set) var now = Stage.start
    /// Everything that was journaled, by batch.
    private(set) var batches: [(at: Timestamp, facts: [Fact])] = []
    private var head: JournalHead
    private var facts: [Fact] = []
    private var keys = 0
    /// Each command has a batch of its own.
    private var isAlone = false
    private let followers: [any Follower]

    init(_ id: String = "show", followers: [any Follower]) {
        partition = Partition(definition: Stage.definition(id))
        head = .empty(id)
        self.followers = followers
        facts = [.created(partition.definition)]
        run(CommitDraw(seed: [UInt8](repeating: 7, count: Draw.seedBytes)))
        commit()
    }

    /// 30 seats and 10 standing places, with a lobby and a waiting room.
    static func definition(_ id: String) -> EventDefinition {
        let prices: [Int64] = [2000, 500]
        let seats = (0..<30).map { (seat: Int) -> SeatingPlan.Seat in
            .init(name: "s\(seat)", category: 0, row: UInt32(seat / 10), x: Int32(seat % 10), y: Int32(seat / 10))
        }
        return EventDefinition(
            id: id, tag: 0x5106, title: "Show", venue: "Hall", startsAt: start, currency: "EUR", planDigest: nil,
            plan: SeatingPlan(
                categories: ["A", "Floor"], seats: seats, areas: [.init(name: "Floor", capacity: 10, category: 1)],
                stage: nil, prices: prices),
            terms: SaleTerms(prices: prices, ticketsPerBuyer: 50, holdSeconds: 300, preventOrphans: false),
            schedule: OnsaleSchedule(
                lobbyOpensAt: start, opensAt: start.adding(seconds: 600), closesAt: nil, hasWaitingRoom: true,
                maxActiveShoppers: 5, passSeconds: 900))
    }

    static func buyer(_ number: Int) -> BuyerID { BuyerID(high: 3, low: UInt64(number)) }

    var view: EventView { EventView(partition, lastSequence: head.lastSequence) }

    /// Decides a command in the current batch.
    func run(_ command: some EventCommand) {
        partition.advance(to: now, facts: &facts)
        _ = try? partition.apply(command, now: now, facts: &facts)
        if isAlone { commit() }
    }

    /// Ends the batch. Followers hear of it if anything has happened.
    func commit() {
        guard !facts.isEmpty else { return }
        var writer = ByteWriter()
        Fact.encode(facts, into: &writer)
        let row = head.row(payload: writer.bytes, count: facts.count, time: now)
        head = head.advanced(by: row)
        batches.append((now, facts))
        let committed = Committed(row: row, facts: facts, view: view)
        facts = []
        for follower in followers { follower.follow(committed, in: partition) }
    }

    func wait(seconds: Int = 0, milliseconds: Int = 0) {
        commit()
        now = Timestamp(milliseconds: now.milliseconds + Int64(seconds * 1000 + milliseconds))
        run(NotePresence(of: Array(partition.line.places.all)))
    }

    private var key: IdempotencyKey {
        keys += 1
        return IdempotencyKey(key: Digest128(high: 7, low: UInt64(keys)), fingerprint: Digest128(high: 8, low: 0))
    }

    /// Everything that people, the provider and time may do, by a seed.
    /// - Parameter batch: the most commands decided in one batch.
    func live(seed: UInt64, steps: Int, batch: Int) {
        isAlone = batch == 1
        var random = SeededRandom(seed: seed)
        func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
        for _ in 0..<steps {
            switch below(60) {
            case 0: wait(seconds: below(4000))
            case 1...3: wait(seconds: below(60))
            default: wait(milliseconds: below(900))
            }
            for _ in 0...below(batch) { play(below) }
        }
        commit()
    }

    private func play(_ below: (Int) -> Int) {
        func one<Element>(of all: [Element]) -> Element? { all.isEmpty ? nil : all[below(all.count)] }
        if partition.line.isPaused, below(8) == 0 { run(ResumeSale()) }
        switch below(16) {
        case 0, 1: run(JoinLine(Stage.buyer(below(12))))
        case 2, 3:
            for place in partition.line.calls.keys.sorted() {
                run(ClaimPass(of: place, buyer: partition.line.places.buyer(of: place)))
            }
        case 4, 5, 6:
            guard let pass = one(of: partition.line.passes.values.sorted { $0.id < $1.id }) else { return }
            let seat = SeatIndex(UInt32(below(30)))
            let selection: OnsaleSale.Selection = below(4) == 0 ? .area(0, quantity: 1 + below(2)) : .seats([seat])
            run(HoldPlaces(selection, buyer: pass.buyer, pass: pass.id, key: key))
        case 7, 8, 9:
            let holds = (1...60).compactMap { partition.sale.hold(HoldID(UInt32($0))) }
            guard let hold = one(of: holds) else { return }
            run(PlaceOrder(hold.id, buyer: hold.buyer, paymentMethod: "pm_x", trace: nil, key: key))
        case 10, 11, 12, 13:
            guard let order = one(of: partition.sale.orders.suffix(6)) else { return }
            // The provider may say several things before anybody looks.
            for _ in 0...below(3) { run(SettlePayment(order.id, [result(of: order, below(15))])) }
        default:
            switch below(6) {
            case 0, 1:
                if let order = one(of: partition.sale.orders) { run(CancelOrder(order.id, buyer: nil, key: nil)) }
            case 2: run(BlockSeats([SeatIndex(UInt32(below(30)))]))
            case 3: run(UnblockSeats([SeatIndex(UInt32(below(30)))]))
            case 4:
                let note = AuditNote(actor: "Jiwoo", action: .refunded, detail: "-")
                run(Audited(CheckIn(TicketID(UInt32(1 + below(20)))), as: note))
            default: if below(4) == 0 { run(PauseSale()) }
            }
        }
    }

    private func result(of order: Order, _ choice: Int) -> PaymentResult {
        let intent = "pi_\(order.id.serial)"
        return switch choice {
        case 0: .pending(intent: intent)
        case 1: .actionRequired(intent: intent, url: "https://bank.example")
        case 2, 3: .authorized(intent: intent)
        case 4, 5: .captured(intent: intent, amount: order.amount)
        case 6: .declined(code: "card_declined")
        case 7: .mismatched(intent: intent)
        case 8: .voided
        case 9, 10: .refunded(total: order.amount)
        case 11: .refunded(total: order.amount / 2)
        case 12: .stray(intent: intent + "_2", captured: order.amount)
        case 13: .strayReturned(intent: intent + "_2")
        default: .disputed(!order.isDisputed)
        }
    }
}

/// Metrics of one test alone.
struct Meter {
    let registry = MetricRegistry(catalog: MetricCatalog.all)

    /// Whatever makes metrics within `body` makes them here.
    func watch<Result>(_ body: () throws -> Result) rethrows -> Result {
        try withMetricsFactory(registry) { () throws in try body() }
    }

    /// What a scrape shows, by series as it is written.
    var page: [String: Double] {
        var page: [String: Double] = [:]
        for line in String(decoding: registry.exposition(.text), as: UTF8.self).split(separator: "\n") {
            guard !line.hasPrefix("#"), let space = line.lastIndex(of: " ") else { continue }
            page[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return page
    }

    /// Those of a family that aren't zero.
    func counts(_ family: String) -> [String: Double] {
        page.filter { $0.key.hasPrefix(family + "{") && $0.value != 0 }
    }

    func sum(_ family: String) -> Double { counts(family).values.reduce(0, +) }
}
