package import OnsaleEngine
import OnsaleSale
package import OnsaleValues
import OnsaleWaitingRoom

/// Picks the facts of one story from an event's, in their order, and puts them into words.
package struct Storyteller {
    /// What something unfinished waits for.
    private enum Wait {
        case authorization, payer, capture, release, refund
    }

    /// A longer story is cut; its last step says so.
    static let stepsMax = 2000

    private let subject: StorySubject
    private var cast: Cast
    private var steps: [StoryStep] = []
    private var stepsLeftOut = 0
    private var waits: [OrderID: Wait] = [:]
    /// Second payments that must still go back.
    private var strays: [String: OrderID] = [:]
    /// Until when holds without an order live.
    private var liveHolds: [HoldID: Timestamp] = [:]
    /// Until when passes live, and the calls of places in `standing`.
    private var livePasses: [PassID: Timestamp] = [:]
    private var liveCalls: [PlaceID: Timestamp] = [:]
    /// Places that wait for a pass or have a live one.
    private var standing: Set<PlaceID> = []
    /// The last call of each place, while nobody knows yet whether the story's pass comes of it. Never more than the cap.
    private var calls: [PlaceID: StoryStep] = [:]
    /// Orders that were paid: what becomes of the pass doesn't matter to them any more.
    private var hasBought = false
    /// When the sale ends, or ended: no fact says that it did.
    private var closesAt: Timestamp?

    /// - Parameter draw: nil for an event whose draw is still to come, or that has none.
    package init(_ subject: StorySubject, in definition: EventDefinition, draw: DrawnNumbers?) {
        self.subject = subject
        cast = Cast(definition, draw: draw)
        cast.ticketOrders = subject.orders
        closesAt = definition.schedule.closesAt
    }

    /// Whether the beginning has been found: a hold for whatever the story is about, and its pass.
    var hasBeginning: Bool {
        (subject.hold.map { cast.holds[$0] != nil } ?? true) && (subject.pass.map { cast.passes[$0] != nil } ?? true)
    }

    package mutating func take(_ fact: Fact, at: Timestamp) {
        switch fact {
        case .created, .epochBegun, .profileChanged: break
        case .sale(let fact):
            guard concerns(fact, at) else { return }
            add(words(for: fact, at), at)
            note(fact)
        case .line(let fact):
            guard concerns(fact, at) else { return }
            add(cast.words(for: fact, at: at), at)
            note(fact)
        case .audited(let note):
            guard cast.orders.keys.contains(where: { isTold($0) && note.detail.contains(cast.id(of: $0)) }) else {
                return
            }
            add(cast.words(for: note), at)
        }
    }

    private func words(for fact: SaleFact, _ at: Timestamp) -> Words {
        guard case .orderPlaced(let placed) = fact, !isTold(placed.order) else { return cast.words(for: fact, at: at) }
        return Words("Another order placed", "Order \(cast.id(of: placed.order)) pays for the same hold.")
    }

    private mutating func add(_ words: Words, _ at: Timestamp) {
        guard steps.count < Storyteller.stepsMax else {
            stepsLeftOut += 1
            return
        }
        steps.append(StoryStep(at: at, what: words.what, detail: words.detail))
    }

    /// The story up to here. If something is unfinished, it ends with what that waits for.
    package func story(now: Timestamp) -> [StoryStep] {
        var words: [String] = waits.sorted { $0.key < $1.key }.map { order, wait in
            let name = waits.count > 1 ? " (order \(cast.id(of: order)))" : ""
            if wait == .authorization || wait == .payer, let end = cast.orders[order]?.decidedBy, end <= now {
                return "The payment was not decided in time\(name): the order \(UTC.overdue(since: end))."
            }
            return switch wait {
            case .authorization: "The provider has not answered the authorization yet\(name)."
            case .payer: "The payer has not confirmed with the bank yet\(name)."
            case .capture: "The provider has not confirmed that it took the money\(name)."
            case .release: "The provider has not confirmed that nothing is reserved any more\(name)."
            case .refund: "The provider has not confirmed that the money went back\(name)."
            }
        }
        words += strays.keys.sorted().map { "The provider has not confirmed that second payment \($0) went back." }
        words += liveHolds.sorted { $0.key < $1.key }.map { hold, until in
            "Hold of \(cast.places(of: hold)): "
                + (until > now ? "can be paid until \(UTC.text(until, beside: now))." : UTC.overdue(since: until) + ".")
        }
        words += livePasses.filter { isOpen($0.key) && $0.value <= now }.sorted { $0.key < $1.key }.map {
            "The pass \(UTC.overdue(since: $0.value))."
        }
        words += standing.subtracting(cast.passes.values).sorted().map { waiting(at: $0, now) }
        var story = steps
        if stepsLeftOut > 0, let last = steps.last {
            story.append(StoryStep(at: last.at, what: "Cut", detail: "\(stepsLeftOut) later steps are left out."))
        }
        return story + words.map { StoryStep(at: max(now, story.last?.at ?? now), what: "Waiting", detail: $0) }
    }

    private func waiting(at place: PlaceID, _ now: Timestamp) -> String {
        var cast = cast
        let number = "number \(cast.number(of: place))"
        if let until = liveCalls[place] {
            return until > now
                ? "A pass is kept for \(number) until \(UTC.text(until, beside: now))."
                : "The call of \(number) \(UTC.overdue(since: until))."
        }
        if let closesAt, closesAt <= now {
            return "In line with \(number) when the sale closed at \(UTC.text(closesAt))."
        }
        return "In line for a pass, with \(number)."
    }

    /// Whether all facts about this order belong to the story.
    private func isTold(_ order: OrderID) -> Bool { subject.order == nil || subject.order == order }

    // MARK: Which facts

    /// Whether the fact belongs to the story. Notes the names that its words need.
    private mutating func concerns(_ fact: SaleFact, _ at: Timestamp) -> Bool {
        switch fact {
        case .held(let fact):
            guard fact.hold == subject.hold || fact.buyer == subject.buyer else { return false }
            cast.holds[fact.hold] = fact
            return true
        case .holdReleased(let fact): return cast.holds[fact.hold] != nil
        case .holdExpired(let fact): return cast.holds[fact.hold] != nil
        case .orderPlaced(let fact):
            guard cast.holds[fact.hold] != nil else { return false }
            cast.orders[fact.order] = Cast.Placed(hold: fact.hold, at: at)
            return true
        case .blocked(let fact): return touches(fact.seats)
        case .unblocked(let fact): return touches(fact.seats)
        case .checkedIn(let fact): return cast.order(of: fact.ticket) != nil
        // Later it makes no difference to anybody in the story.
        case .termsChanged: return !liveHolds.isEmpty
        case .orderAuthorized, .orderConfirmed, .orderDeclined, .orderExpired, .intentLearned, .capturedLate, .voided,
            .orderCancelled, .refunded, .strayFound, .strayReturned, .paymentDeclined, .actionRequired,
            .refundedByProvider, .refundReversed, .disputed, .disputeWon, .partReturned, .partRefunded:
            guard let order = fact.order, cast.orders[order] != nil else { return false }
            // How another order on the same hold fared is its own story, but its declines count for the hold.
            if !isTold(order), case .paymentDeclined = fact { note(fact) }
            return isTold(order)
        }
    }

    private func touches(_ seats: [SeatIndex]) -> Bool {
        cast.holds.values.contains { hold in
            guard case .seats(let held) = hold.places else { return false }
            return !Set(seats).isDisjoint(with: held)
        }
    }

    private mutating func concerns(_ fact: LineFact, _ at: Timestamp) -> Bool {
        switch fact {
        case .joined(let fact): return fact.buyer == subject.buyer
        case .called(let fact):
            if subject.pass != nil, cast.passes.isEmpty {
                let words = cast.words(for: .called(fact), at: at)
                calls[fact.place] = StoryStep(at: at, what: words.what, detail: words.detail)
            }
            return standing.contains(fact.place)
        case .callLapsed(let fact):
            calls[fact.place] = nil
            return standing.contains(fact.place)
        case .callWithdrawn(let fact):
            calls[fact.place] = nil
            return standing.contains(fact.place)
        case .moved(let fact): return standing.contains(fact.place)
        case .passGranted(let fact):
            let call = calls.removeValue(forKey: fact.place)
            guard fact.pass == subject.pass || fact.buyer == subject.buyer else { return false }
            if let call { steps.append(call) }
            calls.removeAll()
            return true
        case .passExpired(let fact): return isOpen(fact.pass)
        case .passGivenUp(let fact): return isOpen(fact.pass)
        case .passEnded(let fact): return isOpen(fact.pass)
        case .paused, .resumed, .rescheduled, .drawCommitted, .drawn, .soldOut, .seatsReturned:
            if case .soldOut = fact {
                calls.removeAll()
                liveCalls.removeAll()
                livePasses.removeAll()
            }
            if case .rescheduled(let fact) = fact { closesAt = fact.schedule.closesAt }
            return subject.buyer != nil && !standing.isEmpty
        }
    }

    private func isOpen(_ pass: PassID) -> Bool {
        cast.passes[pass] != nil && (subject.buyer != nil || !hasBought)
    }

    // MARK: What follows

    private mutating func note(_ fact: SaleFact) {
        switch fact {
        case .held(let fact): liveHolds[fact.hold] = fact.expiresAt
        case .holdReleased(let fact): liveHolds[fact.hold] = nil
        case .holdExpired(let fact): liveHolds[fact.hold] = nil
        case .orderPlaced(let fact):
            liveHolds[fact.hold] = nil
            if isTold(fact.order) { waits[fact.order] = .authorization }
        case .actionRequired(let fact): wait(fact.order, for: .payer, intent: fact.intent)
        case .orderAuthorized(let fact): wait(fact.order, for: .capture, intent: fact.intent)
        case .orderConfirmed(let fact):
            wait(fact.order, for: nil)
            hasBought = true
        case .intentLearned(let fact): cast.orders[fact.order]?.intent = fact.intent
        case .paymentDeclined(let fact):
            wait(fact.order, for: fact.void ? .release : nil)
            if let hold = cast.orders[fact.order]?.hold {
                cast.declines[hold, default: 0] += 1
                liveHolds[hold] = fact.holdUntil
            }
        case .orderDeclined(let fact): wait(fact.order, for: fact.void ? .release : nil)
        case .orderExpired(let fact): wait(fact.order, for: .release)
        case .capturedLate(let fact): wait(fact.order, for: .refund, intent: fact.intent)
        case .voided(let fact): wait(fact.order, for: nil)
        case .orderCancelled(let fact): wait(fact.order, for: .refund)
        case .refunded(let fact): wait(fact.order, for: nil)
        case .refundReversed(let fact): wait(fact.order, for: .refund)
        case .strayFound(let fact): strays[fact.intent] = fact.order
        case .strayReturned(let fact): strays[fact.intent] = nil
        case .partReturned(let fact):
            cast.due[fact.order, default: cast.refunded[fact.order, default: 0]] += fact.amount
            settle(fact.order)
        case .partRefunded(let fact):
            cast.refunded[fact.order] = fact.total
            settle(fact.order)
        case .refundedByProvider(let fact):
            cast.refunded[fact.order] = fact.total
            settle(fact.order)
        case .disputed, .disputeWon, .blocked, .unblocked, .checkedIn, .termsChanged: break
        }
    }

    /// While an order stays confirmed: whether a part of its money is still to go back.
    private mutating func settle(_ order: OrderID) {
        guard waits[order] == nil || waits[order] == .refund else { return }
        wait(order, for: cast.refunded[order, default: 0] < cast.due[order, default: 0] ? .refund : nil)
    }

    private mutating func wait(_ order: OrderID, for wait: Wait?, intent: String? = nil) {
        if isTold(order) { waits[order] = wait }
        if let intent { cast.orders[order]?.intent = intent }
    }

    private mutating func note(_ fact: LineFact) {
        switch fact {
        case .joined(let fact): stand(at: fact.place)
        case .moved(let fact):
            standing.remove(fact.place)
            stand(at: fact.to)
        case .called(let fact): liveCalls[fact.place] = fact.until
        case .callLapsed(let fact): liveCalls[fact.place] = nil
        case .callWithdrawn(let fact): liveCalls[fact.place] = nil
        case .passGranted(let fact):
            cast.passes[fact.pass] = fact.place
            livePasses[fact.pass] = fact.expiresAt
            liveCalls[fact.place] = nil
        case .passExpired(let fact): end(fact.pass)
        case .passGivenUp(let fact): end(fact.pass)
        case .passEnded(let fact): end(fact.pass)
        case .soldOut: standing.subtract(cast.passes.values)
        case .paused, .resumed, .rescheduled, .drawCommitted, .drawn, .seatsReturned: break
        }
    }

    private mutating func stand(at place: PlaceID) {
        standing.insert(place)
        cast.places.append(place)
    }

    private mutating func end(_ pass: PassID) {
        livePasses[pass] = nil
        if let place = cast.passes[pass] { standing.remove(place) }
    }
}
