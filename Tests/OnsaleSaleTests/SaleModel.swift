import OnsaleSale
import OnsaleValues

/// The simplest possible model of a sale: it recounts everything at each step.
struct SaleModel {
    struct Held {
        let id: UInt32
        let buyer: Int
        let pass: UInt32
        let seats: [Int]
        let standing: Int
        /// What a place of each category cost when it was made.
        let prices: [Int64]
        var expiresAt: Int64
        var declines = 0
    }

    struct Ordered {
        let hold: Held
        let amount: Int64
        let placedAt: Int64
        var state: OrderState
        var captured: Int64 = 0
        var refunded: Int64 = 0
        var tickets: [UInt32] = []
        var owesRefund = false
        var isDisputed = false
        /// Positions of places that were taken back while the rest stayed, and what must have gone back for them.
        var returned: Set<Int> = []
        var due: Int64 = 0

        var quantity: Int { hold.seats.count + hold.standing }
        var seatsLeft: [Int] { hold.seats.enumerated().filter { !returned.contains($0.offset) }.map(\.element) }
        var standingLeft: Int { hold.standing == 0 ? 0 : hold.standing - returned.count }
    }

    let width: Int
    let rows: Int
    let standing: Int
    var limit: Int
    var now: Int64
    var prices = Hall.prices
    var holdSeconds = 300
    var holds: [Held] = []
    var orders: [Ordered] = []
    var blocked: Set<Int> = []
    /// Of blocked seats that have one.
    var reasons: [Int: String] = [:]
    var lastHold: UInt32 = 0
    var checkedIn: Set<UInt32> = []
    var ticketCount: UInt32 = 0
    var holdKeys: [Int: (body: Int, hold: UInt32, at: Int64)] = [:]
    var orderKeys: [Int: (body: Int, order: Int, at: Int64)] = [:]

    func takenBy(_ states: [OrderState]) -> [Ordered] { orders.filter { states.contains($0.state) } }

    var seatText: String {
        var text = [Character](repeating: ".", count: width * rows)
        for seat in blocked { text[seat] = "b" }
        for hold in holds { for seat in hold.seats { text[seat] = "h" } }
        for order in takenBy([.authorizing, .requiresAction]) { for seat in order.hold.seats { text[seat] = "h" } }
        for order in takenBy([.capturing, .confirmed]) { for seat in order.seatsLeft { text[seat] = "x" } }
        return String(text)
    }

    var standingFree: Int {
        standing - holds.reduce(0) { $0 + $1.standing }
            - takenBy([.authorizing, .requiresAction, .capturing, .confirmed]).reduce(0) { $0 + $1.standingLeft }
    }

    func places(of buyer: Int) -> Int {
        let held = holds.filter { $0.buyer == buyer }
        let bought = takenBy([.authorizing, .requiresAction, .capturing, .confirmed]).filter { $0.hold.buyer == buyer }
        return held.reduce(0) { $0 + $1.seats.count + $1.standing }
            + bought.reduce(0) { $0 + $1.quantity - $1.returned.count }
    }

    func isFree(_ seat: Int) -> Bool { Array(seatText)[seat] == "." }

    func amount(_ hold: Held) -> Int64 {
        hold.seats.reduce(0) { $0 + hold.prices[$1 < width ? 0 : 1] } + Int64(hold.standing) * hold.prices[2]
    }

    /// What orders that were ever confirmed cost, by category.
    var takings: [Int64] {
        orders.filter { !$0.tickets.isEmpty }.map(\.hold).reduce(into: [0, 0, 0]) { takings, hold in
            for seat in hold.seats { takings[seat < width ? 0 : 1] += hold.prices[seat < width ? 0 : 1] }
            takings[2] += Int64(hold.standing) * hold.prices[2]
        }
    }

    var gross: Int64 { orders.reduce(0) { $0 + $1.captured } }
    var refunded: Int64 { orders.reduce(0) { $0 + $1.refunded } }

    /// A payment fails. If it was not authorized yet, the hold lives on.
    mutating func decline(_ order: inout Ordered) {
        let keepsHold = order.state != .capturing
        order.state = .declined
        guard keepsHold else { return }
        // The hold as it was before the order; it may already have had declines.
        var hold = order.hold
        if hold.declines == 0 { hold.expiresAt = max(hold.expiresAt, now + 60_000) }
        hold.declines += 1
        if hold.declines < 5 { holds.append(hold) }
    }

    mutating func advance(to moment: Int64) {
        now = moment
        holds.removeAll { $0.expiresAt <= now }
        for index in orders.indices
        where [.authorizing, .requiresAction].contains(orders[index].state)
            && orders[index].placedAt + 600_000 <= now
        {
            orders[index].state = .expired
        }
    }
}
