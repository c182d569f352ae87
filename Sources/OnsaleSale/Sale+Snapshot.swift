public import OnsaleValues

/// A snapshot holds, in a fixed order, only what can't be derived. Restoring derives the rest again, so a snapshot
/// can't contradict itself.
extension Sale {
    /// Writes the state. Equal states give equal bytes, in any process.
    public func encodeSnapshot(into writer: inout ByteWriter) {
        writer.write(serial: lastHold)
        writer.write(unsigned: availabilityVersion)
        writer.write(terms: terms)
        let live = holds.values.sorted { $0.id < $1.id }
        writer.write(count: live.count)
        for hold in live { writer.write(hold: hold) }
        writer.write(count: orders.count)
        for order in orders { writer.write(order: order) }
        writer.write(count: tickets.count)
        writer.write(count: doors.names.count)
        for name in doors.names { writer.write(string: name) }
        for ticket in tickets {
            writer.write(optional: ticket.checkIn) { writer, checkIn in
                writer.write(timestamp: checkIn.at)
                writer.write(optional: checkIn.door) { $0.write(serial: UInt32($1)) }
            }
        }
        let blocked = (0..<seats.count).filter { seats.state($0) == .blocked }.map { SeatIndex($0) }
        writer.write(seats: blocked)
        for seat in blocked {
            writer.write(optional: blocks[seat]?.reason) { $0.write(string: $1) }
            writer.write(timestamp: blocks[seat]?.since ?? Timestamp(milliseconds: 0))
        }
        let open = strays.values.sorted { $0.intent < $1.intent }
        writer.write(count: open.count)
        for stray in open {
            writer.write(serial: stray.order.serial)
            writer.write(string: stray.intent)
            writer.write(signed: stray.captured)
        }
        for balance in ledger.balances { writer.write(signed: balance) }
        writer.write(signed: ledger.gross)
        writer.write(signed: ledger.refunded)
        let remembered = keys.inOrder
        writer.write(count: remembered.count)
        for (key, entry) in remembered { writer.write(key: key, entry: entry) }
    }

    /// Everything the state hash covers: the snapshot and what is derived from it.
    public func encodeForHash(into writer: inout ByteWriter) {
        encodeSnapshot(into: &writer)
        for page in seats.pages { writer.write(blob: page) }
        writer.write(serials: seats.claims)
        for counts in areas {
            writer.write(count: counts.free)
            writer.write(count: counts.held)
            writer.write(count: counts.sold)
            writer.write(count: counts.blocked)
        }
        for (buyer, account) in buyers.sorted(by: { $0.key < $1.key }) {
            writer.write(buyer: buyer)
            writer.write(count: account.places)
            writer.write(serial: account.lastOrder)
            writer.write(serials: account.holds.sorted())
            writer.write(count: Int(account.keys))
        }
        for count in ordersByState { writer.write(count: count) }
        writer.write(serials: openOrders.serials())
        for amount in takings.ofParts + takings.ofAreas { writer.write(signed: amount) }
    }

    /// Restores the state from a snapshot.
    /// - Parameter terms: those at the creation.
    public init(
        plan: SeatingPlan, terms: SaleTerms, snapshot reader: inout ByteReader
    ) throws(ByteReadingError) {
        self.init(plan: plan, terms: terms)
        lastHold = try reader.serial()
        let version = try reader.unsigned()
        self.terms = try reader.termsByHold(categories: plan.categories.count)
        let live = try reader.list { (reader: inout ByteReader) throws(ByteReadingError) in try reader.hold() }
        let placed = try reader.list { (reader: inout ByteReader) throws(ByteReadingError) in try reader.order() }
        do throws(ContradictoryFact) {
            try restore(holds: live)
            try restore(orders: placed)
        } catch {
            throw reader.malformed
        }
        guard try reader.count() == tickets.count else { throw reader.malformed }
        for name in try reader.list({ (reader: inout ByteReader) throws(ByteReadingError) in try reader.string() }) {
            guard doors.number(of: name).map(Int.init) == doors.names.count - 1 else { throw reader.malformed }
        }
        for index in tickets.indices { tickets[index].checkIn = try reader.checkIn(doors: doors.names.count) }
        for seat in try reader.seats() {
            guard seat.offset < seats.count, seats.isFree(seat.offset) else { throw reader.malformed }
            seats.set(seat.offset, to: .blocked, claim: 0, plan: plan)
            blocks[seat] = SeatBlock(reason: try reader.optionalString(), since: try reader.timestamp())
        }
        for _ in 0..<(try reader.count()) {
            let order = OrderID(try reader.serial())
            let intent = try reader.string()
            strays[intent] = StrayPayment(order: order, intent: intent, captured: try reader.signed())
        }
        ledger = Ledger(
            balances: [try reader.signed(), try reader.signed(), try reader.signed()],
            gross: try reader.signed(), refunded: try reader.signed())
        for _ in 0..<(try reader.count()) {
            let (key, entry) = try reader.keyEntry()
            let keyCount = entry.answer.buyer.map { buyers[$0, default: BuyerAccount()].addKey() } ?? 0
            remember(
                IdempotencyKey(key: key, fingerprint: entry.fingerprint), entry.answer, count: keyCount, at: entry.at)
        }
        availabilityVersion = version
    }

    private mutating func restore(holds live: [Hold]) throws(ContradictoryFact) {
        // In any order, whatever they lasted.
        oldestHold = lastHold + 1
        for hold in live {
            guard wasMade(hold.id), holds[hold.id.serial] == nil else { throw ContradictoryFact("invalid hold") }
            try restore(hold.places, as: .held, claim: hold.id.serial)
            holds[hold.id.serial] = hold
            buyers[hold.buyer, default: BuyerAccount()].places += hold.places.quantity
            guard hold.order == nil else { continue }
            buyers[hold.buyer]?.holds.append(hold.id.serial)
            holdsOutOfTurn.insert(hold)
        }
    }

    private mutating func restore(orders placed: [Order]) throws(ContradictoryFact) {
        orders.reserveCapacity(placed.count)
        for order in placed {
            let previous = buyers[order.buyer]?.lastOrder ?? 0
            guard order.id.serial == UInt32(orders.count) + 1, order.previousOfBuyer == previous else {
                throw ContradictoryFact("orders out of turn")
            }
            orders.append(order)
            ordersOfSeats.add(order.id, for: order.places)
            buyers[order.buyer, default: BuyerAccount()].lastOrder = order.id.serial
            ordersByState[Int(order.state.rawValue)] += 1
            openOrders.set(order.id.serial, isOpen: order.duty != nil)
            if order.state == .capturing || order.state == .confirmed {
                let places = order.placesLeft
                try restore(places, as: .sold, claim: order.id.serial)
                buyers[order.buyer]?.places += places.quantity
            }
        }
        // Tickets are numbered in order of confirmation, which can differ from the order of placing.
        let confirmed = orders.filter { $0.firstTicket != 0 }.sorted { $0.firstTicket < $1.firstTicket }
        for order in confirmed {
            guard order.firstTicket == UInt32(tickets.count) + 1, let confirmedAt = order.confirmedAt else {
                throw ContradictoryFact("tickets out of turn")
            }
            takings.add(order.places, plan: plan, prices: terms[order.hold].prices)
            let isVoid = order.state != .confirmed || order.isDisputed
            let returned = order.partReturn?.positions ?? []
            for position in 0..<order.places.quantity {
                tickets.append(
                    Ticket(
                        id: TicketID(order.firstTicket + UInt32(position)), order: order.id, position: position,
                        issuedAt: confirmedAt, isVoid: isVoid || returned.contains(position)))
            }
        }
    }

    private mutating func restore(
        _ places: Places, as state: SeatState, claim: UInt32
    ) throws(ContradictoryFact) {
        switch places {
        case .seats(let wanted):
            for seat in wanted {
                guard seat.offset < seats.count, seats.isFree(seat.offset) else {
                    throw ContradictoryFact("seat \(seat.value) is claimed twice")
                }
                seats.set(seat.offset, to: state, claim: claim, plan: plan)
            }
        case .area(let area, let quantity):
            guard areas.indices.contains(area), quantity >= 0, areas[area].free >= quantity else {
                throw ContradictoryFact("area \(area) is claimed beyond its capacity")
            }
            areas[area].move(quantity, from: .free, to: state)
        }
    }
}

extension ByteWriter {
    fileprivate mutating func write(hold: Hold) {
        write(hold.id)
        write(buyer: hold.buyer)
        write(hold.pass)
        write(places: hold.places)
        write(signed: hold.amount)
        write(timestamp: hold.madeAt)
        write(timestamp: hold.expiresAt)
        write(serial: hold.order?.serial ?? 0)
        write(byte: hold.declines)
    }

    fileprivate mutating func write(terms: TermsByHold) {
        write(count: terms.earlier.count)
        for earlier in terms.earlier {
            write(serial: earlier.firstHold)
            write(terms: earlier.terms)
        }
        write(serial: terms.firstHold)
        write(terms: terms.current)
    }

    fileprivate mutating func write(order: Order) {
        write(order.id)
        write(buyer: order.buyer)
        write(order.hold)
        write(order.pass)
        write(places: order.places)
        write(signed: order.amount)
        write(timestamp: order.placedAt)
        write(string: order.paymentMethod)
        write(string: order.trace ?? "")
        write(serial: order.previousOfBuyer)
        write(byte: order.state.rawValue)
        write(byte: order.duty?.rawValue ?? 255)
        write(optional: order.intent) { $0.write(string: $1) }
        write(optional: order.action) { $0.write(string: $1) }
        write(flag: order.isDisputed)
        write(optional: order.declineCode) { $0.write(string: $1) }
        write(optional: order.partReturn) { writer, part in
            writer.write(serials: part.positions.map { UInt32($0) })
            writer.write(signed: part.due)
            writer.write(signed: part.asked)
        }
        write(signed: order.captured)
        write(signed: order.refunded)
        write(serial: order.firstTicket)
        write(optional: order.confirmedAt) { $0.write(timestamp: $1) }
        write(optional: order.endedAt) { $0.write(timestamp: $1) }
    }

    fileprivate mutating func write(key: Digest128, entry: IdempotencyMemory.Entry) {
        write(digest: key)
        write(digest: entry.fingerprint)
        write(timestamp: entry.at)
        write(optional: entry.answer.buyer) { $0.write(buyer: $1) }
        switch entry.answer {
        case .hold(let hold):
            write(byte: 0)
            write(hold: hold)
        case .order(let order, _):
            write(byte: 1)
            write(order)
        }
    }
}

extension ByteReader {
    fileprivate mutating func hold() throws(ByteReadingError) -> Hold {
        var hold = Hold(
            id: try id(), buyer: try buyer(), pass: try id(), places: try places(),
            amount: try signed(), madeAt: try timestamp(), expiresAt: try timestamp())
        let order = try serial()
        if order != 0 { hold.order = OrderID(order) }
        hold.declines = try byte()
        return hold
    }

    fileprivate mutating func termsByHold(categories: Int) throws(ByteReadingError) -> TermsByHold {
        let earlier = try list { (reader: inout ByteReader) throws(ByteReadingError) in
            TermsByHold.Earlier(firstHold: try reader.serial(), terms: try reader.terms())
        }
        let firstHold = try serial()
        let current = try terms()
        let firsts = earlier.map(\.firstHold) + [firstHold]
        guard firsts[0] == 1, zip(firsts, firsts.dropFirst()).allSatisfy({ $0 < $1 }),
            (earlier.map(\.terms) + [current]).allSatisfy({ $0.prices.count == categories })
        else { throw malformed }
        return TermsByHold(current: current, firstHold: firstHold, earlier: earlier)
    }

    fileprivate mutating func order() throws(ByteReadingError) -> Order {
        let order: OrderID = try id()
        let buyer = try buyer()
        let hold: HoldID = try id()
        let pass: PassID = try id()
        let places = try places()
        let amount = try signed()
        let placedAt = try timestamp()
        let method = try string()
        let trace = try string()
        let previous = try serial()
        guard let state = OrderState(rawValue: try byte()) else { throw malformed }
        let dutyByte = try byte()
        let duty = PaymentDuty(rawValue: dutyByte)
        guard dutyByte == 255 || duty != nil else { throw malformed }
        let intent = try optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.string() }
        let action = try optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.string() }
        let isDisputed = try flag()
        let declineCode = try optionalString()
        let part = try optional { (reader: inout ByteReader) throws(ByteReadingError) in
            PartReturn(
                positions: try reader.serials().map { Int($0) }, due: try reader.signed(), asked: try reader.signed())
        }
        guard part?.positions.allSatisfy({ $0 < places.quantity }) ?? true else { throw malformed }
        return Order(
            id: order, buyer: buyer, hold: hold, pass: pass, places: places, amount: amount, placedAt: placedAt,
            paymentMethod: method, trace: trace.isEmpty ? nil : trace, previousOfBuyer: previous, state: state,
            duty: duty,
            intent: intent,
            note: part.map { .returned($0) } ?? declineCode.map { .declined(code: $0) }
                ?? action.map { .action(url: $0) },
            isDisputed: isDisputed,
            captured: try signed(), refunded: try signed(), firstTicket: try serial(),
            confirmedAt: try optional { (reader: inout ByteReader) throws(ByteReadingError) in
                try reader.timestamp()
            },
            endedAt: try optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.timestamp() })
    }

    fileprivate mutating func checkIn(doors: Int) throws(ByteReadingError) -> Ticket.CheckIn? {
        try optional { (reader: inout ByteReader) throws(ByteReadingError) in
            let at = try reader.timestamp()
            let door = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
                try reader.serial()
            }
            guard door.map({ $0 < doors }) ?? true else { throw reader.malformed }
            return Ticket.CheckIn(at: at, door: door.map { UInt16($0) })
        }
    }

    fileprivate mutating func keyEntry() throws(ByteReadingError) -> (Digest128, IdempotencyMemory.Entry) {
        let key = try digest()
        let fingerprint = try digest()
        let at = try timestamp()
        let buyer = try optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.buyer() }
        let answer: IdempotencyMemory.Answer
        switch try byte() {
        case 0: answer = .hold(try hold())
        case 1: answer = .order(try id(), buyer: buyer)
        default: throw malformed
        }
        return (key, IdempotencyMemory.Entry(fingerprint: fingerprint, answer: answer, at: at))
    }
}
