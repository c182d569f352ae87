import OnsaleValues

extension Sale {
    mutating func placeOrder(
        _ id: HoldID, buyer: BuyerID, paymentMethod: String, trace: String?, key: IdempotencyKey,
        now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> Order {
        if let known = try orderAnswered(to: key, now: now) { return known }
        try requireRoomForKey(of: buyer, isOrder: true, now: now)
        let hold = try liveHold(id, buyer: buyer)
        if let order = hold.order { throw .holdOrdered(order) }
        let order = OrderID(UInt32(orders.count) + 1)
        record(
            .orderPlaced(order, id, paymentMethod: paymentMethod, trace: trace, key: key), at: now, facts: &facts)
        if hold.amount == 0 {
            // There is nothing to pay, so nobody to ask.
            record(.orderAuthorized(order, intent: ""), at: now, facts: &facts)
            record(.orderConfirmed(order, captured: 0), at: now, facts: &facts)
        }
        return try current(order)
    }

    mutating func cancel(
        _ id: OrderID, buyer: BuyerID?, key: IdempotencyKey?, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> Order {
        if let known = try orderAnswered(to: key, now: now) { return known }
        if key != nil { try requireRoomForKey(of: buyer, isOrder: true, now: now) }
        let order = try current(id)
        guard buyer == nil || buyer == order.buyer else { throw .notFound }
        guard order.state == .confirmed, !order.tickets.contains(where: { ticket($0)?.checkedInAt != nil }) else {
            throw .notCancellable
        }
        record(.orderCancelled(id, byOrganizer: buyer == nil, key: key), at: now, facts: &facts)
        if order.captured == order.refunded { record(.refunded(id, amount: 0), at: now, facts: &facts) }
        return try current(id)
    }

    /// The order that was answered before under this key, as it stands now.
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

    /// Takes in what the provider said, all of one answer at once. It may say it twice, late, or out of turn; each is
    /// taken for what it means in the state that the order is in.
    mutating func take(
        _ results: [PaymentResult], for id: OrderID, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) {
        for result in results { take(result, for: try current(id), now: now, facts: &facts) }
    }

    private mutating func take(
        _ result: PaymentResult, for order: Order, now: Timestamp, facts: inout [SaleFact]
    ) {
        let id = order.id
        switch result {
        case .pending(let intent): learn(intent, of: order, now: now, facts: &facts)
        case .actionRequired(let intent, let url):
            if order.state == .authorizing {
                record(.actionRequired(id, intent: intent, url: url), at: now, facts: &facts)
            } else {
                learn(intent, of: order, now: now, facts: &facts)
            }
        case .authorized(let intent):
            if order.state == .authorizing || order.state == .requiresAction {
                record(.orderAuthorized(id, intent: intent), at: now, facts: &facts)
            } else {
                learn(intent, of: order, now: now, facts: &facts)
            }
        case .captured(let intent, let amount):
            // Whatever a stranger says must never contradict our own state.
            guard (0...SaleTerms.amountMax).contains(amount) else { return }
            takeCapture(intent: intent, amount: amount, order: order, now: now, facts: &facts)
        case .declined(let code): decline(order, code: code, now: now, facts: &facts)
        case .mismatched(let intent):
            if let intent { learn(intent, of: order, now: now, facts: &facts) }
            end(
                order, code: SaleTerms.mismatchCode, void: intent != nil || order.intent != nil, now: now, facts: &facts
            )
        case .captureRefused(let code):
            if order.state == .capturing {
                record(.orderDeclined(id, code: code, void: true), at: now, facts: &facts)
            }
        case .voided:
            if order.duty == .void {
                record(.voided(id), at: now, facts: &facts)
            } else {
                end(order, code: "authorization_released", void: false, now: now, facts: &facts)
            }
        case .refunded(let total): takeRefund(total: total, order: order, now: now, facts: &facts)
        case .disputed(let isDisputed):
            if order.state == .confirmed, order.isDisputed != isDisputed {
                record(isDisputed ? .disputed(id) : .disputeWon(id), at: now, facts: &facts)
            }
        case .stray(let intent, let captured):
            let isOwn = order.intent == intent && (order.duty != nil || order.state.holdsPayment)
            if !isOwn, strays[intent] == nil, (0...SaleTerms.amountMax).contains(captured) {
                record(.strayFound(id, intent: intent, captured: captured), at: now, facts: &facts)
            }
        case .strayReturned(let intent):
            if strays[intent]?.order == id {
                record(.strayReturned(id, intent: intent), at: now, facts: &facts)
            }
        }
    }

    /// The first answer that names an intent is kept, whatever else it says: what is under it must not be lost.
    private mutating func learn(_ intent: String, of order: Order, now: Timestamp, facts: inout [SaleFact]) {
        if order.intent == nil, order.duty != nil {
            record(.intentLearned(order.id, intent: intent), at: now, facts: &facts)
        }
    }

    private mutating func decline(_ order: Order, code: String, now: Timestamp, facts: inout [SaleFact]) {
        if order.duty == .void {
            record(.voided(order.id), at: now, facts: &facts)
        } else {
            end(order, code: code, void: order.state == .capturing, now: now, facts: &facts)
        }
    }

    /// The payment comes to nothing. Before it was authorized its hold lives on; afterwards the seats are free.
    private mutating func end(_ order: Order, code: String, void: Bool, now: Timestamp, facts: inout [SaleFact]) {
        switch order.state {
        case .authorizing, .requiresAction:
            guard let hold = holds[order.hold.serial] else { return }
            let until =
                hold.declines == 0
                ? max(hold.expiresAt, now.adding(seconds: SaleTerms.declinedHoldSeconds)) : hold.expiresAt
            record(
                .paymentDeclined(order.id, code: code, void: void, holdUntil: until), at: now, facts: &facts)
            if Int(hold.declines) + 1 >= SaleTerms.declinesMax {
                record(.holdReleased(hold.id), at: now, facts: &facts)
            }
        case .capturing: record(.orderDeclined(order.id, code: code, void: void), at: now, facts: &facts)
        default: break
        }
    }

    private mutating func takeCapture(
        intent: String, amount: Int64, order: Order, now: Timestamp, facts: inout [SaleFact]
    ) {
        switch order.state {
        case .authorizing, .requiresAction, .capturing:
            guard amount == order.amount else {
                // Another amount than was asked for buys nothing, and goes back.
                end(order, code: SaleTerms.mismatchCode, void: true, now: now, facts: &facts)
                record(.capturedLate(order.id, intent: intent, amount: amount), at: now, facts: &facts)
                return
            }
            if order.state != .capturing {
                record(.orderAuthorized(order.id, intent: intent), at: now, facts: &facts)
            } else if order.intent != intent {
                record(.intentLearned(order.id, intent: intent), at: now, facts: &facts)
            }
            record(.orderConfirmed(order.id, captured: amount), at: now, facts: &facts)
        case .declined, .expired:
            // Answered late: the seats are gone, so the money goes back.
            if order.captured == 0, amount > 0 {
                record(.capturedLate(order.id, intent: intent, amount: amount), at: now, facts: &facts)
            }
        case .confirmed, .refunding, .refunded:
            break
        }
    }

    /// What has gone back in all, compared with what is known of it.
    private mutating func takeRefund(total: Int64, order: Order, now: Timestamp, facts: inout [SaleFact]) {
        let total = max(0, min(total, order.captured))
        switch (order.state, order.duty) {
        case (_, .refund?):
            guard total == order.captured else { return }
            record(.refunded(order.id, amount: total - order.refunded), at: now, facts: &facts)
        case (.confirmed, nil):
            if total != order.refunded {
                record(.refundedByProvider(order.id, total: total), at: now, facts: &facts)
            }
        case (.refunded, nil), (.declined, nil), (.expired, nil):
            if total < order.refunded {
                record(.refundReversed(order.id, amount: order.refunded - total), at: now, facts: &facts)
            }
        default: break
        }
    }
}
