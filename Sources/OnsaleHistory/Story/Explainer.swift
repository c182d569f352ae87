package import OnsaleEngine
import OnsaleSale
package import OnsaleValues
import OnsaleWaitingRoom

/// What somebody asks to have explained.
package enum ExplainedID: Hashable, Sendable {
    case order(PublicID)
    case hold(PublicID)
    case ticket(PublicID)
    case buyer(BuyerID)

    /// - Returns: nil unless the text is the public ID of an order, a hold, a ticket or a buyer.
    package init?(_ text: String) {
        if let id = PublicID(.order, text: text) {
            self = .order(id)
        } else if let id = PublicID(.hold, text: text) {
            self = .hold(id)
        } else if let id = PublicID(.ticket, text: text) {
            self = .ticket(id)
        } else if let buyer = BuyerID(text: text) {
            self = .buyer(buyer)
        } else {
            return nil
        }
    }

    /// What its stories can't tell, as sentences; nil if there is nothing to add.
    package var caveat: String? {
        guard case .buyer = self else { return nil }
        return
            "Requests that were refused changed nothing, so the journal doesn't have them. Look for the buyer in the "
            + "log: a line of onsale.access (at level debug) has buyer, problem and trace_id, by which traces are found."
    }
}

/// A story with a line that says whose it is and how things stand now.
package struct Explanation: Sendable {
    package let event: String
    package let heading: String
    package let steps: [StoryStep]

    /// With more steps, each behind those that were not later.
    package func adding(_ more: [StoryStep]) -> Explanation {
        Explanation(event: event, heading: heading, steps: steps.adding(more))
    }
}

/// Finds what an ID names in a journal and tells its story. It blocks, and loads the events it needs.
package struct Explainer {
    private let journal: any EventStore
    private let now: Timestamp

    package init(journal: any EventStore, now: Timestamp) {
        self.journal = journal
        self.now = now
    }

    /// One story; for a buyer one for each event they were in. Empty if there is no such thing.
    /// - Parameter event: where to look; nil for all events.
    /// - Throws: ``JournalDamage`` or ``JournalError``.
    package func explain(_ id: ExplainedID, in event: String?) throws -> [Explanation] {
        let events = try event.map { [$0] } ?? journal.heads().map(\.partition)
        switch id {
        case .order(let id), .hold(let id), .ticket(let id):
            for event in events where try definition(of: event)?.tag == id.tag {
                let partition = try Recovery.recover(event, from: journal).partition
                if let explanation = try explain(id, in: partition) { return [explanation] }
            }
            return []
        case .buyer(let buyer):
            return try events.compactMap { event in
                guard try journal.head(of: event) != nil else { return nil }
                return try explain(buyer, in: try Recovery.recover(event, from: journal).partition)
            }
        }
    }

    /// The event's definition, from its first row.
    private func definition(of event: String) throws -> EventDefinition? {
        struct Enough: Error {}
        var found: EventDefinition?
        do {
            try JournalSearch.read(event, from: 1, in: journal) { facts, _ in
                if case .created(let definition)? = facts.first { found = definition }
                throw Enough()
            }
        } catch is Enough {}
        return found
    }

    private func story(of subject: StorySubject, in partition: Partition) throws -> [StoryStep] {
        try EventHistory.story(
            of: subject, in: partition.definition, draw: DrawnNumbers(partition.line), now: now, journal: journal)
    }

    // MARK: One thing

    private func explain(_ id: PublicID, in partition: Partition) throws -> Explanation? {
        let sale = partition.sale
        switch id.kind {
        case .order:
            guard let order = sale.order(OrderID(id.serial)), order.placedAt == id.at else { return nil }
            return try explain(order, "", in: partition)
        case .ticket:
            guard let ticket = sale.ticket(TicketID(id.serial)), ticket.issuedAt == id.at,
                let order = sale.order(ticket.order)
            else { return nil }
            let state =
                ticket.checkedInAt.map { "checked in at \(UTC.text($0))" } ?? (ticket.isVoid ? "void" : "valid")
            return try explain(order, "Ticket \(id.text): \(state). ", in: partition)
        case .hold:
            let event = partition.definition.id
            guard let held = try JournalSearch.hold(id, of: event, in: journal) else { return nil }
            let orders = sale.orders(of: held.buyer).filter { $0.hold == held.hold }
            let cast = Cast(partition.definition, draw: nil)
            let subject = StorySubject(held, madeAt: id.at, orders: Array(orders), in: partition.definition)
            return Explanation(
                event: event,
                heading:
                    "Hold \(id.text), \(name(of: partition)): \(state(of: held.hold, in: sale)). \(cast.name(of: held.places).atSentenceStart), "
                    + "\(cast.money(held.amount)), buyer \(held.buyer.text).",
                steps: try story(of: subject, in: partition))
        }
    }

    private func explain(_ order: Order, _ before: String, in partition: Partition) throws -> Explanation {
        let definition = partition.definition
        let cast = Cast(definition, draw: nil)
        let id = PublicID(.order, at: order.placedAt, serial: order.id.serial, tag: definition.tag).text
        return Explanation(
            event: definition.id,
            heading: "\(before)Order \(id), \(name(of: partition)): \(state(of: order, cast)). "
                + "\(cast.name(of: order.places).atSentenceStart), \(cast.money(order.amount)), buyer \(order.buyer.text).",
            steps: try story(
                of: StorySubject(order, under: partition.sale.terms[order.hold], in: definition), in: partition))
    }

    private func explain(_ buyer: BuyerID, in partition: Partition) throws -> Explanation? {
        let orders = Array(partition.sale.orders(of: buyer))
        let steps = try story(of: StorySubject(buyer, orders: orders), in: partition)
        guard !steps.isEmpty else { return nil }
        let confirmed = orders.count { $0.state == .confirmed }
        return Explanation(
            event: partition.definition.id,
            heading: "Buyer \(buyer.text), \(name(of: partition)): \(orders.count) "
                + "\(orders.count == 1 ? "order" : "orders"), \(confirmed) confirmed.",
            steps: steps)
    }

    private func name(of partition: Partition) -> String {
        "event \(partition.definition.id) (\(partition.profile.title))"
    }

    private func state(of hold: HoldID, in sale: borrowing Sale) -> String {
        guard let hold = sale.hold(hold) else { return "over" }
        guard let order = hold.order else {
            return hold.expiresAt > now
                ? "live until \(UTC.text(hold.expiresAt))" : UTC.overdue(since: hold.expiresAt)
        }
        return overdue(sale.order(order)).map { "its order \($0)" } ?? "being paid"
    }

    /// The words for an order that must have expired by now.
    private func overdue(_ order: Order?) -> String? {
        guard let order, order.state == .authorizing || order.state == .requiresAction else { return nil }
        let end = order.placedAt.adding(seconds: SaleTerms.authorizationSeconds)
        return end <= now ? UTC.overdue(since: end) : nil
    }

    private func state(of order: Order, _ cast: Cast) -> String {
        if let overdue = overdue(order) { return overdue }
        let state =
            switch order.state {
            case .authorizing: "the payment is being authorized"
            case .requiresAction: "the payer must confirm"
            case .capturing: "the money is being taken"
            case .confirmed: order.isDisputed ? "confirmed, but disputed" : "confirmed"
            case .declined: "declined" + (order.declineCode.map { " (\($0))" } ?? "")
            case .expired: "expired"
            case .refunding: "cancelled, the money is going back"
            case .refunded: "refunded"
            }
        return order.state == .confirmed && order.refunded > 0
            ? state + ", \(cast.money(order.refunded)) of it refunded" : state
    }
}
