import OnsaleOwnership
import OnsaleValues
import Seeded
import Synchronization

@testable import OnsaleEngine

/// The database that all nodes share, on a network that delays, loses and repeats nothing it shouldn't, but everything
/// a real one may: a commit may arrive long after its sender has given up on it.
final class SimulatedDatabase: Sendable {
    /// How likely trouble is; all zero once faults have stopped.
    struct Trouble: Sendable {
        var slow = 0.0
        var lostRequest = 0.0
        var lostAnswer = 0.0
        var unreadable = 0.0
        /// How often reading breaks off after some rows.
        var brokenRead = 0.0
        /// How often the registry takes its time.
        var slowLook = 0.0
        /// How often a snapshot doesn't fit the journal.
        var unfitSnapshot = 0.0
    }

    /// An append on its way.
    private struct Pending {
        enum Phase { case sent, holding, ended }

        let sender: NodeID
        var rows: [JournalRow]
        let claimant: NodeID?
        var arrivesAt: Int64
        var commitsAt: Int64
        /// When the answer arrives; nil if it is lost.
        let answersAt: Int64?
        let givesUpAt: Int64
        var phase = Phase.sent
        var outcomes: [AppendOutcome] = []
        /// nil once the sender has been told.
        var done: (@Sendable ([AppendOutcome]) -> Void)?
        /// The rows whose heads it holds, by index.
        var held: [Int] = []
    }

    private struct State {
        var random: SeededRandom
        var now: Int64 = 0
        var pending: [Pending] = []
        var trouble = Trouble()
        /// Until when each node can't reach the database.
        var cutUntil: [NodeID: Int64] = [:]
        /// Until when there is no room.
        var fullUntil: Int64 = .min
        var registry: [NodeID: RegisteredNode] = [:]
        var goneAt: [NodeID: Int64] = [:]
        /// Those that never take events.
        var edges: Set<NodeID> = []
        var owners: [String: NodeID] = [:]
        /// How often each event went from one node to another.
        var moves: [String: Int] = [:]
        /// When each event's last epoch began.
        var epochs: [String: (epoch: UInt64, at: Int64)] = [:]
        /// Until when each node can't read an event.
        var blindUntil: [NodeID: [String: Int64]] = [:]
        /// Until when each node doesn't reach another, whose beat it sees.
        var deafUntil: [NodeID: [NodeID: Int64]] = [:]
        /// Since when each node has looked at the registry without a break, and when last.
        var looks: [NodeID: (since: Int64, last: Int64)] = [:]
        /// What only a bug could bring about.
        var findings: [String] = []
    }

    struct Unreachable: Error {}

    /// What has been committed.
    let committed = MemoryJournal()
    private let state: Mutex<State>

    /// How long a sender waits for an answer, in milliseconds.
    static let patience: Int64 = 2000
    /// Whoever has shown itself to all for so long, in milliseconds, is well in everybody's eyes.
    private static let wellMilliseconds: Int64 = 4500
    /// Between two looks there is less, or others may call it silence.
    private static let breakMilliseconds: Int64 = 800

    init(seed: UInt64) {
        state = Mutex(State(random: SeededRandom(seed: seed)))
    }

    func setTrouble(_ trouble: Trouble) { state.withLock { $0.trouble = trouble } }
    /// What a node can't read, since its memory or its version is at fault.
    func blind(_ node: NodeID, to event: String, until: Int64) {
        state.withLock { $0.blindUntil[node, default: [:]][event] = until }
    }
    func checkSight(_ node: NodeID, of event: String) throws {
        guard state.withLock({ $0.blindUntil[node]?[event] ?? .min > $0.now }) else { return }
        throw JournalDamage.factUnreadable(partition: event, sequence: 1)
    }
    func moves(of event: String) -> Int { state.withLock { $0.moves[event] ?? 0 } }
    func noteDeaf(_ node: NodeID, to other: NodeID, until: Int64) {
        state.withLock { $0.deafUntil[node, default: [:]][other] = until }
    }
    func cut(_ node: NodeID, until: Int64) { state.withLock { $0.cutUntil[node] = until } }
    func fill(until: Int64) { state.withLock { $0.fullUntil = until } }
    var findings: [String] { state.withLock { $0.findings } }
    func heal() {
        state.withLock { state in
            state.trouble = Trouble()
            state.cutUntil.removeAll()
            state.fullUntil = .min
            // What takes its time was a fault, too.
            for index in state.pending.indices where state.pending[index].arrivesAt < .max {
                state.pending[index].arrivesAt = min(state.pending[index].arrivesAt, state.now + 1000)
                state.pending[index].commitsAt = min(state.pending[index].commitsAt, state.now + 2000)
            }
        }
    }

    // MARK: Time

    /// Lets everything happen that is due.
    func advance(to now: Int64) {
        var calls: [(@Sendable ([AppendOutcome]) -> Void, [AppendOutcome])] = []
        state.withLock { state in
            state.now = now
            for index in state.pending.indices { progress(index, now, &state) }
            for index in state.pending.indices {
                guard let done = state.pending[index].done else { continue }
                let pending = state.pending[index]
                if let answersAt = pending.answersAt, answersAt <= now, pending.phase == .ended {
                    calls.append((done, pending.outcomes))
                } else if pending.givesUpAt <= now {
                    calls.append((done, pending.rows.map { _ in .unknown(Unreachable()) }))
                } else {
                    continue
                }
                state.pending[index].done = nil
            }
            state.pending.removeAll { $0.phase == .ended && $0.done == nil }
            for (node, at) in state.goneAt where at + 10_000 < now { state.registry[node] = nil }
        }
        for (done, outcomes) in calls { done(outcomes) }
    }

    private func progress(_ index: Int, _ now: Int64, _ state: inout State) {
        if state.pending[index].phase == .sent, state.pending[index].arrivesAt <= now { arrive(index, &state) }
        if state.pending[index].phase == .holding, state.pending[index].commitsAt <= now {
            commit(index, &state)
        }
    }

    /// Takes the heads that nobody holds; never waits for the others.
    private func arrive(_ index: Int, _ state: inout State) {
        let taken = Set(
            state.pending.filter { $0.phase == .holding }.flatMap { pending in
                pending.held.map { pending.rows[$0].partition }
            })
        let rows = state.pending[index].rows
        state.pending[index].held = rows.indices.filter { !taken.contains(rows[$0].partition) }
        state.pending[index].phase = .holding
    }

    private func commit(_ index: Int, _ state: inout State) {
        let pending = state.pending[index]
        var outcomes = pending.rows.map { _ in AppendOutcome.notAtHead }
        for held in pending.held {
            let row = pending.rows[held]
            outcomes[held] = apply(row, claimant: pending.claimant, from: pending.sender, &state)
        }
        state.pending[index].outcomes = outcomes
        state.pending[index].phase = .ended
    }

    private func apply(
        _ row: JournalRow, claimant: NodeID?, from sender: NodeID, _ state: inout State
    ) -> AppendOutcome {
        if state.fullUntil > state.now { return .full }
        let owner = state.owners[row.partition]
        guard let claimant else {
            let box = Box()
            committed.append([row]) { outcomes in box.outcome.withLock { $0 = outcomes[0] } }
            let outcome = box.outcome.withLock { $0 }
            if case .committed = outcome, owner != sender {
                let whose = owner.map { "\($0)" } ?? "nobody"
                state.findings.append("\(row.partition): a row of \(sender) came in under an epoch of \(whose)")
            }
            return outcome
        }
        let outcome = committed.claim(row, owner: claimant)
        if case .committed = outcome {
            if state.edges.contains(claimant) {
                state.findings.append("\(row.partition): given to \(claimant), which doesn't sell")
            }
            if let owner, owner != claimant { state.moves[row.partition, default: 0] += 1 }
            state.owners[row.partition] = claimant
            state.epochs[row.partition] = (row.epoch, state.now)
        }
        return outcome
    }

    private final class Box: Sendable { let outcome = Mutex(AppendOutcome.notAtHead) }

    // MARK: Journal

    func append(_ rows: [JournalRow], from node: NodeID, _ done: @escaping @Sendable ([AppendOutcome]) -> Void) {
        let isRefused = state.withLock { state in
            let now = state.now
            if state.cutUntil[node] ?? .min > now, state.random.happens(0.5) { return true }
            state.pending.append(journey(of: rows, claimant: nil, from: node, done, &state))
            return false
        }
        if isRefused { done(rows.map { _ in .unavailable(Unreachable()) }) }
    }

    private func journey(
        of rows: [JournalRow], claimant: NodeID?, from node: NodeID,
        _ done: (@Sendable ([AppendOutcome]) -> Void)?, _ state: inout State
    ) -> Pending {
        let now = state.now
        let trouble = state.trouble
        let isCut = state.cutUntil[node] ?? .min > now
        func delay() -> Int64 {
            let isSlow = state.random.happens(trouble.slow)
            return Int64.random(in: 1...(isSlow ? 4000 : 12), using: &state.random)
        }
        let arrives = now + delay()
        let commits = arrives + delay()
        let isLost = isCut || state.random.happens(trouble.lostRequest)
        let answer = isCut || state.random.happens(trouble.lostAnswer) ? nil : commits + delay()
        return Pending(
            sender: node, rows: rows, claimant: claimant, arrivesAt: isLost ? .max : arrives, commitsAt: commits,
            answersAt: answer, givesUpAt: now + SimulatedDatabase.patience, done: done)
    }

    func claim(_ row: JournalRow, owner: NodeID, from node: NodeID) -> AppendOutcome {
        state.withLock { state in
            let isCut = state.cutUntil[node] ?? .min > state.now
            if isCut { return state.random.happens(0.5) ? .unavailable(Unreachable()) : .unknown(Unreachable()) }
            if state.random.happens(state.trouble.lostRequest) { return .unknown(Unreachable()) }
            if state.random.happens(state.trouble.slow) {
                // It goes on without its sender, and may arrive long after.
                state.pending.append(journey(of: [row], claimant: owner, from: node, nil, &state))
                return .unknown(Unreachable())
            }
            let previous = state.owners[row.partition]
            // It waits for whoever holds the head: they commit, or their connection breaks.
            for index in state.pending.indices
            where state.pending[index].phase == .holding
                && state.pending[index].held.contains(where: {
                    state.pending[index].rows[$0].partition == row.partition
                })
            {
                if state.random.happens(0.6) {
                    commit(index, &state)
                } else {
                    state.pending[index].phase = .ended
                    state.pending[index].outcomes = state.pending[index].rows.map { _ in .unknown(Unreachable()) }
                }
            }
            let outcome = apply(row, claimant: owner, from: node, &state)
            if case .committed = outcome, let previous, previous != node { judge(row, previous, node, &state) }
            return state.random.happens(state.trouble.lostAnswer) ? .unknown(Unreachable()) : outcome
        }
    }

    /// Nobody may lose an event while all could see that it is well.
    private func judge(_ row: JournalRow, _ previous: NodeID, _ by: NodeID, _ state: inout State) {
        guard state.deafUntil[by]?[previous] ?? .min < state.now else { return }
        guard let entry = state.registry[previous], entry.isConnected, let looks = state.looks[previous],
            state.now - looks.since > SimulatedDatabase.wellMilliseconds, state.now - looks.last < 1000
        else { return }
        state.findings.append("\(row.partition): \(by) took it from \(previous), which was well")
    }

    /// The snapshot as it is read; in some runs not every one fits.
    func read(_ snapshot: Snapshot?) -> Snapshot? {
        guard let snapshot, state.withLock({ $0.random.happens($0.trouble.unfitSnapshot) }) else { return snapshot }
        return Snapshot(
            partition: snapshot.partition, lastSequence: snapshot.lastSequence,
            rowChecksum: snapshot.rowChecksum.reversed(), time: snapshot.time, payload: snapshot.payload)
    }

    func check(_ node: NodeID) throws {
        try state.withLock { state in
            let isCut = state.cutUntil[node] ?? .min > state.now
            guard !isCut, !state.random.happens(state.trouble.unreadable) else {
                throw JournalError.unreadable(Unreachable())
            }
        }
    }

    /// For how long an epoch had been over at a moment, in milliseconds; nil if it was in force.
    func supersededFor(_ event: String, _ epoch: UInt64, at moment: Int64) -> Int64? {
        state.withLock { state in
            guard let last = state.epochs[event], last.epoch > epoch else { return nil }
            return moment - last.at
        }
    }

    // MARK: Registry

    func register(_ node: NodeID, sells: Bool = true) {
        state.withLock { state in
            if !sells { state.edges.insert(node) }
            state.registry[node] = RegisteredNode(
                id: node, url: "", sells: sells, beat: 1, isConnected: true, since: Timestamp(milliseconds: state.now))
        }
    }

    /// The node's process has ended, and its session with it.
    func disconnect(_ node: NodeID) {
        state.withLock { state in
            guard let entry = state.registry[node] else { return }
            state.registry[node] = RegisteredNode(
                id: node, url: "", sells: entry.sells, beat: entry.beat, isConnected: false, since: entry.since)
            state.goneAt[node] = state.now
        }
    }

    /// How long a look at the registry takes.
    func lookTakes() -> Int64 {
        state.withLock { state in
            let isSlow = state.random.happens(state.trouble.slowLook)
            return isSlow ? Int64.random(in: 100...1700, using: &state.random) : 0
        }
    }

    /// After how many rows reading breaks off; nil if it doesn't.
    func breaksOffAfter() -> Int? {
        state.withLock { state in
            guard state.random.happens(state.trouble.brokenRead) else { return nil }
            return Int.random(in: 1...3, using: &state.random)
        }
    }

    /// - Parameter sells: whether it takes events.
    func tick(_ node: NodeID, sells: Bool) throws -> Sighting {
        try check(node)
        return try state.withLock { state in
            if let entry = state.registry[node] {
                state.registry[node] = RegisteredNode(
                    id: node, url: "", sells: sells, beat: entry.beat + 1, isConnected: true, since: entry.since)
            }
            var looks = state.looks[node] ?? (state.now, state.now)
            if state.now - looks.last > SimulatedDatabase.breakMilliseconds { looks.since = state.now }
            looks.last = state.now
            state.looks[node] = looks
            let heads = try committed.heads().map { head in
                Sighting.Head(
                    event: head.partition, lastSequence: head.lastSequence, epoch: head.epoch,
                    owner: state.owners[head.partition])
            }
            return Sighting(
                nodes: state.registry.values.sorted { $0.id < $1.id }, heads: heads, askedAt: state.now)
        }
    }
}

/// The database as one node reaches it.
struct NodeJournal: EventStore {
    let node: NodeID
    let database: SimulatedDatabase

    var batchesMax: Int { 2 }

    func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void) {
        database.append(rows, from: node, done)
    }

    func claim(_ row: JournalRow, owner: NodeID) -> AppendOutcome { database.claim(row, owner: owner, from: node) }

    func heads() throws -> [JournalHead] {
        try database.check(node)
        return try database.committed.heads()
    }

    func partitions() throws -> [String] { try database.committed.partitions() }

    func head(of partition: String) throws -> JournalHead? {
        try database.check(node)
        return try database.committed.head(of: partition)
    }

    func latestTime() throws -> Timestamp? { try database.committed.latestTime() }

    func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws {
        try database.check(node)
        try database.checkSight(node, of: partition)
        guard let rowsMax = database.breaksOffAfter() else {
            return try database.committed.read(partition: partition, from: sequence, body)
        }
        var rows = 0
        try database.committed.read(partition: partition, from: sequence) { row in
            try body(row)
            rows += 1
            if rows == rowsMax { throw JournalError.unreadable(SimulatedDatabase.Unreachable()) }
        }
    }

    func save(_ snapshot: Snapshot) throws { try database.committed.save(snapshot) }
    func latestSnapshot(of partition: String) throws -> Snapshot? {
        database.read(try database.committed.latestSnapshot(of: partition))
    }
    func save(_ dormant: DormantEvent) throws { try database.committed.save(dormant) }
    func dormantEvents() throws -> [DormantEvent] { try database.committed.dormantEvents() }
    func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws {
        try database.committed.putDocument(bytes, digest: digest)
    }
    func document(digest: [UInt8]) throws -> [UInt8]? { try database.committed.document(digest: digest) }
    func close() throws {}
}
