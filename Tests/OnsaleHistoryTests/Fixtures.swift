import Doubles
import OnsaleSale
import Doubles
import OnsaleValues
import OnsaleWaitingRoom
import Seeded
import Synchronization

@testable import OnsaleEngine
@testable import OnsaleWaitingRoom

enum Show {
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    /// 40 seats at 20.00 EUR and 10 standing places at 5.00 EUR, with a lobby of ten minutes and a line.
    static func definition(_ id: String = "show", tag: UInt64 = 0x5104, shoppers: Int = 4) -> EventDefinition {
        let prices: [Int64] = [2000, 500]
        let seats = (0..<40).map { (seat: Int) -> SeatingPlan.Seat in
            .init(name: "s\(seat)", category: 0, row: UInt32(seat / 10), x: Int32(seat % 10), y: Int32(seat / 10))
        }
        return EventDefinition(
            id: id, tag: tag, title: "Show", venue: "Hall", startsAt: start, currency: "EUR", planDigest: nil,
            plan: SeatingPlan(
                categories: ["A", "Floor"], seats: seats, areas: [.init(name: "Floor", capacity: 10, category: 1)],
                stage: nil, prices: prices),
            terms: SaleTerms(prices: prices, ticketsPerBuyer: 50, holdSeconds: 300, preventOrphans: false),
            schedule: OnsaleSchedule(
                lobbyOpensAt: start, opensAt: start.adding(seconds: 600), closesAt: nil, hasWaitingRoom: true,
                maxActiveShoppers: shoppers, passSeconds: 900))
    }

    static func buyer(_ number: Int) -> BuyerID { BuyerID(high: 3, low: UInt64(number)) }

    static func key(_ number: Int) -> IdempotencyKey {
        IdempotencyKey(key: Digest128(high: 77, low: UInt64(number)), fingerprint: Digest128(high: 78, low: 0))
    }

    static let method = "pm_secret_card"
    static let url = "https://bank.example/confirm"
    static let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    static let seed = [UInt8](repeating: 0xA5, count: Draw.seedBytes)
}

/// Writes an event's journal command by command, and tells followers as the engine does.
final class Script {
    let journal: any EventStore
    private(set) var partition: Partition
    private(set) var head: JournalHead
    private(set) var now = Show.start
    var followers: [any Follower] = []
    private var keys = 0

    init(_ definition: EventDefinition = Show.definition(), in journal: any EventStore = MemoryJournal()) throws {
        self.journal = journal
        partition = Partition(definition: definition)
        head = .empty(definition.id)
    }

    /// The first row, and the draw's seed.
    func begin() throws {
        try append([.created(partition.definition)])
        try run(CommitDraw(seed: Show.seed))
    }

    /// A batch with one command. A refused one answers nil.
    @discardableResult
    func run<Command: EventCommand>(_ command: Command) throws -> Command.Answer? {
        var facts: [Fact] = []
        partition.advance(to: now, facts: &facts)
        let answer = try? partition.apply(command, now: now, facts: &facts)
        try append(facts)
        return answer
    }

    /// Lets time pass, while everybody stays where they are.
    func wait(seconds: Int = 0, milliseconds: Int = 0) throws {
        now = Timestamp(milliseconds: now.milliseconds + Int64(seconds * 1000 + milliseconds))
        try run(NotePresence(of: Array(partition.line.places.all)))
    }

    private func append(_ facts: [Fact]) throws {
        guard !facts.isEmpty else { return }
        var writer = ByteWriter()
        Fact.encode(facts, into: &writer)
        let row = head.row(payload: writer.bytes, count: facts.count, time: now)
        try journal.append([row])
        head = head.advanced(by: row)
        let view = EventView(partition, lastSequence: head.lastSequence)
        for follower in followers { follower.follow(Committed(row: row, facts: facts, view: view), in: partition) }
    }

    // MARK: Buyers

    struct Stuck: Error {}

    /// Joins, waits for the opening or a call, and claims the pass.
    func admit(_ number: Int) throws -> Pass {
        let place = try run(JoinLine(Show.buyer(number)))?.place.id
        if now < partition.line.schedule.opensAt { try wait(seconds: 600) }
        guard let place, let pass = try run(ClaimPass(of: place, buyer: Show.buyer(number))) else { throw Stuck() }
        return pass
    }

    func hold(_ selection: OnsaleSale.Selection, _ pass: Pass) throws -> Hold {
        keys += 1
        let hold = try run(HoldPlaces(selection, buyer: pass.buyer, pass: pass.id, key: Show.key(keys)))
        guard let hold else { throw Stuck() }
        return hold
    }

    func order(_ hold: Hold) throws -> OrderID {
        keys += 1
        let command = PlaceOrder(
            hold.id, buyer: hold.buyer, paymentMethod: Show.method, trace: Show.trace, key: Show.key(keys))
        guard let order = try run(command) else { throw Stuck() }
        return order.id
    }

    func results(_ order: OrderID, _ results: PaymentResult...) throws {
        for result in results {
            now = Timestamp(milliseconds: now.milliseconds + 300)
            try run(SettlePayment(order, [result]))
        }
    }

    func cancel(_ order: OrderID, by actor: String) throws {
        let id = partition.sale.order(order).map { definition.orderID($0) } ?? ""
        let note = AuditNote(actor: actor, action: .refunded, detail: id)
        try run(Audited(CancelOrder(order, buyer: nil, key: nil), as: note))
    }

    var definition: EventDefinition { partition.definition }
}

extension EventDefinition {
    func orderID(_ order: Order) -> String {
        PublicID(.order, at: order.placedAt, serial: order.id.serial, tag: tag).text
    }
}

extension Script {
    /// Everything that people, the provider and time may do, by a seed.
    func live(seed: UInt64, steps: Int) throws {
        try begin()
        try more(seed: seed, steps: steps)
    }

    func more(seed: UInt64, steps: Int) throws {
        var random = SeededRandom(seed: seed)
        func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
        for _ in 0..<steps {
            switch below(40) {
            case 0: try wait(seconds: below(4000))
            case 1: try wait(seconds: below(60))
            case 2: try wait(seconds: below(30))
            default: try wait(milliseconds: below(900))
            }
            let buyer = Show.buyer(below(12))
            let pass = partition.line.passes.values.sorted { $0.id < $1.id }.randomElement(using: &random)
            let orders = partition.sale.orders
            if partition.line.isPaused, below(8) == 0 { try run(ResumeSale()) }
            switch below(14) {
            case 0...2: try run(JoinLine(buyer))
            case 3, 4:
                let places = partition.line.places
                for place in partition.line.calls.keys.sorted() {
                    try run(ClaimPass(of: place, buyer: places.buyer(of: place)))
                }
            case 5, 6, 7:
                guard let pass else { continue }
                let seat = SeatIndex(UInt32(below(40)))
                _ = try? hold(below(4) == 0 ? .area(0, quantity: 1 + below(2)) : .seats([seat]), pass)
            case 8, 9:
                let holds = (1...20).compactMap { back in
                    partition.sale.hold(HoldID(UInt32(max(1, Int(partition.sale.lastHoldMade) - back + 1))))
                }
                if let hold = holds.randomElement(using: &random) { _ = try? order(hold) }
            case 10, 11, 12:
                guard let order = orders.suffix(8).randomElement(using: &random) else { continue }
                try results(order.id, result(of: order, below(13)))
            default:
                switch below(7) {
                case 6:
                    guard let order = orders.filter({ $0.state == .confirmed }).randomElement(using: &random),
                        let ticket = order.tickets.randomElement(using: &random)
                    else { continue }
                    try run(ReturnTickets([ticket], of: order.id, reason: nil, key: nil))
                case 0: if let order = orders.randomElement(using: &random) { try cancel(order.id, by: "Jiwoo") }
                case 1: if let pass { try run(GiveUpPass(pass.id, buyer: pass.buyer)) }
                case 2: try run(BlockSeats([SeatIndex(UInt32(below(40)))]))
                case 3: try run(UnblockSeats([SeatIndex(UInt32(below(40)))]))
                case 4: try run(CheckIn(TicketID(UInt32(1 + below(20)))))
                default: if partition.line.isPaused { try run(ResumeSale()) } else { try run(PauseSale()) }
                }
            }
        }
    }

    private func result(of order: Order, _ choice: Int) -> PaymentResult {
        let intent = "pi_\(order.id.serial)"
        return switch choice {
        case 0 where order.partReturn != nil: .refunded(total: order.partReturn?.due ?? 0)
        case 0: .pending(intent: intent)
        case 1: .actionRequired(intent: intent, url: Show.url)
        case 2, 3: .authorized(intent: intent)
        case 4, 5: .captured(intent: intent, amount: order.amount)
        case 6: .declined(code: "card_declined")
        case 7: .mismatched(intent: intent)
        case 8: .voided
        case 9: .refunded(total: order.captured)
        case 10: .stray(intent: intent + "_2", captured: order.amount)
        case 11: .strayReturned(intent: intent + "_2")
        default: .disputed(!order.isDisputed)
        }
    }
}

extension Sale {
    /// The number of the newest hold.
    var lastHoldMade: UInt32 {
        var last: UInt32 = 0
        while wasMade(HoldID(last + 1)) { last += 1 }
        return last
    }
}
