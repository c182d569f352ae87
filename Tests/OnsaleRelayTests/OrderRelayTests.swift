import Doubles
import Foundation
import Logging
import OnsaleBus
import OnsaleEngine
import OnsaleSale
import OnsaleSchema
import OnsaleTables
import OnsaleValues
import OnsaleWaitingRoom
import Seeded
import Servers
import Synchronization
import Testing

@testable import OnsaleRelay

@Suite(.timeLimit(.minutes(5))) struct OrderRelayTests {
    @Test(
        "The bus hears of all that happens to orders, in order, though it fails and the process dies",
        arguments: 1...12 as ClosedRange<UInt64>)
    func everything(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let (journal, folder, bus) = (MemoryJournal(), try TemporaryFolder(), FlakyBus(seed: seed))
        let gateway = FakeGateway()
        var orders: [OrderID] = []
        for life in 0..<4 {
            try await live(journal, folder, bus, gateway) { engine in
                let id = "show\(life % 2)"
                if life < 2 { _ = try await engine.create(Show.definition(id), document: nil) }
                if life == 2 { orders = [] }
                let event = try await engine.event(id)
                for step in 0..<Int.random(in: 1...12, using: &random) {
                    let number = life * 100 + step
                    if Bool.random(using: &random), let order = orders.popLast(), life % 2 == 0 {
                        _ = try? await engine.apply(CancelOrder(order, buyer: nil, reason: "rain", key: nil), to: event)
                    } else {
                        let order = try await engine.buy(number, in: event)
                        if life % 2 == 0 { orders.append(order.id) }
                    }
                }
            }
        }
        // One more, in which the bus works, tells what is left.
        bus.state.withLock { $0.isFlaky = false }
        let expected = try expected(journal)
        try await live(journal, folder, bus, gateway) { _ in
            for _ in 0..<3_000 where bus.firsts.count < expected.count { try await Task.sleep(for: .milliseconds(10)) }
        }
        let heard = bus.firsts
        for event in ["show0", "show1"] {
            #expect(heard.filter { $0.key == event }.map(\.id) == expected.filter { $0.hasPrefix(event + "/") })
        }
        let copies = Dictionary(grouping: bus.state.withLock { $0.events }, by: \.identity)
        for (identity, copies) in copies { #expect(Set(copies).count == 1, "\(identity) has changed") }
    }

    @Test("What was in the journal before the relay ran for the first time is not told")
    func past() async throws {
        let (journal, folder, bus) = (MemoryJournal(), try TemporaryFolder(), FlakyBus(seed: 1))
        bus.state.withLock { $0.isFlaky = false }
        let engine = Engine(
            journal: journal, clock: try SystemClock(), payments: FakeGateway(), logger: .silent,
            fatal: { fatalError($0) })
        try engine.start()
        _ = try await engine.create(Show.definition("show0"), document: nil)
        _ = try await engine.buy(1, in: try await engine.event("show0"))
        await engine.stop()
        try await live(journal, folder, bus, FakeGateway()) { engine in
            let order = try await engine.buy(2, in: try await engine.event("show0"))
            for _ in 0..<3_000 where bus.firsts.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(bus.firsts.map(\.type) == [.orderPlaced, .orderConfirmed])
            let confirmed = try JSONDecoder().decode(
                OrderMessage.self, from: Data(try #require(bus.firsts.last).data))
            #expect(confirmed.tickets.map(\.seat) == ["s2"])
            #expect(confirmed.amount == order.amount && confirmed.refundedAmount == 0)
            #expect(confirmed.tickets.first?.barcode == "barcode of s2")
        }
    }

    @Test("An order of which tickets are taken back is confirmed once more with the rest, also over a restart")
    func parts() async throws {
        let (journal, folder, bus) = (MemoryJournal(), try TemporaryFolder(), FlakyBus(seed: 1))
        let gateway = FakeGateway()
        bus.state.withLock { $0.isFlaky = false }
        func hear(_ count: Int) async throws {
            for _ in 0..<3_000 where bus.firsts.count < count { try await Task.sleep(for: .milliseconds(10)) }
        }
        var order: Order?
        try await live(journal, folder, bus, gateway) { engine in
            _ = try await engine.create(Show.definition("show0"), document: nil)
            let event = try await engine.event("show0")
            let bought = try await engine.buy([1, 2, 3], in: event)
            order = bought
            let part = ReturnTickets([Array(bought.tickets)[1]], of: bought.id, reason: "A child fell ill.", key: nil)
            _ = try await engine.apply(part, to: event)
            try await hear(4)
        }
        try await live(journal, folder, bus, gateway) { engine in
            let bought = try #require(order)
            let event = try await engine.event("show0")
            _ = try await engine.apply(
                ReturnTickets([Array(bought.tickets)[0]], of: bought.id, reason: nil, key: nil), to: event)
            try await hear(6)
        }
        let told = try bus.firsts.map { ($0.type, try JSONDecoder().decode(OrderMessage.self, from: Data($0.data))) }
        #expect(
            told.map(\.0) == [
                .orderPlaced, .orderConfirmed, .orderConfirmed, .orderRefunded, .orderConfirmed, .orderRefunded,
            ])
        let seats = told.filter { $0.0 == .orderConfirmed }.map { $0.1.tickets.map(\.seat) }
        #expect(seats == [["s1", "s2", "s3"], ["s1", "s3"], ["s3"]])
        #expect(told.filter { $0.0 == .orderRefunded }.map(\.1.refundedAmount) == [1000, 2000])
    }

    @Test("An order's messages say what it was sold at, whatever places cost by then")
    func priceKept() async throws {
        let (journal, folder, bus) = (MemoryJournal(), try TemporaryFolder(), FlakyBus(seed: 1))
        bus.state.withLock { $0.isFlaky = false }
        try await live(journal, folder, bus, FakeGateway()) { engine in
            _ = try await engine.create(Show.definition("show0"), document: nil)
            let event = try await engine.event("show0")
            let order = try await engine.buy(1, in: event)
            try await engine.apply(ChangeTerms(prices: [0: 700]), to: event)
            _ = try await engine.buy(2, in: event)
            try await engine.apply(ChangeTerms(prices: [0: 300]), to: event)
            _ = try await engine.apply(CancelOrder(order.id, buyer: nil, key: nil), to: event)
            for _ in 0..<3_000 where bus.firsts.count < 6 { try await Task.sleep(for: .milliseconds(10)) }
            let heard = try bus.firsts.map { try JSONDecoder().decode(OrderMessage.self, from: Data($0.data)) }
            #expect(heard.map { $0.lines.map(\.unitAmount) } == [[1000], [1000], [700], [700], [1000], [1000]])
        }
    }

    /// A process's life: an engine with its relay, which ends as if it were killed.
    private func live(
        _ journal: MemoryJournal, _ folder: TemporaryFolder, _ bus: FlakyBus, _ gateway: FakeGateway,
        _ body: (Engine) async throws -> Void
    ) async throws {
        let tables = try SQLiteTables(
            path: folder.path + "/relay.sqlite", name: "relay",
            migrations: try OnsaleSchema.migrations(ofService: "relay"))
        let relay = OrderRelay(
            journal: journal, tables: tables, bus: bus,
            messages: OrderMessages { _, _, place in "barcode of \(place)" },
            logger: .silent)
        let engine = Engine(
            journal: journal, clock: try SystemClock(), payments: gateway, followers: [relay], logger: .silent,
            fatal: { fatalError($0) })
        try await relay.prepare()
        try engine.start()
        let work = Task { await relay.run(engine) }
        let result: Result<Void, any Error>
        do { result = .success(try await body(engine)) } catch { result = .failure(error) }
        work.cancel()
        await work.value
        await engine.stop()
        await tables.close()
        try result.get()
    }

    /// The IDs of all messages that follow from a journal.
    private func expected(_ journal: MemoryJournal) throws -> [String] {
        try journal.heads().sorted { $0.partition < $1.partition }.flatMap { head in
            var fold = NewsFold()
            var ids: [String] = []
            try journal.read(partition: head.partition, from: 1) { row in
                let facts = try Fact.decode(payload: row.payload, plans: { try journal.document(digest: $0) })
                ids += fold.take(facts, from: row.sequence).map { "\(head.partition)/\($0.sequence)" }
            }
            return ids
        }
    }
}

enum Show {
    static func definition(_ id: String) -> EventDefinition {
        EventDefinition(
            id: id, tag: UInt64(id.utf8.last ?? 0), title: "Show", venue: "Hall",
            startsAt: Timestamp(milliseconds: 1_900_000_000_000), currency: "KRW", planDigest: nil,
            plan: SeatingPlan(
                categories: ["A"],
                seats: (0..<400).map { .init(name: "s\($0)", category: 0, row: 0, x: Int32($0), y: 0) }, areas: [],
                stage: nil, prices: [1000]),
            terms: SaleTerms(prices: [1000], ticketsPerBuyer: 1000, holdSeconds: 300, preventOrphans: false),
            schedule: OnsaleSchedule(
                lobbyOpensAt: nil, opensAt: Timestamp(milliseconds: 0), closesAt: nil, hasWaitingRoom: false,
                maxActiveShoppers: 10, passSeconds: 3600))
    }
}

extension Engine {
    /// Buys the seat of that number.
    func buy(_ number: Int, in event: EventHandle) async throws -> Order { try await buy([number], in: event) }

    /// Buys the seats of those numbers.
    func buy(_ numbers: [Int], in event: EventHandle) async throws -> Order {
        let number = numbers[0]
        let buyer = BuyerID(high: 1, low: UInt64(number))
        let place = try await apply(JoinLine(buyer), to: event).place
        let pass = try await apply(ClaimPass(of: place.id, buyer: buyer), to: event).id
        let hold = try await apply(
            HoldPlaces(.seats(numbers.map { SeatIndex(UInt32($0)) }), buyer: buyer, pass: pass, key: nil), to: event)
        let key = IdempotencyKey(
            key: Digest128(high: 0, low: UInt64(number)), fingerprint: Digest128(high: 0, low: 0))
        return try await apply(
            PlaceOrder(hold.id, buyer: buyer, paymentMethod: "card", trace: nil, key: key), to: event,
            waitUntil: now().adding(seconds: 30))
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// A bus that fails now and then, before, while or after it has taken something.
final class FlakyBus: EventBus {
    struct State {
        var events: [CloudEvent] = []
        var isFlaky = true
        var random: SeededRandom
    }

    let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(random: SeededRandom(seed: seed &+ 77))) }

    /// What was heard, copies left out.
    var firsts: [CloudEvent] {
        var seen: Set<String> = []
        return state.withLock { $0.events }.filter { seen.insert($0.identity).inserted }
    }

    func publish(_ events: [CloudEvent]) async throws {
        try state.withLock { state in
            let fate = state.isFlaky ? Int.random(in: 0..<4, using: &state.random) : 3
            if fate == 0 { throw BusError(.unavailable, "nobody is there") }
            let taken = fate == 1 ? Int.random(in: 0...events.count, using: &state.random) : events.count
            state.events += events.prefix(taken)
            if fate < 3 { throw BusError(.unavailable, "cut off") }
        }
    }

    struct Unused: Error {}

    func bury(_ letters: [DeadLetter]) async throws { throw Unused() }
    func join(_ group: String, topics: [Topic]) async throws -> any BusMembership { throw Unused() }
    func lag(of groups: [String: [Topic]]) async throws -> [BusLag] { throw Unused() }
    func letters(limit: Int) async throws -> [DeadLetter] { throw Unused() }
    func redrive(limit: Int) async throws -> Int { throw Unused() }
    func close() async {}
}
