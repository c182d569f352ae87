import OnsaleValues
import Synchronization

/// A loaded event as the rest of the process sees it: an inbox for requests, and the published view.
public final class EventHandle: Sendable {
    private struct Inbox {
        var lanes: [[Envelope]] = Lane.allCases.map { _ in [] }
        /// Whether the loop knows that something waits.
        var isListed = false
        var door = Door.open
        /// The epoch under which the event is written here; 0 where nobody shares the journal.
        var epoch: UInt64 = 0
        /// Whether it is in doubt that the event is written here; what comes in waits.
        var isInDoubt = false
    }

    private enum Door {
        case open
        /// The event has been unloaded, so callers must look it up again.
        case closed
        /// Another node writes the event.
        case elsewhere
    }

    enum Refused: Error {
        case full(retryAfterSeconds: Int)
        case closed
        case elsewhere
    }

    public let id: String
    /// The event's tag, which is part of its orders' public IDs.
    let tag: UInt64
    private let inbox: Mutex<Inbox>
    private let published: Mutex<EventView>
    private let limits: EngineLimits
    /// Buyers with orders here.
    private let ordering: Mutex<Set<BuyerID>>

    /// - Parameter isHere: whether it is written here.
    init(id: String, view: EventView, buyers: [BuyerID] = [], limits: EngineLimits, isHere: Bool = true) {
        inbox = Mutex(Inbox(door: isHere ? .open : .elsewhere))
        ordering = Mutex(Set(buyers))
        self.id = id
        self.limits = limits
        tag = view.definition.tag
        published = Mutex(view)
    }

    /// The newest published copy. Never waits for the writer.
    public var view: EventView {
        published.withLock { $0 }
    }

    /// Whether the buyer has orders here.
    func hasOrders(of buyer: BuyerID) -> Bool {
        ordering.withLock { $0.contains(buyer) }
    }

    func noteOrders(of buyers: [BuyerID]) {
        if !buyers.isEmpty { ordering.withLock { $0.formUnion(buyers) } }
    }

    /// Replaces the view, unless that shows more already: an owner may learn late what became of its last batch.
    func publish(_ view: EventView) {
        published.withLock { published in
            if view.lastSequence >= published.lastSequence { published = view }
        }
    }

    /// Puts an envelope into its lane.
    /// - Returns: whether the caller must tell the loop.
    func put(_ envelope: Envelope, lane: Lane) throws(Refused) -> Bool {
        try inbox.withLock { inbox throws(Refused) in
            switch inbox.door {
            case .open: break
            case .closed: throw .closed
            case .elsewhere: throw .elsewhere
            }
            guard inbox.lanes[lane.rawValue].count < limits.laneMax[lane.rawValue] else {
                throw .full(retryAfterSeconds: 1)
            }
            inbox.lanes[lane.rawValue].append(envelope)
            defer { inbox.isListed = true }
            return !inbox.isListed
        }
    }

    /// Takes the next batch: up to its share from each lane, in lane order.
    /// - Parameter depths: by lane; what waited here is added.
    /// - Returns: the envelopes, and whether more are waiting.
    func take(_ depths: inout [Int]) -> (envelopes: [Envelope], isMoreWaiting: Bool) {
        inbox.withLock { inbox in
            var taken: [Envelope] = []
            var isMoreWaiting = false
            for lane in inbox.lanes.indices { depths[lane] += inbox.lanes[lane].count }
            for lane in inbox.lanes.indices where !inbox.lanes[lane].isEmpty {
                let share = limits.laneShare[lane]
                if inbox.lanes[lane].count <= share {
                    if taken.isEmpty {
                        swap(&taken, &inbox.lanes[lane])
                    } else {
                        taken += inbox.lanes[lane]
                        inbox.lanes[lane].removeAll(keepingCapacity: true)
                    }
                } else {
                    taken += inbox.lanes[lane].prefix(share)
                    inbox.lanes[lane].removeFirst(share)
                    isMoreWaiting = true
                }
            }
            inbox.isListed = isMoreWaiting
            return (taken, isMoreWaiting)
        }
    }

    /// Closes the inbox if it is empty.
    /// - Returns: whether it is closed now.
    func closeIfEmpty() -> Bool {
        inbox.withLock { inbox in
            guard inbox.lanes.allSatisfy(\.isEmpty) else { return false }
            inbox.door = .closed
            return true
        }
    }

    /// Closes the inbox and returns what was waiting.
    func close() -> [Envelope] {
        empty(leaving: .closed)
    }

    /// Another node writes the event from now on.
    /// - Returns: what was waiting.
    func leave() -> [Envelope] {
        empty(leaving: .elsewhere)
    }

    /// Empties the inbox without closing it.
    func clear() -> [Envelope] {
        empty(leaving: .open)
    }

    private func empty(leaving door: Door) -> [Envelope] {
        inbox.withLock { inbox in
            inbox.door = door
            inbox.isListed = false
            defer { inbox.lanes = Lane.allCases.map { _ in [] } }
            return inbox.lanes.flatMap { $0 }
        }
    }

    /// The event is written here from now on.
    func open(epoch: UInt64) {
        inbox.withLock { inbox in
            inbox.door = .open
            inbox.epoch = epoch
            inbox.isInDoubt = false
        }
    }

    /// It is in doubt that the event is written here. Until that is settled nobody may act for it.
    func doubt() {
        inbox.withLock { $0.isInDoubt = true }
    }

    /// It is known that an epoch has begun that is another's, unless this node writes under that one or a later one.
    func doubt(before epoch: UInt64) {
        inbox.withLock { if $0.epoch < epoch { $0.isInDoubt = true } }
    }

    /// Whether the event is written here, or may be.
    var isHere: Bool { inbox.withLock { $0.door != .elsewhere } }

    var isInDoubt: Bool { inbox.withLock { $0.isInDoubt } }

    /// The epoch under which the event is written here; nil while it isn't, or while that is in doubt.
    var epoch: UInt64? { inbox.withLock { $0.door == .open && !$0.isInDoubt ? $0.epoch : nil } }
}
