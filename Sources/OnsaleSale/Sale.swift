public import OnsaleValues

/// The sale of one event: seats, holds, orders, tickets and money, as a pure state machine.
///
/// ``apply(_:now:facts:)`` decides a command: it changes the state, appends the facts and returns the answer.
/// ``replay(_:at:)`` only changes the state, so replaying the facts rebuilds the same state. The engine, recovery and
/// tests with their own clock all drive this one machine.
public struct Sale: Sendable {
    public let plan: SeatingPlan
    public internal(set) var terms: TermsByHold

    var seats: SeatMap
    /// One for each blocked seat.
    public internal(set) var blocks: [SeatIndex: SeatBlock] = [:]
    /// Counts of each area.
    var areas: [PlaceCounts]
    /// Live holds: not yet paid, released or expired.
    var holds: [UInt32: Hold] = [:]
    var lastHold: UInt32 = 0
    /// Where the search for due holds starts: no live hold below it can expire, except those out of turn.
    /// Derived.
    var oldestHold: UInt32 = 1
    var holdsOutOfTurn = HoldsOutOfTurn()
    /// Every order, the first at index 0.
    public internal(set) var orders: [Order] = []
    var ordersOfSeats: SeatOrders
    /// No order below this index still awaits authorization. Derived.
    var oldestAuthorizing = 0
    public internal(set) var tickets: [Ticket] = []
    var doors = DoorNames()
    var buyers: [BuyerID: BuyerAccount] = [:]
    var keys = IdempotencyMemory()
    var keyLimits = KeyLimits()
    /// An upper bound on any buyer's keys. It never falls; while it is below the limit, no buyer needs checking.
    private(set) var keysOfAnyBuyer: Int32 = 0
    public internal(set) var ledger = Ledger()
    public internal(set) var takings: Takings
    /// Second payments still to be returned, by intent.
    public internal(set) var strays: [String: StrayPayment] = [:]
    var ordersByState = [Int](repeating: 0, count: OrderState.allCases.count)
    /// Grows with every change of a seat or an area.
    public internal(set) var availabilityVersion: UInt64 = 0

    /// What a buyer has in this event.
    struct BuyerAccount: Hashable, Sendable {
        /// Places in live holds, orders in progress and valid tickets.
        var places = 0
        /// Live holds without an order.
        var holds: [UInt32] = []
        var lastOrder: UInt32 = 0
        /// Remembered idempotency keys.
        var keys: Int32 = 0

        var isEmpty: Bool { places == 0 && holds.isEmpty && lastOrder == 0 && keys == 0 }
    }

    /// A fact that was just decided but didn't apply: a bug. The driver must stop the sale.
    public internal(set) var fault: ContradictoryFact?
    /// Buyers whose hold or order ended in the last step. Not part of the state.
    public internal(set) var buyersLeftOff: [BuyerID] = []

    public init(plan: SeatingPlan, terms: SaleTerms) {
        precondition(terms.prices.count == plan.categories.count, "every category has a price")
        self.plan = plan
        self.terms = TermsByHold(current: terms)
        seats = SeatMap(plan: plan)
        ordersOfSeats = SeatOrders(seats: plan.seats.count)
        areas = plan.areas.map { PlaceCounts(free: $0.capacity) }
        takings = Takings(plan: plan)
    }

    // MARK: What readers see

    /// Seat states in plan order, in pages of 1,024; a copy shares the pages.
    public var seatPages: [[UInt8]] { seats.pages }
    public var areaCounts: [PlaceCounts] { areas }
    public var counts: PlaceCounts { areas.reduce(seats.counts, +) }
    public func orderCount(_ state: OrderState) -> Int { ordersByState[Int(state.rawValue)] }

    /// Whether nothing is free and no hold could free anything.
    public var isSoldOut: Bool {
        let counts = self.counts
        return counts.free == 0 && counts.held == 0
    }

    /// Whether a hold, an order waiting for the provider or a second payment still needs attention.
    public var hasUnfinishedBusiness: Bool {
        !holds.isEmpty || !strays.isEmpty || !openOrders.isEmpty
    }

    /// The orders that still need something from the provider.
    public internal(set) var openOrders = OpenOrders()
    public var ordersAwaitingProvider: Int { openOrders.count }

    /// Whether the buyer has a live hold or an order in progress.
    public func isShopping(_ buyer: BuyerID) -> Bool {
        guard let account = buyers[buyer] else { return false }
        return !account.holds.isEmpty || orders(of: buyer).contains { $0.state.isInProgress }
    }

    public func hold(_ id: HoldID) -> Hold? { holds[id.serial] }

    /// Whether a hold with this number was ever made.
    public func wasMade(_ id: HoldID) -> Bool { id.serial >= 1 && id.serial <= lastHold }

    public func order(_ id: OrderID) -> Order? {
        guard id.serial >= 1, Int(id.serial) <= orders.count else { return nil }
        return orders[Int(id.serial) - 1]
    }

    public func ticket(_ id: TicketID) -> Ticket? {
        guard id.serial >= 1, Int(id.serial) <= tickets.count else { return nil }
        return tickets[Int(id.serial) - 1]
    }

    /// Who let the ticket's holder in, if that is known.
    public func checkedInBy(_ ticket: Ticket) -> String? {
        ticket.checkIn?.door.map { doors.names[Int($0)] }
    }

    /// How many tickets are valid, and how many of their holders are in.
    public var attendance: Attendance {
        tickets.reduce(into: Attendance()) { attendance, ticket in
            guard !ticket.isVoid else { return }
            attendance.tickets += 1
            if ticket.checkIn != nil { attendance.checkedIn += 1 }
        }
    }

    /// The buyer's orders, newest first.
    public func orders(of buyer: BuyerID) -> some Sequence<Order> {
        sequence(state: buyers[buyer]?.lastOrder ?? 0) { serial in
            let order = order(OrderID(serial))
            serial = order?.previousOfBuyer ?? 0
            return order
        }
    }

    /// The buyer's live holds, those that an order pays for too, oldest first.
    public func holds(of buyer: BuyerID) -> [Hold] {
        let ordered = orders(of: buyer).filter(\.state.isInProgress).map(\.hold.serial)
        return ((buyers[buyer]?.holds ?? []) + ordered).compactMap { holds[$0] }.sorted { $0.id < $1.id }
    }

    func amount(of places: Places, at prices: [Int64]) -> Int64 {
        switch places {
        case .area(let area, let quantity):
            return prices[plan.areas[area].category] * Int64(quantity)
        case .seats(let seats):
            return seats.reduce(0) { $0 + prices[plan[$1].category] }
        }
    }

    // MARK: Deciding

    /// Applies and records a fact that was just decided.
    mutating func record(_ decided: some SaleFactBody, at now: Timestamp, facts: inout [SaleFact]) {
        do throws(ContradictoryFact) {
            try decided.evolve(&self, at: now)
            facts.append(decided.fact)
        } catch {
            fault = fault ?? error
        }
    }

    /// Whether this key already has an answer. A repeat gets it again, whatever has changed since.
    public func hasAnswer(to key: IdempotencyKey?, now: Timestamp) -> Bool {
        key.map { keys.entry(for: $0.key, now: now) != nil } ?? false
    }

    /// The answer already given under this key, if any.
    func answer(to key: IdempotencyKey?, now: Timestamp) throws(Refusal) -> IdempotencyMemory.Answer? {
        guard let key, let entry = keys.entry(for: key.key, now: now) else { return nil }
        guard entry.fingerprint == key.fingerprint else { throw .idempotencyConflict }
        return entry.answer
    }

    /// - Throws: `.overloaded` if the event, `.tooManyKeys` if the buyer, has no space for another key.
    func requireSpaceForKey(of buyer: BuyerID?, isOrder: Bool, now: Timestamp) throws(Refusal) {
        guard keys.hasSpace(among: keyLimits.all - (isOrder ? 0 : keyLimits.forOrders), at: now) else {
            throw .overloaded
        }
        guard keysOfAnyBuyer >= keyLimits.ofBuyer, let buyer, let kept = buyers[buyer]?.keys,
            kept >= keyLimits.ofBuyer, Int(kept) - keys.forgettable(of: buyer, at: now) >= keyLimits.ofBuyer
        else { return }
        throw .tooManyKeys
    }

    /// Remembers an answer to the buyer's `count`th key. The caller counts the new key; this subtracts the forgotten
    /// ones.
    mutating func remember(
        _ key: IdempotencyKey, _ answer: IdempotencyMemory.Answer, count: Int32, at now: Timestamp
    ) {
        keysOfAnyBuyer = max(keysOfAnyBuyer, count)
        for owner in keys.remember(key, answer, at: now) {
            guard let index = buyers.index(forKey: owner) else { continue }
            buyers.values[index].keys -= 1
            if buyers.values[index].isEmpty { buyers.remove(at: index) }
        }
    }

    @usableFromInline
    mutating func forgetBuyersLeftOff() {
        if !buyersLeftOff.isEmpty { buyersLeftOff.removeAll(keepingCapacity: true) }
    }

    // MARK: Time

    /// Moves the clock: due holds expire, and so do orders whose authorization took too long.
    public mutating func advance(to now: Timestamp, facts: inout [SaleFact]) {
        forgetBuyersLeftOff()
        while oldestHold <= lastHold {
            if let hold = holds[oldestHold], hold.order == nil, hold.declines == 0 {
                // Those in turn all last equally long, so the first that isn't due ends the search.
                guard hold.expiresAt <= now else { break }
                record(SaleFact.HoldExpired(hold: hold.id), at: now, facts: &facts)
            }
            oldestHold += 1
        }
        while let entry = nextOutOfTurn, entry.expiresAt <= now {
            holdsOutOfTurn.removeFirst()
            record(SaleFact.HoldExpired(hold: HoldID(entry.serial)), at: now, facts: &facts)
        }
        while oldestAuthorizing < orders.count {
            let order = orders[oldestAuthorizing]
            if order.awaitsAuthorization {
                guard order.placedAt.adding(seconds: SaleTerms.authorizationSeconds) <= now else { break }
                advance(order, on: .timedOut, now: now, facts: &facts)
            }
            oldestAuthorizing += 1
        }
    }

    /// When ``advance(to:facts:)`` next has something to do; nil if never.
    public mutating func nextDue() -> Timestamp? {
        while oldestHold <= lastHold, holds[oldestHold].map({ $0.order != nil || $0.declines > 0 }) ?? true {
            oldestHold += 1
        }
        while oldestAuthorizing < orders.count, !orders[oldestAuthorizing].awaitsAuthorization {
            oldestAuthorizing += 1
        }
        var hold = holds[oldestHold]?.expiresAt
        if let odd = nextOutOfTurn?.expiresAt { hold = min(hold ?? odd, odd) }
        let order =
            oldestAuthorizing < orders.count
            ? orders[oldestAuthorizing].placedAt.adding(seconds: SaleTerms.authorizationSeconds) : nil
        guard let hold, let order else { return hold ?? order }
        return min(hold, order)
    }
}

extension Order {
    fileprivate var awaitsAuthorization: Bool { state == .authorizing || state == .requiresAction }
}

extension Sale {
    /// Of the holds out of turn, the one that expires first.
    private var nextOutOfTurn: HoldsOutOfTurn.Entry? {
        mutating get {
            while let entry = holdsOutOfTurn.first {
                if let hold = holds[entry.serial], hold.order == nil, hold.expiresAt == entry.expiresAt { return entry }
                holdsOutOfTurn.removeFirst()
            }
            return nil
        }
    }

    /// Every buyer who ever placed an order here, sorted.
    public var buyersWithOrders: [BuyerID] {
        buyers.filter { $0.value.lastOrder != 0 }.keys.sorted()
    }
}
