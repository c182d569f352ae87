import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

@testable import OnsaleEngine

/// What the crowd has been told. Answers are promises, so all of it must be in the journal at the end.
final class Crowd: Sendable {
    struct Told {
        var places: [String: [Int: PlaceID]] = [:]
        var passes: [String: [Int: PassID]] = [:]
        var holds: [String: [Hold]] = [:]
        var orders: [String: [Order]] = [:]
        /// How often each event's creation was confirmed.
        var created: [String: Int] = [:]
        /// To whom each request was put in the end.
        var sentTo: [Int: NodeID] = [:]
        /// What only a bug could bring about, seen on the way.
        var findings: [String] = []
        /// How often the request with each number was answered.
        var answers: [Int: Int] = [:]
        /// What each idempotency key was answered with.
        var byKey: [Int: Set<String>] = [:]
        /// Requests to be repeated with their key.
        var unanswered: [Request] = []
        /// When each event first sold after the faults had stopped.
        var soldAgainAt: [String: Int64] = [:]
    }

    let told = Mutex(Told())
}

/// A request that can be sent to any node, and again.
struct Request: Sendable {
    enum Wish: Sendable {
        case join(Int)
        case claim(Int, PlaceID)
        case hold(Int, PassID, seats: [UInt32], key: Int)
        case order(Hold, method: String, waits: Bool, key: Int)
        case cancel(Order)
        /// Has an order's first ticket taken back, of several.
        case part(Order)
        /// Changes what places cost from then on.
        case price(Int64)
        case look
        /// A join after the faults, to see whether the event sells.
        case probe(Int, at: Int64)
    }

    let number: Int
    let event: String
    let wish: Wish
    var repeats = 0
}
