import Foundation
import Synchronization

/// Everything the crowd was told, to compare with what is true in the end.
final class History: Sendable {
    /// A seat that a fan was told is theirs, between two moments (seconds since the start).
    struct Possession: Sendable {
        let hold: String
        let seat: String
        let from: Double
        var until: Double
    }

    /// The answers given about one order.
    struct OrderStory: Sendable {
        var states: [String] = []
        var seats: Set<String> = []
        var tickets: Set<String> = []
        var amount: Int64 = 0
        var isCancelled = false
    }

    struct State: Sendable {
        var holds: [String: [Possession]] = [:]
        var orders: [String: OrderStory] = [:]
        var contradictions: [String] = []
        var fansDone = 0
        var fansLeft = 0
        var fansServed = 0
        var fansTooLate = 0
        var fansGivenUp = 0
        var fansStillWaiting = 0
        var answered = 0
    }

    private static let contradictionsMax = 1000

    private let state = Mutex(State())

    func snapshot() -> State { state.withLock { $0 } }

    var fansDone: Int { state.withLock { $0.fansDone } }

    func contradict(_ text: String) {
        state.withLock { state in
            if state.contradictions.count < History.contradictionsMax { state.contradictions.append(text) }
        }
    }

    func held(_ hold: Contract.Hold, at second: Double, forAtMost seconds: Double) {
        state.withLock { state in
            state.holds[hold.hold] = hold.seats.map {
                Possession(hold: hold.hold, seat: $0, from: second, until: second + seconds)
            }
        }
    }

    /// From here on the hold is uncertain: its holder has asked to give it back, or its order has ended.
    func letGo(_ hold: String, at second: Double) {
        state.withLock { state in
            guard let possessions = state.holds[hold] else { return }
            state.holds[hold] = possessions.map { possession in
                var possession = possession
                possession.until = min(possession.until, second)
                return possession
            }
        }
    }

    /// While an order is being paid it keeps its seats, however long that takes.
    func beganPaying(_ hold: String) {
        state.withLock { state in
            guard let possessions = state.holds[hold] else { return }
            state.holds[hold] = possessions.map { possession in
                var possession = possession
                possession.until = .infinity
                return possession
            }
        }
    }

    func told(_ order: Contract.Order) {
        state.withLock { state in
            var story = state.orders[order.order] ?? OrderStory()
            if story.states.last != order.state { story.states.append(order.state) }
            story.amount = order.amount
            if order.state == "confirmed" {
                let tickets = Set(order.tickets.map(\.ticket))
                if !story.tickets.isEmpty, story.tickets != tickets {
                    state.contradictions.append("order \(order.order) was reported with two different sets of tickets")
                }
                story.tickets = tickets
                story.seats = Set(order.tickets.compactMap(\.seat))
            }
            state.orders[order.order] = story
        }
    }

    func cancelled(_ order: String) {
        state.withLock { $0.orders[order]?.isCancelled = true }
    }

    enum End: Sendable { case left, served, tooLate, givenUp, stillWaiting }

    func ended(_ end: End) {
        state.withLock { state in
            state.fansDone += 1
            switch end {
            case .left: state.fansLeft += 1
            case .served: state.fansServed += 1
            case .tooLate: state.fansTooLate += 1
            case .givenUp: state.fansGivenUp += 1
            case .stillWaiting: state.fansStillWaiting += 1
            }
        }
    }
}

/// Compares the history with the server's own account at the end.
struct HistoryCheck: Sendable {
    let history: History.State
    /// All orders of the event, as the organizer sees them.
    let orders: [Contract.Order]
    let report: Contract.Report
    /// The seats in plan order, with each one's final state.
    let seatNames: [String]
    let availability: String
    /// Whether every order of the event is the crowd's, so that counts must match.
    let isAlone: Bool

    func faults() -> [String] {
        history.contradictions + doubleSales() + doubleHolds() + contradictedOrders() + counts()
    }

    /// Whether availability has caught up with the orders.
    var showsWhatIsSold: Bool { soldSeats().isEmpty }

    /// Finds seats in two confirmed orders.
    private func doubleSales() -> [String] {
        var owner: [String: String] = [:]
        var faults: [String] = []
        for order in orders where order.state == "confirmed" {
            for seat in order.tickets.compactMap(\.seat) {
                if let other = owner.updateValue(order.order, forKey: seat) {
                    faults.append("seat \(seat) is in two confirmed orders, \(other) and \(order.order)")
                }
            }
        }
        return faults
    }

    /// Finds seats promised to two fans at the same moment.
    private func doubleHolds() -> [String] {
        var bySeat: [String: [History.Possession]] = [:]
        for possession in history.holds.values.joined() { bySeat[possession.seat, default: []].append(possession) }
        var faults: [String] = []
        for (seat, list) in bySeat where list.count > 1 {
            let inOrder = list.sorted { $0.from < $1.from }
            for (earlier, later) in zip(inOrder, inOrder.dropFirst()) where earlier.until > later.from {
                faults.append("seat \(seat) was promised to \(earlier.hold) and \(later.hold) at the same moment")
            }
        }
        return faults
    }

    /// Finds answers that were contradicted later.
    private func contradictedOrders() -> [String] {
        let final = Dictionary(uniqueKeysWithValues: orders.map { ($0.order, $0) })
        var faults: [String] = []
        for (id, story) in history.orders {
            guard let order = final[id], let told = story.states.last else {
                faults.append("order \(id) was reported, and now does not exist")
                continue
            }
            switch told {
            case "confirmed" where !story.isCancelled:
                if order.state != "confirmed" { faults.append("order \(id) was confirmed and is now \(order.state)") }
                if Set(order.tickets.map(\.ticket)) != story.tickets {
                    faults.append("order \(id) has other tickets than it was reported with")
                }
            case "declined", "expired":
                if order.state != told { faults.append("order \(id) was \(told) and is now \(order.state)") }
            default: break
            }
            if order.amount != story.amount {
                faults.append("order \(id) has another amount than it was reported with")
            }
        }
        return faults
    }

    /// Compares every count with the server's report.
    private func counts() -> [String] {
        var faults: [String] = []
        if report.free + report.held + report.sold + report.blocked != report.capacity {
            faults.append("free + held + sold + blocked do not add up to the capacity")
        }
        let byState = Dictionary(grouping: orders, by: \.state).mapValues(\.count)
        for (state, count) in report.orders where byState[state] ?? 0 != count {
            faults.append("the report has \(count) orders \(state), the list \(byState[state] ?? 0)")
        }
        let tickets = orders.reduce(0) { $0 + $1.tickets.count }
        if tickets != report.sold { faults.append("the report has \(report.sold) sold, the orders \(tickets) tickets") }
        let kept = orders.filter { $0.state == "confirmed" }.reduce(0) { $0 + $1.amount }
        let owed = orders.filter { $0.state == "refunding" }.reduce(0) { $0 + $1.amount }
        if report.gross - report.refunded != kept + owed {
            faults.append(
                "the report shows takings of \(report.gross - report.refunded), the orders add up to \(kept + owed)")
        }
        faults += soldSeats()
        if isAlone {
            let ours = Set(history.orders.keys)
            // An order whose answer was lost is known all the same, since the fan asked again with the same key.
            let strangers = orders.filter { $0.state == "confirmed" && !ours.contains($0.order) }
            if !strangers.isEmpty, history.fansGivenUp == 0 {
                faults.append("\(strangers.count) confirmed orders were reported to no fan")
            }
        }
        return faults
    }

    private func soldSeats() -> [String] {
        let shown = Set(zip(seatNames, availability).filter { $0.1 == "x" }.map(\.0))
        let sold = Set(orders.filter { $0.state == "confirmed" }.flatMap { $0.tickets.compactMap(\.seat) })
        return shown == sold
            ? [] : ["availability shows \(shown.count) seats sold, the orders have \(sold.count), or other seats"]
    }
}
