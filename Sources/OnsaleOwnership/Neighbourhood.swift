public import OnsaleValues

/// A node as the registry has it.
public struct RegisteredNode: Hashable, Sendable {
    public let id: NodeID
    /// How other nodes reach it.
    public let url: String
    /// Whether it owns events, or only serves pages, lines and streams.
    public let sells: Bool
    /// Grows while the node is well.
    public let beat: UInt64
    /// Whether its session with the database stands. It ends with the process, but outlives one that is stopped.
    public let isConnected: Bool
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z, by the database's clock.
    public let since: Timestamp

    public init(id: NodeID, url: String, sells: Bool, beat: UInt64, isConnected: Bool, since: Timestamp) {
        self.id = id
        self.url = url
        self.sells = sells
        self.beat = beat
        self.isConnected = isConnected
        self.since = since
    }
}

/// The nodes around this one, and whether each is alive. Pure: moments are milliseconds of this node's own monotonic
/// clock, and nobody else's clock counts.
public struct Neighbourhood: Sendable {
    /// A node that shows no beat for so long counts as silent, whatever the database says of its session.
    public static let silenceMilliseconds: Int64 = 2000
    /// A node must be well for so long before events are handed to it.
    public static let settlingMilliseconds: Int64 = 5000
    /// The longest that this grows to for a node that is well by the registry, and doesn't answer.
    static let settlingMillisecondsMax: Int64 = 600_000
    /// How long a node that didn't answer counts as silent.
    static let muteMilliseconds: Int64 = 10_000
    /// The next in line waits so long for the one before to take an event.
    public static let turnMilliseconds: Int64 = 1000

    private struct Neighbour {
        var node: RegisteredNode
        /// When the beat was last seen to move.
        var beatAt: Int64
        /// Since when it has been well without a break.
        var wellSince: Int64
        /// Until when it counts as silent, since it didn't answer another node's questions.
        var mutedUntil: Int64 = .min
        /// Until when its events may be taken though its beat goes on, and from when on that may be so again.
        var seizableUntil: Int64 = .min
        var nextSeizure: Int64 = .min
        /// Which have been taken in that time. It may take them back: it doesn't reach this node either.
        var seized: Set<String> = []
        /// How long it must be well before events are handed to it.
        var settling = Neighbourhood.settlingMilliseconds
    }

    public let node: NodeID
    private var neighbours: [NodeID: Neighbour] = [:]
    /// Since when each owner has been missing, by its id.
    private var missingSince: [NodeID: Int64] = [:]
    /// When the registry was last reached.
    public private(set) var seenAt: Int64?

    public init(node: NodeID) {
        self.node = node
    }

    /// Takes in what the registry says.
    /// - Parameter askedAt: when it was asked, so that what is known is never younger than it seems.
    public mutating func see(_ nodes: [RegisteredNode], askedAt now: Int64) {
        // Silence that nobody listened to is none.
        let wasAway = seenAt.map { now - $0 > Neighbourhood.silenceMilliseconds / 2 } ?? true
        seenAt = now
        var next: [NodeID: Neighbour] = [:]
        for node in nodes {
            guard var known = neighbours[node.id] else {
                next[node.id] = Neighbour(node: node, beatAt: now, wellSince: now)
                continue
            }
            if node.beat != known.node.beat || wasAway { known.beatAt = now }
            known.node = node
            if !isWell(known, now) { known.wellSince = now }
            if now - known.wellSince > 2 * Neighbourhood.settlingMillisecondsMax {
                known.settling = Neighbourhood.settlingMilliseconds
            }
            next[node.id] = known
        }
        neighbours = next
        for id in missingSince.keys where isWell(id, at: now) { missingSince[id] = nil }
    }

    /// A node didn't answer in time though the registry says it is well. For a while it counts as silent.
    ///
    /// If only the way to it is broken, others still see it well, and events would go back and forth for ever. So each
    /// time it must be well for twice as long before this node hands events to it, and it is twice as long until this
    /// node takes its events again.
    /// - Returns: whether it counted as well until now.
    public mutating func mute(_ id: NodeID, at now: Int64) -> Bool {
        guard var known = neighbours[id], known.mutedUntil <= now else { return false }
        known.mutedUntil = now + Neighbourhood.muteMilliseconds
        known.settling = min(known.settling * 2, Neighbourhood.settlingMillisecondsMax)
        if now >= known.nextSeizure {
            known.seizableUntil = known.mutedUntil
            known.seized = []
            known.nextSeizure = known.mutedUntil + known.settling
        }
        neighbours[id] = known
        return true
    }

    /// This node has taken an event from another.
    public mutating func noteTaken(_ event: String, from id: NodeID) {
        neighbours[id]?.seized.insert(event)
    }

    /// Whether a node shows no beat, so that its sessions are of no use to anybody.
    public func isSilent(_ id: NodeID, at now: Int64) -> Bool {
        neighbours[id].map { silence(of: $0, now) > Neighbourhood.silenceMilliseconds } ?? true
    }

    /// Whether this node has heard from the registry lately. When it hasn't, others may have taken its events.
    public func isInDoubt(at now: Int64) -> Bool {
        seenAt.map { now - $0 > Neighbourhood.silenceMilliseconds } ?? true
    }

    public func isWell(_ id: NodeID, at now: Int64) -> Bool {
        neighbours[id].map { isWell($0, now) } ?? false
    }

    /// Silence counts as far as anybody has listened: until the registry was reached last.
    private func isWell(_ neighbour: Neighbour, _ now: Int64) -> Bool {
        isBeating(neighbour, now) && neighbour.mutedUntil <= now
    }

    /// Whether others should take this event of a node's.
    private func isMissing(_ id: NodeID, of event: String, at now: Int64) -> Bool {
        guard let neighbour = neighbours[id], isBeating(neighbour, now) else { return true }
        return now < min(neighbour.mutedUntil, neighbour.seizableUntil) && !neighbour.seized.contains(event)
    }

    private func isBeating(_ neighbour: Neighbour, _ now: Int64) -> Bool {
        neighbour.node.isConnected && silence(of: neighbour, now) <= Neighbourhood.silenceMilliseconds
    }

    private func silence(of neighbour: Neighbour, _ now: Int64) -> Int64 {
        min(now, seenAt ?? now) - neighbour.beatAt
    }

    /// The other nodes that are well, by name.
    public func others(at now: Int64) -> [RegisteredNode] {
        neighbours.values.filter { $0.node.id != node && isWell($0, now) }.map(\.node)
            .sorted { $0.id < $1.id }
    }

    /// The other nodes that don't answer this one though the registry says that they are well, by name.
    public func muted(at now: Int64) -> [RegisteredNode] {
        neighbours.values.filter { $0.node.id != node && isBeating($0, now) && !isWell($0, now) }.map(\.node)
            .sorted { $0.id < $1.id }
    }

    /// All nodes that the registry knows, by name.
    public var all: [RegisteredNode] { neighbours.values.map(\.node).sorted { $0.id < $1.id } }

    public func find(_ id: NodeID) -> RegisteredNode? { neighbours[id]?.node }

    // MARK: Whose turn it is

    /// Whether this node should take an event whose owner is missing.
    public mutating func mayClaim(_ event: String, ownedBy owner: NodeID?, at now: Int64) -> Bool {
        guard !isInDoubt(at: now) else { return false }
        var since = now
        if let owner {
            guard isMissing(owner, of: event, at: now) else {
                missingSince[owner] = nil
                return false
            }
            since = missingSince[owner] ?? now
            missingSince[owner] = since
        }
        guard let rank = heirs(of: event, at: now).firstIndex(of: node) else { return false }
        return now - since >= Int64(rank) * Neighbourhood.turnMilliseconds
    }

    /// The node that should own an event of this one's instead; nil if it is well placed here.
    /// - Parameter refused: nodes that can't have it.
    public func betterOwner(of event: String, at now: Int64, except refused: Set<NodeID> = []) -> NodeID? {
        let heir = Heirs.order(of: event, among: settled(at: now).filter { !refused.contains($0) }).first
        return heir == node ? nil : heir
    }

    /// To whom this node leaves an event when it stops.
    public func successor(of event: String, at now: Int64) -> NodeID? {
        heirs(of: event, at: now).first { $0 != node }
    }

    private func heirs(of event: String, at now: Int64) -> [NodeID] {
        let well = neighbours.values.filter { $0.node.sells && isWell($0, now) }
        return Heirs.order(of: event, among: well.map(\.node.id))
    }

    private func settled(at now: Int64) -> [NodeID] {
        neighbours.values.filter { neighbour in
            neighbour.node.sells && isWell(neighbour, now)
                && (neighbour.node.id == node || now - neighbour.wellSince >= neighbour.settling)
        }.map(\.node.id)
    }
}
