import Logging
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// A hall of 100,000 seats and the commands of a busy sale.
enum Arena {
    static let seatCount = 100_000
    static let start = Timestamp(milliseconds: 1_700_000_000_000)

    static func plan() -> SeatingPlan {
        SeatingPlan(
            categories: ["A"],
            seats: (0..<seatCount).map { (seat: Int) -> SeatingPlan.Seat in
                let row = seat / 50
                return .init(
                    name: "\(row)-\(seat % 50)", category: 0, row: UInt32(row), x: Int32(seat % 50) * 10,
                    y: Int32(row) * 10)
            }, areas: [], stage: nil, prices: [50_000])
    }

    static let terms = terms(ticketsPerBuyer: 4)

    private static func terms(ticketsPerBuyer: Int) -> SaleTerms {
        SaleTerms(prices: [50_000], ticketsPerBuyer: ticketsPerBuyer, holdSeconds: 300, preventOrphans: false)
    }

    static func definition(_ id: String, ticketsPerBuyer: Int = 4) -> EventDefinition {
        EventDefinition(
            id: id, tag: 7, title: "Arena", venue: "Arena", startsAt: start, currency: "KRW", planDigest: nil,
            plan: plan(), terms: terms(ticketsPerBuyer: ticketsPerBuyer),
            schedule: OnsaleSchedule(
                lobbyOpensAt: nil, opensAt: start, closesAt: nil, hasWaitingRoom: false, maxActiveShoppers: 1,
                passSeconds: 86_400))
    }

    /// An event with a line that has long been open.
    static func lineDefinition(_ id: String) -> EventDefinition {
        EventDefinition(
            id: id, tag: 8, title: "Arena", venue: "Arena", startsAt: start, currency: "KRW", planDigest: nil,
            plan: plan(), terms: terms,
            schedule: OnsaleSchedule(
                lobbyOpensAt: nil, opensAt: start, closesAt: nil, hasWaitingRoom: true, maxActiveShoppers: 500,
                passSeconds: 600))
    }

    static func engine(_ journal: any EventStore) throws -> Engine {
        try Engine(
            journal: journal, clock: SystemClock(), payments: NoGateway(),
            limits: EngineLimits(
                laneMax: [.max, 100_000, 100_000, 100_000, 100_000], laneShare: [8192, 8192, 8192, 8192, 8192],
                snapshotFacts: 100_000_000),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, fatal: { fatalError($0) })
    }

    static func buyer(_ number: Int) -> BuyerID { BuyerID(high: 0xfeed, low: UInt64(number)) }

    static func key(_ number: Int) -> IdempotencyKey {
        IdempotencyKey(key: Digest128(high: 3, low: UInt64(number)), fingerprint: Digest128(high: 0, low: 1))
    }

    /// Five commands for two seats, ten for each pair of pairs: a hold, a hold that comes too late for the same seats,
    /// then either the hold is given back and the pair held anew by the next fan, or it is ordered, authorized and
    /// captured. In all: 30 % holds, 20 % refused holds, 10 % releases, 13 % each of orders, authorizations, captures.
    static func purchase(pair: Int, hold: UInt32, order: UInt32) -> [Step] {
        let seats = [SeatIndex(UInt32(pair * 2)), SeatIndex(UInt32(pair * 2 + 1))]
        let fan = buyer(pair)
        return [
            .hold(HoldPlaces(.seats(seats), buyer: fan, pass: 1, key: nil)),
            .hold(HoldPlaces(.seats(seats), buyer: buyer(pair + 1_000_000), pass: 1, key: nil)),
            .order(
                PlaceOrder(HoldID(hold), buyer: fan, paymentMethod: "pm_card_visa", trace: nil, key: key(pair))),
            .settle(SettlePayment(OrderID(order), [.authorized(intent: "pi_1795472297625abcdef")])),
            .settle(SettlePayment(OrderID(order), [.captured(intent: "pi_1795472297625abcdef", amount: 100_000)])),
        ]
    }

    static func secondThoughts(pair: Int, hold: UInt32) -> [Step] {
        let seats = [SeatIndex(UInt32(pair * 2)), SeatIndex(UInt32(pair * 2 + 1))]
        let fan = buyer(pair + 2_000_000)
        return [
            .hold(HoldPlaces(.seats(seats), buyer: fan, pass: 1, key: nil)),
            .hold(HoldPlaces(.seats(seats), buyer: buyer(pair + 3_000_000), pass: 1, key: nil)),
            .release(ReleaseHold(HoldID(hold), buyer: fan)),
        ]
    }

    /// Everything that sells the whole hall.
    static func wholeSale() -> [Step] {
        var steps: [Step] = []
        var hold: UInt32 = 0
        var order: UInt32 = 0
        for pair in 0..<seatCount / 2 {
            if pair % 2 == 0 {
                hold += 1
                steps += secondThoughts(pair: pair, hold: hold)
            }
            hold += 1
            order += 1
            steps += purchase(pair: pair, hold: hold, order: order)
        }
        return steps
    }
}

/// One command of many.
enum Step {
    case hold(HoldPlaces)
    case release(ReleaseHold)
    case order(PlaceOrder)
    case settle(SettlePayment)

    func apply(to sale: inout Sale, facts: inout [SaleFact]) {
        switch self {
        case .hold(let command): _ = try? sale.apply(command, now: Arena.start, facts: &facts)
        case .release(let command): try? sale.apply(command, now: Arena.start, facts: &facts)
        case .order(let command): _ = try? sale.apply(command, now: Arena.start, facts: &facts)
        case .settle(let command): try? sale.apply(command, now: Arena.start, facts: &facts)
        }
    }
}
