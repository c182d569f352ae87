import OnsaleSale
import OnsaleValues

/// A sale and its model side by side.
struct ModelRun {
    typealias Suite = RandomHistoryTests

    var sale = Hall.sale(rows: Suite.rows, width: Suite.width)
    var model = SaleModel(
        width: Suite.width, rows: Suite.rows, standing: 5, limit: 4, now: Hall.start.milliseconds)
    var journal: [(SaleFact, Timestamp)] = []

    private var now: Timestamp { Timestamp(milliseconds: model.now) }

    private mutating func ask<Command: SaleCommand>(_ command: Command) -> Result<Command.Answer, Refusal> {
        var facts: [SaleFact] = []
        let outcome = sale.ask(command, at: now, facts: &facts)
        journal += facts.map { ($0, now) }
        return outcome
    }

    mutating func take(_ step: Suite.Step) -> String? {
        let difference: String?
        switch step {
        case .hold(let buyer, let seats, let key, let body): difference = hold(buyer, seats, key, body)
        case .stand(let buyer, let quantity): difference = stand(buyer, quantity)
        case .best(let buyer, let category, let quantity): difference = best(buyer, category, quantity)
        case .release(let index, let buyer): difference = release(index, buyer)
        case .releaseAll(let buyer):
            var facts: [SaleFact] = []
            sale.releaseHolds(of: Hall.buyer(buyer), pass: PassID(UInt32(buyer)), now: now, facts: &facts)
            journal += facts.map { ($0, now) }
            model.holds.removeAll { $0.buyer == buyer }
            difference = nil
        case .order(let index, let buyer, let key, let body): difference = order(index, buyer, key, body)
        case .pay(let index, let result): difference = pay(index, result)
        case .cancel(let index, let byOrganizer): difference = cancel(index, byOrganizer)
        case .takeBack(let index, let picks): difference = takeBack(index, picks)
        case .block(let seats): difference = block(seats)
        case .unblock(let seats):
            _ = ask(UnblockSeats(seats.map { SeatIndex(UInt32($0)) }))
            model.blocked.subtract(seats)
            for seat in seats { model.reasons[seat] = nil }
            difference = nil
        case .checkIn(let index): difference = checkIn(index)
        case .change(let change):
            let outcome = ask(change)
            for (category, price) in change.prices { model.prices[category] = price }
            model.limit = change.ticketsPerBuyer ?? model.limit
            model.holdSeconds = change.holdSeconds ?? model.holdSeconds
            difference = expectSuccess(outcome)
        case .wait(let milliseconds):
            model.advance(to: model.now + milliseconds)
            var facts: [SaleFact] = []
            sale.advance(to: now, facts: &facts)
            journal += facts.map { ($0, now) }
            difference = nil
        }
        return difference ?? compare()
    }

    // MARK: Steps

    private mutating func hold(_ buyer: Int, _ seats: [Int], _ key: Int?, _ body: Int) -> String? {
        let outcome = ask(
            HoldPlaces(
                .seats(seats.map { SeatIndex(UInt32($0)) }), buyer: Hall.buyer(buyer), pass: PassID(UInt32(buyer)),
                key: key.map { Hall.key($0, body: body) }))
        if let key, let known = model.holdKeys[key], known.at >= model.now - 86_400_000 {
            if known.body != body { return expect(outcome, .idempotencyConflict) }
            guard case .success(let hold) = outcome, hold.id.serial == known.hold else { return "another first answer" }
            return nil
        }
        if model.places(of: buyer) + seats.count > model.limit {
            return expect(outcome, .purchaseLimit(limit: model.limit, current: model.places(of: buyer)))
        }
        let taken = seats.filter { !model.isFree($0) }
        if !taken.isEmpty { return expect(outcome, .seatsUnavailable(taken.map { SeatIndex(UInt32($0)) })) }
        guard case .success(let hold) = outcome else { return "\(outcome) instead of a hold" }
        if let key { model.holdKeys[key] = (body, hold.id.serial, model.now) }
        return add(hold, buyer, seats, standing: 0)
    }

    private mutating func add(_ hold: Hold, _ buyer: Int, _ seats: [Int], standing: Int) -> String? {
        model.lastHold += 1
        let held = SaleModel.Held(
            id: model.lastHold, buyer: buyer, pass: UInt32(buyer), seats: seats, standing: standing,
            prices: model.prices, expiresAt: model.now + Int64(model.holdSeconds) * 1000)
        model.holds.append(held)
        guard hold.id.serial == held.id, hold.expiresAt.milliseconds == held.expiresAt else { return "another hold" }
        return hold.amount == model.amount(held) ? nil : "amount \(hold.amount)"
    }

    private mutating func stand(_ buyer: Int, _ quantity: Int) -> String? {
        let free = model.standingFree
        let outcome = ask(
            HoldPlaces(.area(0, quantity: quantity), buyer: Hall.buyer(buyer), pass: PassID(UInt32(buyer)), key: nil))
        if model.places(of: buyer) + quantity > model.limit {
            return expect(outcome, .purchaseLimit(limit: model.limit, current: model.places(of: buyer)))
        }
        if free < quantity { return expectNothingLeft(outcome) }
        guard case .success(let hold) = outcome else { return "\(outcome) instead of a hold" }
        return add(hold, buyer, [], standing: quantity)
    }

    /// Other tests check what is best; here the seats only have to be free, of the category and the right number.
    private mutating func best(_ buyer: Int, _ category: Int, _ quantity: Int) -> String? {
        let range = category == 0 ? 0..<model.width : model.width..<(model.width * model.rows)
        let free = range.filter { model.isFree($0) }
        let outcome = ask(
            HoldPlaces(
                .best(category: category, quantity: quantity), buyer: Hall.buyer(buyer), pass: PassID(UInt32(buyer)),
                key: nil))
        if model.places(of: buyer) + quantity > model.limit {
            return expect(outcome, .purchaseLimit(limit: model.limit, current: model.places(of: buyer)))
        }
        if free.count < quantity { return expectNothingLeft(outcome) }
        guard case .success(let hold) = outcome, case .seats(let seats) = hold.places else { return "\(outcome)" }
        guard seats.count == quantity, Set(seats.map { Int($0.value) }).isSubset(of: free) else {
            return "not free: \(seats)"
        }
        return add(hold, buyer, seats.map { Int($0.value) }, standing: 0)
    }

    private func expectNothingLeft(_ outcome: Result<Hold, Refusal>) -> String? {
        let isSoldOut =
            model.standingFree == 0 && !model.seatText.contains { ".h".contains($0) }
            && model.holds.isEmpty && model.takenBy([.authorizing, .requiresAction]).isEmpty
        return expect(outcome, isSoldOut ? .soldOut : .seatsUnavailable([]))
    }

    private mutating func release(_ index: Int, _ buyer: Int?) -> String? {
        guard let held = model.holds.pick(index) else { return nil }
        let by = buyer ?? held.buyer
        let outcome = ask(ReleaseHold(HoldID(held.id), buyer: Hall.buyer(by)))
        if by != held.buyer { return expect(outcome, .notFound) }
        model.holds.removeAll { $0.id == held.id }
        return expectSuccess(outcome)
    }

    private mutating func order(_ index: Int, _ buyer: Int?, _ key: Int, _ body: Int) -> String? {
        guard let held = model.holds.pick(index) else { return nil }
        let by = buyer ?? held.buyer
        // Keys include the operation, so those of orders and holds differ.
        let outcome = ask(
            PlaceOrder(
                HoldID(held.id), buyer: Hall.buyer(by), paymentMethod: "pm", trace: nil,
                key: Hall.key(1000 + key, body: body)))
        if let known = model.orderKeys[key], known.at >= model.now - 86_400_000 {
            if known.body != body { return expect(outcome, .idempotencyConflict) }
            guard case .success(let order) = outcome else { return "\(outcome) instead of the order" }
            return order.id.serial == UInt32(known.order + 1) && order.state == model.orders[known.order].state
                ? nil : "another order, or another state"
        }
        if by != held.buyer { return expect(outcome, .notFound) }
        guard case .success(let order) = outcome else { return "\(outcome) instead of an order" }
        model.holds.removeAll { $0.id == held.id }
        model.orderKeys[key] = (body, model.orders.count, model.now)
        let amount = model.amount(held)
        var ordered = SaleModel.Ordered(hold: held, amount: amount, placedAt: model.now, state: .authorizing)
        if amount == 0 {
            ordered.state = .confirmed
            issue(&ordered)
        }
        model.orders.append(ordered)
        return order.id.serial == UInt32(model.orders.count) && order.amount == amount ? nil : "another order"
    }

    private mutating func issue(_ order: inout SaleModel.Ordered) {
        let count = UInt32(order.hold.seats.count + order.hold.standing)
        order.tickets = Array(model.ticketCount + 1...model.ticketCount + count)
        model.ticketCount += count
    }

    private mutating func pay(_ index: Int, _ result: PaymentResult) -> String? {
        guard !model.orders.isEmpty else { return nil }
        let number = index % model.orders.count
        var order = model.orders[number]
        let result = meant(result, order)
        _ = ask(SettlePayment(OrderID(UInt32(number + 1)), [result]))
        let isPending = order.state == .authorizing || order.state == .requiresAction
        switch result {
        case .authorized: if isPending { order.state = .capturing }
        case .actionRequired: if order.state == .authorizing { order.state = .requiresAction }
        case .captured(_, let amount): capture(amount, &order)
        case .declined, .voided, .mismatched:
            if isPending || order.state == .capturing { model.decline(&order) }
        case .captureRefused: if order.state == .capturing { model.decline(&order) }
        case .refunded(let total): refund(total, &order)
        case .disputed(let isDisputed): if order.state == .confirmed { order.isDisputed = isDisputed }
        case .pending, .stray, .strayReturned: break
        }
        model.orders[number] = order
        return nil
    }

    /// Scales random amounts to the order's amount, so that they are meaningful.
    private func meant(_ result: PaymentResult, _ order: SaleModel.Ordered) -> PaymentResult {
        switch result {
        case .captured(let intent, 0): .captured(intent: intent, amount: order.amount)
        case .refunded(-1): .refunded(total: order.due)
        case .refunded(let percent): .refunded(total: order.captured * percent / 100)
        default: result
        }
    }

    private mutating func capture(_ amount: Int64, _ order: inout SaleModel.Ordered) {
        switch order.state {
        case .authorizing, .requiresAction, .capturing:
            if amount == order.amount {
                order.state = .confirmed
                order.captured = amount
                issue(&order)
            } else {
                model.decline(&order)
                order.captured = amount
                order.owesRefund = true
            }
        case .declined, .expired:
            if order.captured == 0, amount > 0 {
                order.captured = amount
                order.owesRefund = true
            }
        case .confirmed, .refunding, .refunded: break
        }
    }

    private func refund(_ total: Int64, _ order: inout SaleModel.Ordered) {
        switch order.state {
        case .refunding:
            if total == order.captured {
                order.refunded = total
                order.state = .refunded
            }
        case .confirmed:
            if total != order.refunded {
                order.refunded = total
                if total == order.captured, total > order.due { order.state = .refunded }
            }
        case .refunded:
            if total < order.refunded {
                order.refunded = total
                order.state = .refunding
            }
        case .declined, .expired:
            if order.owesRefund {
                if total == order.captured {
                    order.refunded = total
                    order.owesRefund = false
                }
            } else if total < order.refunded {
                order.refunded = total
                order.owesRefund = true
            }
        case .authorizing, .requiresAction, .capturing: break
        }
    }

    private mutating func cancel(_ index: Int, _ byOrganizer: Bool) -> String? {
        guard !model.orders.isEmpty else { return nil }
        let number = index % model.orders.count
        var order = model.orders[number]
        let outcome = ask(
            CancelOrder(OrderID(UInt32(number + 1)), buyer: byOrganizer ? nil : Hall.buyer(order.hold.buyer), key: nil))
        guard order.state == .confirmed, model.checkedIn.isDisjoint(with: order.tickets) else {
            return expect(outcome, .notCancellable)
        }
        order.state = order.captured == order.refunded ? .refunded : .refunding
        model.orders[number] = order
        guard case .success(let answered) = outcome else { return "\(outcome) instead of the order" }
        return answered.state == order.state ? nil : "state \(answered.state)"
    }

    private mutating func takeBack(_ index: Int, _ picks: [Int]) -> String? {
        guard !model.orders.isEmpty else { return nil }
        let number = index % model.orders.count
        var order = model.orders[number]
        let id = OrderID(UInt32(number + 1))
        guard !order.tickets.isEmpty else {
            return expect(ask(ReturnTickets([1_000_000], of: id, reason: nil, key: nil)), .notFound)
        }
        let positions = Set(picks.map { $0 % order.quantity })
        let tickets = positions.map { order.tickets[$0] }
        let outcome = ask(ReturnTickets(Set(tickets.map { TicketID($0) }), of: id, reason: "rain", key: nil))
        let isWhole = positions.union(order.returned).count == order.quantity
        guard order.state == .confirmed, positions.isDisjoint(with: order.returned),
            model.checkedIn.isDisjoint(with: isWhole ? order.tickets : tickets)
        else { return expect(outcome, .notCancellable) }
        if isWhole {
            order.state = order.captured == order.refunded ? .refunded : .refunding
        } else {
            let prices = positions.map { position in
                order.hold.prices[
                    order.hold.seats.isEmpty ? 2 : order.hold.seats[position] < model.width ? 0 : 1]
            }
            order.due = min(order.captured, max(order.refunded, order.due) + prices.reduce(0, +))
            order.returned.formUnion(positions)
        }
        model.orders[number] = order
        guard case .success(let answered) = outcome else { return "\(outcome) instead of the order" }
        return answered.state == order.state ? nil : "state \(answered.state)"
    }

    private mutating func block(_ seats: [Int]) -> String? {
        let reason = seats.count == 1 ? nil : "\(seats)"
        let outcome = ask(BlockSeats(seats.map { SeatIndex(UInt32($0)) }, reason: reason))
        let taken = seats.filter { !model.isFree($0) && !model.blocked.contains($0) }
        if !taken.isEmpty { return expect(outcome, .seatsUnavailable(taken.map { SeatIndex(UInt32($0)) })) }
        for seat in seats where model.blocked.insert(seat).inserted { model.reasons[seat] = reason }
        return nil
    }

    private mutating func checkIn(_ index: Int) -> String? {
        let ticket = UInt32(index + 1)
        // Some doors have no name.
        let door = [nil, "Gate A", "Gate B"][index % 3]
        let outcome = ask(CheckIn(TicketID(ticket), by: door))
        guard let order = model.orders.first(where: { $0.tickets.contains(ticket) }) else {
            return expect(outcome, .notFound)
        }
        let isReturned = order.tickets.firstIndex(of: ticket).map { order.returned.contains($0) } ?? false
        if order.state != .confirmed || order.isDisputed || isReturned { return expect(outcome, .ticketVoid) }
        if !model.checkedIn.insert(ticket).inserted {
            guard case .failure(.alreadyCheckedIn(_, door)) = outcome else { return "\(outcome) at the second scan" }
            return nil
        }
        guard case .success = outcome else { return "\(outcome) at the first scan" }
        return nil
    }

    // MARK: Comparing

    private func expect<Answer>(_ outcome: Result<Answer, Refusal>, _ refusal: Refusal) -> String? {
        if case .failure(refusal) = outcome { return nil }
        return "\(outcome) instead of \(refusal)"
    }

    private func expectSuccess<Answer>(_ outcome: Result<Answer, Refusal>) -> String? {
        if case .success = outcome { return nil }
        return "\(outcome)"
    }

    private func compare() -> String? {
        if sale.seatText != model.seatText { return "seats \(sale.seatText) instead of \(model.seatText)" }
        if sale.areaCounts[0].free != model.standingFree { return "standing \(sale.areaCounts[0].free)" }
        if sale.orders.map(\.state) != model.orders.map(\.state) {
            return "orders \(sale.orders.map(\.state)) instead of \(model.orders.map(\.state))"
        }
        for (order, expected) in zip(sale.orders, model.orders) where order.state == .confirmed {
            if (order.duty == .refund) != (expected.refunded < expected.due) { return "duty of order \(order.id)" }
        }
        if Set(sale.blocks.keys) != Set(model.blocked.map { SeatIndex(UInt32($0)) })
            || sale.blocks.contains(where: { model.reasons[Int($0.key.value)] != $0.value.reason })
        {
            return "blocks \(sale.blocks)"
        }
        if sale.ledger.gross != model.gross { return "gross \(sale.ledger.gross) instead of \(model.gross)" }
        if sale.ledger.refunded != model.refunded { return "refunded \(sale.ledger.refunded)" }
        if takings != model.takings { return "takings \(takings) instead of \(model.takings)" }
        if let difference = compareLines() { return difference }
        if !sale.totalsHold { return "totals do not hold" }
        if let breach = sale.breaches().first { return "rule \(breach.rule): \(breach)" }
        return nil
    }

    /// By category.
    private var takings: [Int64] {
        var takings = [0, 0, sale.takings.ofAreas[0]]
        for (part, amount) in zip(sale.plan.parts, sale.takings.ofParts) { takings[part.category] += amount }
        return takings
    }

    private func compareLines() -> String? {
        for (order, expected) in zip(sale.orders, model.orders) {
            let lines = order.places.lines(plan: sale.plan, prices: sale.terms[order.hold].prices)
            let amount = lines.reduce(0) { $0 + $1.unitAmount * Int64($1.quantity) }
            if amount != expected.amount { return "order \(order.id) has lines of \(amount), not \(expected.amount)" }
        }
        return nil
    }

    /// Both the encoded facts and a snapshot must give the same state, bit for bit.
    func recover() -> String? {
        var replayed = Hall.sale(rows: Suite.rows, width: Suite.width)
        var middle: [UInt8] = []
        for (index, (fact, at)) in journal.enumerated() {
            var writer = ByteWriter()
            fact.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            guard let tag = try? reader.byte(), let decoded = try? SaleFact(tag: tag, from: &reader), reader.isAtEnd
            else {
                return "fact \(fact) does not read back"
            }
            do { try replayed.replay(decoded, at: at) } catch { return "fact \(fact): \(error)" }
            if index == journal.count / 2 { middle = snapshot(replayed) }
        }
        guard hash(replayed) == hash(sale) else { return "the facts lead to another state" }
        guard !journal.isEmpty else { return nil }
        var reader = ByteReader(middle)
        guard
            var restored = try? Sale(
                plan: sale.plan, terms: Hall.sale(rows: 1, width: 1).terms.current, snapshot: &reader), reader.isAtEnd
        else {
            return "the snapshot does not read back"
        }
        for (fact, at) in journal.dropFirst(journal.count / 2 + 1) { try? restored.replay(fact, at: at) }
        guard hash(restored) == hash(sale) else { return "the snapshot leads to another state" }
        // What is due later is due in both, in whatever order.
        for _ in 0..<20 {
            guard let due = replayed.nextDue() else { break }
            guard restored.nextDue() == due else { return "something else is due after the snapshot" }
            var facts: [SaleFact] = []
            replayed.advance(to: due, facts: &facts)
            restored.advance(to: due, facts: &facts)
            guard hash(restored) == hash(replayed) else { return "another state at \(due) after the snapshot" }
        }
        return nil
    }

    private func snapshot(_ sale: Sale) -> [UInt8] {
        var writer = ByteWriter()
        sale.encodeSnapshot(into: &writer)
        return writer.bytes
    }

    private func hash(_ sale: Sale) -> [UInt8] {
        var writer = ByteWriter()
        sale.encodeForHash(into: &writer)
        return writer.bytes
    }
}

extension Array {
    fileprivate func pick(_ index: Int) -> Element? { isEmpty ? nil : self[index % count] }
}
