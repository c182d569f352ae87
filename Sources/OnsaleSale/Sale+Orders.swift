import OnsaleValues

extension Sale {
    mutating func placeOrder(
        _ id: HoldID, buyer: BuyerID, paymentMethod: String, trace: String?, key: IdempotencyKey, proof: String?,
        now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> Order {
        if let known = try orderAnswered(to: key, now: now) { return known }
        try requireSpaceForKey(of: buyer, isOrder: true, now: now)
        let hold = try liveHold(id, buyer: buyer)
        if let order = hold.order { throw .holdOrdered(order) }
        let order = OrderID(UInt32(orders.count) + 1)
        record(
            SaleFact.OrderPlaced(order: order, hold: id, method: paymentMethod, trace: trace, key: key, proof: proof),
            at: now, facts: &facts)
        // A free order needs no provider.
        if hold.amount == 0 {
            advance(try current(order), on: .answered(.captured(intent: "", amount: 0)), now: now, facts: &facts)
        }
        return try current(order)
    }

    mutating func cancel(
        _ id: OrderID, buyer: BuyerID?, reason: String?, key: IdempotencyKey?, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> Order {
        if let known = try orderAnswered(to: key, now: now) { return known }
        if key != nil { try requireSpaceForKey(of: buyer, isOrder: true, now: now) }
        let order = try current(id)
        guard buyer == nil || buyer == order.buyer else { throw .notFound }
        guard order.state == .confirmed, !order.tickets.contains(where: { ticket($0)?.checkedInAt != nil }) else {
            throw .notCancellable
        }
        advance(order, on: .cancelled(byOrganizer: buyer == nil, reason: reason, key: key), now: now, facts: &facts)
        return try current(id)
    }

    mutating func takeBack(
        _ wanted: Set<TicketID>, of id: OrderID, reason: String?, key: IdempotencyKey?, now: Timestamp,
        facts: inout [SaleFact]
    ) throws(Refusal) -> Order {
        if let known = try orderAnswered(to: key, now: now) { return known }
        let order = try current(id)
        let known = Set(order.partReturn?.positions ?? [])
        let positions = order.tickets.enumerated().filter { wanted.contains($0.element) }.map(\.offset)
        guard positions.count == wanted.count else { throw .notFound }
        let isWhole = known.union(positions).count == order.places.quantity && order.state == .confirmed
        if isWhole, known.isDisjoint(with: positions) {
            return try cancel(id, buyer: nil, reason: reason, key: key, now: now, facts: &facts)
        }
        if key != nil { try requireSpaceForKey(of: nil, isOrder: true, now: now) }
        guard order.state == .confirmed, known.isDisjoint(with: positions),
            !wanted.contains(where: { ticket($0)?.checkedInAt != nil })
        else { throw .notCancellable }
        let amount = amount(of: order.places.only(positions), at: terms[order.hold].prices)
        advance(
            order, on: .partReturned(positions: positions, amount: amount, reason: reason, key: key), now: now,
            facts: &facts)
        return try current(id)
    }

    /// The order already answered under this key, in its current state.
    private func orderAnswered(to key: IdempotencyKey?, now: Timestamp) throws(Refusal) -> Order? {
        guard let known = try answer(to: key, now: now) else { return nil }
        guard case .order(let id, _) = known else { throw .idempotencyConflict }
        return try current(id)
    }

    private func current(_ id: OrderID) throws(Refusal) -> Order {
        guard let order = order(id) else { throw .notFound }
        return order
    }

    // MARK: The saga

    /// Applies everything one provider answer says.
    mutating func take(
        _ results: [PaymentResult], for id: OrderID, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) {
        for result in results {
            let order = try current(id)
            // The provider's figures are untrusted; they must never corrupt our own state.
            if let amount = result.amount, !(0...SaleTerms.amountMax).contains(amount) { continue }
            switch result {
            case .stray(let intent, let captured):
                let isOwn = order.intent == intent && (order.duty != nil || order.state.holdsPayment)
                guard !isOwn, strays[intent] == nil else { continue }
                record(SaleFact.StrayFound(order: id, intent: intent, captured: captured), at: now, facts: &facts)
            case .strayReturned(let intent):
                guard strays[intent]?.order == id else { continue }
                record(SaleFact.StrayReturned(order: id, intent: intent), at: now, facts: &facts)
            default:
                advance(order, on: .answered(result), now: now, facts: &facts)
            }
        }
    }

    mutating func advance(_ order: Order, on event: PaymentEvent, now: Timestamp, facts: inout [SaleFact]) {
        for fact in PaymentMachine.facts(order, hold: holds[order.hold.serial], on: event, at: now) {
            record(fact.body, at: now, facts: &facts)
        }
    }
}

extension PaymentResult {
    /// Money taken, according to the provider.
    fileprivate var amount: Int64? {
        switch self {
        case .captured(_, let amount), .stray(_, let amount): amount
        default: nil
        }
    }
}
