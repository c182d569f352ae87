import Foundation
import Logging
import OnsaleOwnership
package import OnsaleValues
import Synchronization

/// This process as one of the nodes that share a journal.
package struct Membership: Sendable {
    package let node: NodeID
    package let registry: any NodeRegistry
    /// Whether it takes events, or only serves what others sell.
    package let sells: Bool

    package init(node: NodeID, registry: any NodeRegistry, sells: Bool) {
        self.node = node
        self.registry = registry
        self.sells = sells
    }
}

/// Drives a ``Steward`` in the program: one thread looks at the registry, so that the node's beat doesn't depend on
/// anything else, and one makes the steward's turns.
final class ClusterMember: Sendable {
    private static let lookMilliseconds: Int64 = 250
    private static let turnMilliseconds: Int64 = 100
    /// How long the others are given to take over when this node stops.
    private static let leaveMilliseconds: Int64 = 4000

    let node: NodeID
    let lease: Lease
    let inbox: StewardInbox
    private let membership: Membership
    private let clock: any WallClock
    private let logger: Logger
    private let health: @Sendable () -> WriterHealth
    private let state = Mutex(State())
    private let looked = Bell()
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var sighting: Sighting?
        var isAway = false
        /// What kind of error the last look that failed ended with.
        var reason = ""
        /// Whether every event has been read at least once.
        var isReady = false
        var isLeaving = false
        var hasLeft = false
        /// Nodes whose sessions have been ended already.
        var ended: Set<NodeID> = []
        /// Those who wait for news, by what they have waited for: a look that has begun, or one that hasn't.
        var waiting: [CheckedContinuation<Bool, Never>] = []
        var askedFor: [CheckedContinuation<Bool, Never>] = []
        var seen: [CheckedContinuation<Bool, Never>] = []
        var answered: [CheckedContinuation<Bool, Never>] = []
    }

    /// The most who may wait for news.
    private static let waitersMax = 1000

    init(
        _ membership: Membership, lease: Lease, inbox: StewardInbox, clock: any WallClock,
        health: @escaping @Sendable () -> WriterHealth, logger: Logger
    ) {
        node = membership.node
        self.membership = membership
        self.lease = lease
        self.inbox = inbox
        self.clock = clock
        self.health = health
        self.logger = logger
    }

    /// Milliseconds of the clock that nobody sets. It goes on while the process is stopped.
    static var now: Int64 { SystemClock.uptimeMilliseconds() }

    /// Whether this node has heard from the others lately.
    var isInTouch: Bool { lease.isValid(at: ClusterMember.now) }

    /// Whether every event has been read.
    var isReady: Bool { state.withLock { $0.isReady } }

    /// Waits until the registry has been looked at anew, and what was new has been read.
    /// - Returns: false if it could not be looked at.
    func nextNews() async -> Bool {
        await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let isWaiting = state.withLock { state in
                let count = state.waiting.count + state.askedFor.count + state.seen.count + state.answered.count
                guard count < ClusterMember.waitersMax, !state.hasLeft else { return false }
                state.waiting.append(continuation)
                return true
            }
            if !isWaiting { continuation.resume(returning: false) }
        }
    }

    /// Lets go of those whom the last turn has answered.
    private func release(all: Bool = false) {
        let (answered, others) = state.withLock { state in
            defer {
                state.answered.removeAll()
                if all {
                    state.waiting.removeAll()
                    state.askedFor.removeAll()
                    state.seen.removeAll()
                }
            }
            return (state.answered, all ? state.waiting + state.askedFor + state.seen : [])
        }
        for continuation in answered { continuation.resume(returning: true) }
        for continuation in others { continuation.resume(returning: false) }
    }

    func start(_ makeLookout: @escaping @Sendable () -> Lookout, _ makeSteward: @escaping @Sendable () -> Steward) {
        let looker = Thread { [self] in look(makeLookout()) }
        looker.name = "onsale.registry"
        looker.start()
        let keeper = Thread { [self] in keep(makeSteward()) }
        keeper.name = "onsale.steward"
        keeper.stackSize = 8 << 20
        keeper.start()
    }

    /// Leaves this node's events to the others, and the registry.
    func leave() async {
        let isFirst = state.withLock { state in
            defer { state.isLeaving = true }
            return !state.isLeaving
        }
        guard isFirst else { return }
        inbox.put(.close)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async { [self] in
                ended.wait()
                ended.wait()
                continuation.resume()
            }
        }
    }

    // MARK: The registry

    private func look(_ lookout: consuming Lookout) {
        var lookout = lookout
        while !state.withLock({ $0.hasLeft }) {
            let askedAt = ClusterMember.now
            do {
                let (isReady, isLeaving) = state.withLock { state in
                    state.askedFor += state.waiting
                    state.waiting.removeAll()
                    return (state.isReady, state.isLeaving)
                }
                let isWell: Bool
                if case .stuck = health() { isWell = false } else { isWell = true }
                let (nodes, heads) = try membership.registry.look(
                    isWell: isWell, sells: membership.sells && isReady && !isLeaving)
                let sighting = Sighting(nodes: nodes, heads: heads, askedAt: askedAt)
                lookout.heed(sighting)
                let wasAway = state.withLock { state in
                    state.sighting = sighting
                    state.seen += state.askedFor
                    state.askedFor.removeAll()
                    defer { state.isAway = false }
                    return state.isAway
                }
                if wasAway { logger.notice("The registry of nodes is reached again") }
                inbox.ring()
            } catch {
                // A database that is away, and then is another one, are two things to know.
                let reason = "\(type(of: error))"
                let (isNew, disappointed) = state.withLock { state in
                    defer {
                        state.isAway = true
                        state.reason = reason
                        state.askedFor.removeAll()
                    }
                    return (!state.isAway || state.reason != reason, state.askedFor)
                }
                for continuation in disappointed { continuation.resume(returning: false) }
                if isNew {
                    logger.error("The registry of nodes can't be reached", metadata: ["error": "\(error)"])
                }
            }
            looked.wait(atMost: max(1, ClusterMember.lookMilliseconds - (ClusterMember.now - askedAt)))
        }
        do { try membership.registry.leave() } catch {
            logger.warning("The registry of nodes was not told of the end", metadata: ["error": "\(error)"])
        }
        ended.signal()
    }

    // MARK: The steward

    private func keep(_ steward: Steward) {
        var leaveBy: Int64?
        var nextTurn = ClusterMember.now
        while true {
            inbox.wait(atMost: max(1, nextTurn - ClusterMember.now))
            // What is heard comes often; a whole turn looks at every event.
            if inbox.hasOnlyHearsay, ClusterMember.now < nextTurn,
                state.withLock({ $0.sighting == nil && !$0.isLeaving })
            {
                steward.hear(now: ClusterMember.now, wall: clock.now())
                continue
            }
            nextTurn = ClusterMember.now + ClusterMember.turnMilliseconds
            let (sighting, isLeaving) = state.withLock { state in
                defer { state.sighting = nil }
                // Whoever waits for this sighting is let go when the turn has used it.
                state.answered += state.seen
                state.seen.removeAll()
                return (state.sighting, state.isLeaving)
            }
            let now = ClusterMember.now
            steward.turn(sighting, now: now, wall: clock.now())
            release()
            if steward.hasReadAll { state.withLock { $0.isReady = true } }
            endSilent(steward)
            guard isLeaving else { continue }
            let limit = leaveBy ?? now + ClusterMember.leaveMilliseconds
            leaveBy = limit
            guard steward.isEmpty || now >= limit else { continue }
            state.withLock { $0.hasLeft = true }
            inbox.close()
            release(all: true)
            looked.ring()
            ended.signal()
            return
        }
    }

    /// Ends the sessions of nodes whose events were taken though they still had one.
    private func endSilent(_ steward: Steward) {
        for node in steward.takeDeposed() {
            let isNew = state.withLock { $0.ended.insert(node).inserted }
            guard isNew else { continue }
            do { try membership.registry.end(node) } catch {
                logger.warning(
                    "The sessions of a silent node could not be ended",
                    metadata: ["node": "\(node)", "error": "\(error)"])
            }
        }
    }
}
