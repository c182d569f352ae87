package import OnsaleBus
package import OnsaleEngine
package import OnsaleSale

/// Something that has happened to an order and that the bus hears of.
package struct OrderNews: Hashable, Sendable {
    /// The number of the fact.
    package let sequence: UInt64
    package let type: EventType
    package let order: OrderID
    /// What had gone back just after it, in minor units.
    package let refunded: Int64
    /// As ``OrderMessage/reason`` has it.
    package let reason: String?
    /// As ``OrderMessage/proof`` has it.
    package let proof: String?
    /// What had gone back when a dispute was opened that is not won; nil if there is none.
    package let disputedAfter: Int64?
    /// As ``OrderMessage/words`` has it.
    package let words: String?
    /// Which of the order's places were taken back by then while the rest stayed, ascending.
    package let returned: [Int]
}

/// All that an order's messages need to know of what was before.
package struct OrderPast: Hashable, Sendable {
    /// What has gone back, in minor units.
    package var refunded: Int64 = 0
    /// Why it was taken back.
    package var reason: String?
    /// What it carries for the check of eligibility; forgotten once it is confirmed, or has ended.
    package var proof: String?
    /// What had gone back, in minor units, when a dispute was opened that is not won.
    package var disputedAfter: Int64?
    /// The organizer's own words, where the check of eligibility has refused it.
    package var words: String?
    /// Which of its places were taken back while the rest stayed, ascending.
    package var returned: [Int] = []

    package static let none = OrderPast()
}

/// Follows an event's facts and says what the bus hears of each. Pure: the same facts in the same order always give the
/// same news, however late they are read.
package struct NewsFold: Sendable {
    /// Of the orders that have one.
    package private(set) var pasts: [OrderID: OrderPast]
    /// The orders whose past has changed.
    package private(set) var changed: Set<OrderID> = []

    /// - Parameter pasts: what is known of the orders in ``orders(of:withProofs:)``, as earlier folds have left it.
    package init(_ pasts: [OrderID: OrderPast] = [:]) {
        self.pasts = pasts
    }

    /// The orders whose past the fold must know for these facts.
    /// - Parameter withProofs: whether orders may carry some.
    package static func orders(of facts: [Fact], withProofs: Bool) -> Set<OrderID> {
        var orders: Set<OrderID> = []
        for case .sale(let fact) in facts {
            switch fact {
            case .orderConfirmed(let body) where withProofs: orders.insert(body.order)
            case .paymentDeclined(let body) where withProofs: orders.insert(body.order)
            case .orderDeclined(let body) where withProofs: orders.insert(body.order)
            case .orderExpired(let body) where withProofs: orders.insert(body.order)
            case .orderCancelled(let body): orders.insert(body.order)
            case .refunded(let body): orders.insert(body.order)
            case .refundedByProvider(let body): orders.insert(body.order)
            case .refundReversed(let body): orders.insert(body.order)
            case .disputed(let body): orders.insert(body.order)
            case .disputeWon(let body): orders.insert(body.order)
            case .partReturned(let body): orders.insert(body.order)
            case .partRefunded(let body): orders.insert(body.order)
            default: break
            }
        }
        return orders
    }

    /// Takes a row's facts.
    /// - Parameter first: the number of the first one.
    package mutating func take(_ facts: [Fact], from first: UInt64) -> [OrderNews] {
        var news: [OrderNews] = []
        for (index, fact) in facts.enumerated() {
            guard case .sale(let fact) = fact else { continue }
            if let (type, order, reason) = take(fact, NewsFold.note(after: index, in: facts)) {
                let past = pasts[order] ?? .none
                news.append(
                    OrderNews(
                        sequence: first + UInt64(index), type: type, order: order, refunded: past.refunded,
                        reason: reason, proof: past.proof, disputedAfter: past.disputedAfter, words: past.words,
                        returned: past.returned))
                if past.proof != nil, type != .orderPlaced { change(order) { $0.proof = nil } }
            }
        }
        return news
    }

    /// A note follows all the facts of the command that it describes; the next cancellation is another command's.
    private static func note(after index: Int, in facts: [Fact]) -> AuditNote? {
        for fact in facts[(index + 1)...] {
            if case .audited(let note) = fact { return note }
            if case .sale(.orderCancelled) = fact { return nil }
        }
        return nil
    }

    /// - Parameter note: looked for only where it matters, since most facts are of holds.
    private mutating func take(
        _ fact: SaleFact, _ note: @autoclosure () -> AuditNote?
    ) -> (EventType, OrderID, reason: String?)? {
        switch fact {
        case .orderPlaced(let body):
            if let proof = body.proof { change(body.order) { $0.proof = proof } }
            return (.orderPlaced, body.order, nil)
        case .orderConfirmed(let body): return (.orderConfirmed, body.order, nil)
        case .paymentDeclined(let body): return (.orderDeclined, body.order, body.code)
        case .orderDeclined(let body): return (.orderDeclined, body.order, body.code)
        case .orderExpired(let body): return (.orderExpired, body.order, nil)
        case .orderCancelled(let body):
            let note = note()
            let reason = note?.action == .ineligible ? "eligibility" : body.byOrganizer ? "organizer" : "buyer"
            change(body.order) { past in
                past.reason = reason
                if let note, reason == "eligibility", !note.detail.isEmpty { past.words = note.detail }
            }
            return (.orderCancelled, body.order, reason)
        case .refunded(let body):
            change(body.order) { $0.refunded += body.amount }
            return (.orderRefunded, body.order, pasts[body.order]?.reason)
        case .refundedByProvider(let body):
            change(body.order) { $0.refunded = body.total }
            return (.orderRefunded, body.order, "provider")
        case .refundReversed(let body):
            change(body.order) { $0.refunded -= body.amount }
            // The money is owed again.
            return (.orderCancelled, body.order, pasts[body.order]?.reason)
        case .disputed(let body):
            change(body.order) { $0.disputedAfter = $0.refunded }
            return (.orderCancelled, body.order, "dispute")
        // The tickets let people in again.
        case .disputeWon(let body):
            change(body.order) { $0.disputedAfter = nil }
            return (.orderConfirmed, body.order, nil)
        case .partReturned(let body):
            change(body.order) { $0.returned = ($0.returned + body.positions).sorted() }
            // Confirmed once more, with the tickets that are left. Those of a disputed order are void for now.
            return pasts[body.order]?.disputedAfter == nil ? (.orderConfirmed, body.order, nil) : nil
        case .partRefunded(let body):
            change(body.order) { $0.refunded = body.total }
            return (.orderRefunded, body.order, "organizer")
        default: return nil
        }
    }

    private mutating func change(_ order: OrderID, _ body: (inout OrderPast) -> Void) {
        body(&pasts[order, default: .none])
        changed.insert(order)
    }
}
