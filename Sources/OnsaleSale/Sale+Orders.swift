import OnsaleValues

extension Sale {
    mutating func placeOrder(
        _ id: HoldID, buyer: BuyerID, paymentMethod: String, trace: String?, key: IdempotencyKey,
        now: Timestamp, facts: inout [SaleFact]
    ) -> SaleOutcome {
        if let answer = answer(to: key, now: now) { return answer }
        guard hasRoomForKeys else { return .refused(.overloaded) }
        let hold: Hold
        switch liveHold(id, buyer: buyer) {
        case .failure(let refusal): return .refused(refusal)
        case .success(let live): hold = live
        }
        if let order = hold.order { return .refused(.holdOrdered(order)) }
        let order = OrderID(UInt32(orders.count) + 1)
        record(
            .orderPlaced(order, id, paymentMethod: paymentMethod, trace: trace, key: key), at: now, facts: &facts)
        if hold.amount == 0 {
            // There is nothing to pay, so nobody to ask.
            record(.orderAuthorized(order, intent: ""), at: now, facts: &facts)
            record(.orderConfirmed(order, captured: 0), at: now, facts: &facts)
        }
        return current(order)
    }

    mutating func cancel(
        _ id: OrderID, buyer: BuyerID?, key: IdempotencyKey?, now: Timestamp, facts: inout [SaleFact]
    ) -> SaleOutcome {
        if let answer = answer(to: key, now: now) { return answer }
        if key != nil, !hasRoomForKeys { return .refused(.overloaded) }
        guard let order = order(id), buyer == nil || buyer == order.buyer else { return .refused(.notFound) }
        guard order.state == .confirmed, !order.tickets.contains(where: { ticket($0)?.checkedInAt != nil }) else {
            return .refused(.notCancellable)
        }
        record(.orderCancelled(id, byOrganizer: buyer == nil, key: key), at: now, facts: &facts)
        if order.captured == 0 { record(.refunded(id, amount: 0), at: now, facts: &facts) }
        return current(id)
    }

    func current(_ id: OrderID) -> SaleOutcome {
        order(id).map { .order($0) } ?? .refused(.notFound)
    }

    // MARK: The saga

    /// Takes in what the provider said. It may say it twice, late, or out of turn; each is taken for what it means in
    /// the state that the order is in.
    mutating func take(
        _ result: PaymentResult, for id: OrderID, now: Timestamp, facts: inout [SaleFact]
    ) -> SaleOutcome {
        guard let order = order(id) else { return .refused(.notFound) }
        switch result {
        case .authorized(let intent):
            if order.state == .authorizing {
                record(.orderAuthorized(id, intent: intent), at: now, facts: &facts)
            } else if order.duty == .void, order.intent == nil {
                record(.intentLearned(id, intent: intent), at: now, facts: &facts)
            }
        case .captured(let intent, let amount):
            takeCapture(intent: intent, amount: amount, order: order, now: now, facts: &facts)
        case .declined(let code):
            if order.state == .authorizing {
                record(.orderDeclined(id, code: code, void: false), at: now, facts: &facts)
            } else if order.state == .capturing {
                record(.orderDeclined(id, code: code, void: true), at: now, facts: &facts)
            } else if order.duty == .void {
                record(.voided(id), at: now, facts: &facts)
            }
        case .captureRefused(let code):
            if order.state == .capturing {
                record(.orderDeclined(id, code: code, void: true), at: now, facts: &facts)
            }
        case .voided:
            if order.state == .capturing || order.state == .authorizing {
                record(.orderDeclined(id, code: "authorization_released", void: false), at: now, facts: &facts)
            } else if order.duty == .void {
                record(.voided(id), at: now, facts: &facts)
            }
        case .refunded(let amount):
            if order.duty == .refund { record(.refunded(id, amount: amount), at: now, facts: &facts) }
        case .stray(let intent, let captured):
            if order.intent != intent, strays[intent] == nil {
                record(.strayFound(id, intent: intent, captured: captured), at: now, facts: &facts)
            }
        case .strayReturned(let intent):
            if strays[intent] != nil {
                record(.strayReturned(id, intent: intent), at: now, facts: &facts)
            }
        }
        return .noted
    }

    private mutating func takeCapture(
        intent: String, amount: Int64, order: Order, now: Timestamp, facts: inout [SaleFact]
    ) {
        switch order.state {
        case .authorizing:
            record(.orderAuthorized(order.id, intent: intent), at: now, facts: &facts)
            record(.orderConfirmed(order.id, captured: amount), at: now, facts: &facts)
        case .capturing:
            record(.orderConfirmed(order.id, captured: amount), at: now, facts: &facts)
        case .declined, .expired:
            // Answered late: the seats are gone, so the money goes back.
            if order.captured == 0 {
                record(.capturedLate(order.id, intent: intent, amount: amount), at: now, facts: &facts)
            }
        case .confirmed, .refunding, .refunded:
            break
        }
    }
}
