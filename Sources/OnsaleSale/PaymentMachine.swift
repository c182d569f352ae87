import OnsaleValues

/// How far an order's payment has come: the order's state combined with its duty.
enum PaymentStage: CaseIterable {
    case authorizing
    /// The payer must confirm.
    case requiresAction
    /// The money is reserved and the seats are sold.
    case capturing
    case confirmed
    /// Confirmed, but a part of the money must go back.
    case returning
    /// The order failed; money that may be reserved must be released.
    case releasing
    /// The order failed, but money was captured and must go back.
    case owing
    /// The order failed, and nothing is left to do.
    case closed
    case refunding
    case refunded
}

extension Order {
    var stage: PaymentStage {
        switch (state, duty) {
        case (.authorizing, _): .authorizing
        case (.requiresAction, _): .requiresAction
        case (.capturing, _): .capturing
        case (.confirmed, .refund?): .returning
        case (.confirmed, _): .confirmed
        case (.refunding, _): .refunding
        case (.refunded, _): .refunded
        case (.declined, .void?), (.expired, .void?): .releasing
        case (.declined, .refund?), (.expired, .refund?): .owing
        case (.declined, _), (.expired, _): .closed
        }
    }
}

/// What can happen to an order's payment.
enum PaymentEvent {
    case answered(PaymentResult)
    /// The payment was undecided for ``SaleTerms/authorizationSeconds``.
    case timedOut
    /// The buyer or the organizer cancelled the order.
    case cancelled(byOrganizer: Bool, reason: String?, key: IdempotencyKey?)
    /// The organizer takes back some of the order's tickets, and gives back so much.
    case partReturned(positions: [Int], amount: Int64, reason: String?, key: IdempotencyKey?)
}

/// Turns each payment event at each stage into facts. Nothing else decides this.
///
/// After the facts, the order's ``Order/duty`` says what to ask the provider next. Answers may arrive twice, late or
/// out of order; any combination not listed here changes nothing. `docs/payments.md` shows the table, and a test
/// compares the two.
enum PaymentMachine {
    /// - Parameter hold: the order's hold, if still live.
    static func facts(_ order: Order, hold: Hold?, on event: PaymentEvent, at now: Timestamp) -> [SaleFact] {
        let id = order.id
        switch (order.stage, event) {
        // The payment is undecided.
        case (.authorizing, .answered(.actionRequired(let intent, let url))):
            return [.actionRequired(.init(order: id, intent: intent, url: url))]
        case (.authorizing, .answered(.authorized(let intent))),
            (.requiresAction, .answered(.authorized(let intent))):
            return [.orderAuthorized(.init(order: id, intent: intent))]
        case (.authorizing, .answered(.captured(let intent, let amount))),
            (.requiresAction, .answered(.captured(let intent, let amount))):
            guard amount == order.amount else {
                // A wrong amount buys nothing and goes back.
                return declined(order, hold, SaleTerms.mismatchCode, void: true, at: now)
                    + [.capturedLate(.init(order: id, intent: intent, amount: amount))]
            }
            return [
                .orderAuthorized(.init(order: id, intent: intent)),
                .orderConfirmed(.init(order: id, captured: amount)),
            ]
        case (.authorizing, .answered(.declined(let code))), (.requiresAction, .answered(.declined(let code))):
            return declined(order, hold, code, void: false, at: now)
        case (.authorizing, .answered(.mismatched(let intent))), (.requiresAction, .answered(.mismatched(let intent))):
            return learned(intent, order)
                + declined(order, hold, SaleTerms.mismatchCode, void: (intent ?? order.intent) != nil, at: now)
        case (.authorizing, .answered(.voided)), (.requiresAction, .answered(.voided)):
            return declined(order, hold, SaleTerms.releasedCode, void: false, at: now)
        case (.authorizing, .timedOut), (.requiresAction, .timedOut):
            return [.orderExpired(.init(order: id))]

        // The money is reserved.
        case (.capturing, .answered(.captured(let intent, let amount))):
            guard amount == order.amount else {
                return [
                    .orderDeclined(.init(order: id, code: SaleTerms.mismatchCode, void: true)),
                    .capturedLate(.init(order: id, intent: intent, amount: amount)),
                ]
            }
            let moved: [SaleFact] = order.intent == intent ? [] : [.intentLearned(.init(order: id, intent: intent))]
            return moved + [.orderConfirmed(.init(order: id, captured: amount))]
        case (.capturing, .answered(.captureRefused(let code))), (.capturing, .answered(.declined(let code))):
            return [.orderDeclined(.init(order: id, code: code, void: true))]
        case (.capturing, .answered(.mismatched(let intent))):
            let isKnown = (intent ?? order.intent) != nil
            return learned(intent, order)
                + [.orderDeclined(.init(order: id, code: SaleTerms.mismatchCode, void: isKnown))]
        case (.capturing, .answered(.voided)):
            return [.orderDeclined(.init(order: id, code: SaleTerms.releasedCode, void: false))]

        // The money is captured.
        case (.confirmed, .cancelled(let byOrganizer, let reason, let key)),
            (.returning, .cancelled(let byOrganizer, let reason, let key)):
            let cancelled = SaleFact.orderCancelled(
                .init(order: id, byOrganizer: byOrganizer, key: key, reason: reason))
            // Nothing is left to refund, so there is nothing to ask the provider.
            return order.captured == order.refunded
                ? [cancelled, .refunded(.init(order: id, amount: 0))] : [cancelled]
        case (.confirmed, .partReturned(let positions, let amount, let reason, let key)),
            (.returning, .partReturned(let positions, let amount, let reason, let key)):
            let left = order.captured - order.goingBack
            return [
                .partReturned(
                    .init(order: id, positions: positions, amount: min(amount, left), reason: reason, key: key))
            ]
        case (.confirmed, .answered(.refunded(let total))), (.returning, .answered(.refunded(let total))):
            let total = order.refundable(total)
            if total == order.refunded { return [] }
            return total > order.refunded && total <= order.goingBack
                ? [.partRefunded(.init(order: id, total: total))]
                : [.refundedByProvider(.init(order: id, total: total))]
        case (.confirmed, .answered(.disputed(let isDisputed))) where isDisputed != order.isDisputed,
            (.returning, .answered(.disputed(let isDisputed))) where isDisputed != order.isDisputed:
            return [isDisputed ? .disputed(.init(order: id)) : .disputeWon(.init(order: id))]

        // The order failed.
        case (.releasing, .answered(.voided)), (.releasing, .answered(.declined)):
            return [.voided(.init(order: id))]
        case (.releasing, .answered(.captured(let intent, let amount))),
            (.closed, .answered(.captured(let intent, let amount))):
            // The seats are gone, so the money goes back.
            return order.captured == 0 && amount > 0
                ? [.capturedLate(.init(order: id, intent: intent, amount: amount))] : []

        // Money goes back.
        case (.owing, .answered(.refunded(let total))), (.refunding, .answered(.refunded(let total))):
            return order.refundable(total) == order.captured
                ? [.refunded(.init(order: id, amount: order.captured - order.refunded))] : []
        case (.closed, .answered(.refunded(let total))), (.refunded, .answered(.refunded(let total))):
            let missing = order.refunded - order.refundable(total)
            return missing > 0 ? [.refundReversed(.init(order: id, amount: missing))] : []

        // Keep the first intent any answer names, or money behind it could be lost.
        case (_, .answered(.pending(let intent))), (_, .answered(.authorized(let intent))),
            (_, .answered(.actionRequired(let intent, _))):
            return learned(intent, order)
        case (.releasing, .answered(.mismatched(let intent))):
            return learned(intent, order)
        default:
            return []
        }
    }

    /// Declined before any money was reserved: the hold lives on, unless it has had too many declines.
    private static func declined(
        _ order: Order, _ hold: Hold?, _ code: String, void: Bool, at now: Timestamp
    ) -> [SaleFact] {
        guard let hold else { return [] }
        let until =
            hold.declines == 0
            ? max(hold.expiresAt, now.adding(seconds: SaleTerms.declinedHoldSeconds)) : hold.expiresAt
        let declined = SaleFact.paymentDeclined(.init(order: order.id, code: code, void: void, holdUntil: until))
        let isLast = Int(hold.declines) + 1 >= SaleTerms.declinesMax
        return isLast ? [declined, .holdReleased(.init(hold: hold.id))] : [declined]
    }

    private static func learned(_ intent: String?, _ order: Order) -> [SaleFact] {
        guard let intent, order.intent == nil, order.duty != nil else { return [] }
        return [.intentLearned(.init(order: order.id, intent: intent))]
    }
}

extension Order {
    /// The provider's refund total, clamped to what was captured.
    fileprivate func refundable(_ total: Int64) -> Int64 { max(0, min(total, captured)) }
}
