package import OnsaleEngine
package import OnsaleSale
package import OnsaleValues
import OnsaleWaitingRoom

/// One thing that happened, in words.
package struct StoryStep: Hashable, Sendable {
    package let at: Timestamp
    /// A short phrase that names the kind of thing. It stays the same from version to version.
    package let what: String
    /// Sentences for people. Times in it are in UTC.
    package let detail: String

    package init(at: Timestamp, what: String, detail: String) {
        self.at = at
        self.what = what
        self.detail = detail
    }
}

/// What a story is about: an order, a hold, or a buyer with everything of theirs.
package struct StorySubject: Sendable {
    /// Set if everything of this buyer belongs to the story.
    let buyer: BuyerID?
    let hold: HoldID?
    /// The pass that the hold was made with.
    let pass: PassID?
    /// Set if only this order belongs to the story.
    let order: OrderID?
    /// The orders that belong to it, as they stand now. They say whose the tickets are.
    let orders: [Order]
    /// No fact about it is older; nil if the facts must be read from the first.
    let since: Timestamp?

    /// An order: from the pass and the hold it was made under.
    /// - Parameter terms: those of its hold.
    package init(_ order: Order, under terms: SaleTerms, in definition: EventDefinition) {
        // Only declined payments delay a hold's end: each order on it may take so long to be decided.
        let holdSeconds =
            terms.holdSeconds + SaleTerms.declinedHoldSeconds
            + SaleTerms.declinesMax * SaleTerms.authorizationSeconds
        buyer = nil
        hold = order.hold
        pass = order.pass
        self.order = order.id
        orders = [order]
        since = StorySubject.passBegins(before: order.placedAt.adding(seconds: -holdSeconds), definition)
    }

    /// A hold: from the pass it was made under to the last of the orders on it.
    package init(_ held: SaleFact.Held, madeAt: Timestamp, orders: [Order], in definition: EventDefinition) {
        buyer = nil
        hold = held.hold
        pass = held.pass
        order = nil
        self.orders = orders.filter { $0.hold == held.hold }
        since = StorySubject.passBegins(before: madeAt, definition)
    }

    /// A buyer. Nothing says when they came, so the story takes reading all facts of the event.
    /// - Parameter orders: theirs.
    package init(_ buyer: BuyerID, orders: [Order]) {
        self.buyer = buyer
        hold = nil
        pass = nil
        order = nil
        self.orders = orders
        since = nil
    }

    /// When a pass with which a hold was made at `moment` was called for, at the earliest.
    private static func passBegins(before moment: Timestamp, _ definition: EventDefinition) -> Timestamp {
        moment.adding(seconds: -definition.schedule.passSeconds - Line.callSeconds - 1)
    }
}

extension [StoryStep] {
    /// With more steps, each behind those that were not later.
    package func adding(_ more: [StoryStep]) -> [StoryStep] {
        var steps = self
        for step in more { steps.insert(step, at: (steps.lastIndex { $0.at <= step.at } ?? -1) + 1) }
        return steps
    }
}
