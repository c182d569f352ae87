import OnsaleRedis
import OnsaleValues
import Synchronization

/// Writes to Redis who listens at this node, and reads who listens at the others.
final class PresencePost: Sendable {
    static let livesSeconds = 45
    /// A roster that has stood still for so long is not written any more.
    private static let staleMilliseconds: Int64 = 12_000
    /// So many values of 2 MiB at most are read at a time.
    private static let keysMax = 24

    private struct State {
        var written: [String: [UInt8]] = [:]
        var edition = UInt64.random(in: 0 ... .max / 2)
        /// The last edition of each node's roster, and since when it has been known.
        var editions: [String: (edition: UInt64, at: Int64)] = [:]
    }

    private let client: RedisClient
    private let seal: Seal
    private let node: String
    private let state = Mutex(State())

    init(_ client: RedisClient, seal: Seal, node: String) {
        self.client = client
        self.seal = seal
        self.node = node
    }

    // MARK: Writing

    /// Writes what has changed, or everything, and then the roster.
    /// - Returns: how many sets were written, and how many could not be. If any could not, there is no roster, and the
    ///   owners ask this node itself.
    func write(_ board: PresenceBoard, all: Bool) async -> (written: Int, failed: Int) {
        let events = board.listened
        let before = state.withLock { state in
            defer { state.written = [:] }
            return state.written
        }
        var kept: [String: [UInt8]] = [:]
        var (written, failed) = (0, 0)
        for event in events {
            guard let bytes = board.listeners(to: event)?.bytes else { continue }
            if !all, before[event] == bytes {
                kept[event] = bytes
            } else if await put(bytes, RedisNames.present(at: node, to: event)) {
                kept[event] = bytes
                written += 1
            } else {
                failed += 1
            }
        }
        let edition = state.withLock { [kept] state in
            state.written = kept
            state.edition += 1
            return state.edition
        }
        let roster = Roster(edition: edition, events: kept.keys.sorted()).bytes
        guard failed == 0, roster.count <= Roster.bytesMax else { return (written, failed) }
        if await !put(roster, RedisNames.roster(of: node)) { failed += 1 }
        return (written, failed)
    }

    private func put(_ bytes: [UInt8], _ key: String) async -> Bool {
        do {
            try await client.set(key, to: seal.seal(bytes, at: key), forSeconds: PresencePost.livesSeconds)
            return true
        } catch { return false }
    }

    // MARK: Reading

    /// What Redis has of some nodes' listeners.
    struct Reading {
        var listeners: [(event: String, numbers: BitPages)] = []
        /// What it doesn't have, though there may be somebody: the nodes have to be asked themselves.
        var missing: [String: [String]] = [:]
    }

    /// - Parameters:
    ///   - nodes: by name.
    ///   - now: milliseconds of this process's monotonic clock.
    func read(_ events: [String], at nodes: [String], now: Int64) async -> Reading {
        var reading = Reading()
        guard let rosters = await values(nodes.map(RedisNames.roster)) else {
            for node in nodes { reading.missing[node] = events }
            return reading
        }
        var wanted: [(node: String, event: String)] = []
        for (node, bytes) in zip(nodes, rosters) {
            guard let roster = bytes.flatMap(Roster.init), isFresh(roster, of: node, now: now) else {
                reading.missing[node] = events
                continue
            }
            let listened = Set(roster.events)
            wanted += events.filter(listened.contains).map { (node, $0) }
        }
        for start in stride(from: 0, to: wanted.count, by: PresencePost.keysMax) {
            let some = wanted[start..<min(start + PresencePost.keysMax, wanted.count)]
            let sets = await values(some.map { RedisNames.present(at: $0.node, to: $0.event) })
            for (index, place) in some.enumerated() {
                if let numbers = sets?[index].flatMap(PresenceWire.numbers) {
                    reading.listeners.append((place.event, numbers))
                } else {
                    reading.missing[place.node, default: []].append(place.event)
                }
            }
        }
        return reading
    }

    private func isFresh(_ roster: Roster, of node: String, now: Int64) -> Bool {
        state.withLock { state in
            guard let known = state.editions[node], known.edition == roster.edition else {
                state.editions[node] = (roster.edition, now)
                return true
            }
            return now - known.at <= PresencePost.staleMilliseconds
        }
    }

    /// nil if Redis gives no answer; a value is nil unless a node sealed it.
    private func values(_ keys: [String]) async -> [[UInt8]?]? {
        guard let sealed = try? await client.mget(keys) else { return nil }
        return zip(keys, sealed).map { key, bytes in bytes.flatMap { seal.open($0, at: key) } }
    }
}
