import OnsaleSale
public import OnsaleValues

/// What is damaged in a journal, and where.
public enum JournalDamage: Error, Hashable, Sendable, CustomStringConvertible {
    case rowMissing(partition: String, expected: UInt64, found: UInt64)
    case checksumMismatch(partition: String, sequence: UInt64)
    case tailMissing(partition: String, head: UInt64, last: UInt64)
    case headMissing(partition: String)
    case headBehind(partition: String, head: UInt64, last: UInt64)
    case factUnreadable(partition: String, sequence: UInt64)
    case factContradicts(partition: String, sequence: UInt64, String)
    case countMismatch(partition: String, sequence: UInt64)
    case epochMismatch(partition: String, sequence: UInt64)
    case notCreated(partition: String)
    case planMissing(partition: String)

    public var description: String {
        switch self {
        case .rowMissing(let partition, let expected, let found):
            "event \(partition): fact \(expected) should follow, the next row begins with \(found): rows are missing"
        case .checksumMismatch(let partition, let sequence):
            "event \(partition): the row of fact \(sequence) is damaged, its checksum does not match"
        case .tailMissing(let partition, let head, let last):
            "event \(partition): the journal should reach fact \(head), it ends with \(last): its tail is cut off"
        case .headMissing(let partition):
            "event \(partition): rows stand without a head"
        case .headBehind(let partition, let head, let last):
            "event \(partition): its head says fact \(head), but rows go on to \(last)"
        case .factUnreadable(let partition, let sequence):
            "event \(partition): the row of fact \(sequence) can't be decoded"
        case .factContradicts(let partition, let sequence, let reason):
            "event \(partition): fact \(sequence) contradicts the state before it: \(reason)"
        case .countMismatch(let partition, let sequence):
            "event \(partition): the row of fact \(sequence) doesn't hold the number of facts it states"
        case .epochMismatch(let partition, let sequence):
            "event \(partition): the row of fact \(sequence) was written by a node that no longer owned the event"
        case .notCreated(let partition):
            "event \(partition): its journal does not begin with its creation"
        case .planMissing(let partition):
            "event \(partition): its seating plan is missing or damaged"
        }
    }
}

/// A partition rebuilt from its journal.
public struct RecoveredPartition: Sendable {
    public let partition: Partition
    public let head: JournalHead
    /// When its last row was written.
    public let time: Timestamp
    /// The last fact in the snapshot used; 0 if everything was replayed.
    public let snapshotSequence: UInt64

    /// As another process would have read it from the journal.
    var withoutAttendance: RecoveredPartition {
        var partition = partition
        partition.forgetAttendance()
        return RecoveredPartition(partition: partition, head: head, time: time, snapshotSequence: snapshotSequence)
    }
}

/// Rebuilds partitions from their journals: the newest snapshot, then the facts after it.
public enum Recovery {
    /// - Parameter usingSnapshot: if false, replays from the first fact.
    /// - Throws: ``JournalDamage`` if the journal is damaged, ``JournalError`` if it can't be read now.
    public static func recover(
        _ name: String, from journal: any EventStore, usingSnapshot: Bool = true
    ) throws -> RecoveredPartition {
        guard let head = try journal.head(of: name) else { throw JournalDamage.headMissing(partition: name) }
        var replayer = Replayer(name: name) { try journal.document(digest: $0) }
        replayer.expectedHead = head.lastSequence
        if usingSnapshot, let snapshot = try journal.latestSnapshot(of: name),
            snapshot.lastSequence <= head.lastSequence
        {
            try replayer.begin(with: snapshot, journal: journal)
        }
        do {
            try journal.read(partition: name, from: replayer.lastSequence + 1) { try replayer.take($0) }
            // Read the head again, since the rows may have grown past the first reading meanwhile.
            guard let headAfter = try journal.head(of: name) else { throw JournalDamage.headMissing(partition: name) }
            return try replayer.finish(head: head, headAfter: headAfter)
        } catch is JournalDamage where replayer.snapshotSequence > 0 {
            // The snapshot may be what is wrong; the facts decide.
            return try recover(name, from: journal, usingSnapshot: false)
        }
    }

    /// Replays an event from its first fact and shows the state after each row. It blocks for as long as that takes.
    /// - Parameters:
    ///   - last: the last fact to replay, which ends a row.
    ///   - visit: must not keep the partition, or the next row has to copy whatever it changes.
    /// - Throws: ``JournalDamage``, ``JournalError``, or what `visit` throws; that stops the replay.
    package static func replay(
        _ name: String, from journal: any EventStore, through last: UInt64,
        _ visit: (borrowing Partition, Timestamp) throws -> Void
    ) throws {
        var replayer = Replayer(name: name) { try journal.document(digest: $0) }
        do {
            try journal.read(partition: name, from: 1) { row in
                guard row.lastSequence <= last else { throw Enough() }
                try replayer.take(row)
                if let partition = replayer.partition { try visit(partition, row.time) }
            }
        } catch is Enough {}
        guard replayer.lastSequence == last else {
            throw JournalDamage.tailMissing(partition: name, head: last, last: replayer.lastSequence)
        }
    }
}

/// Ends a reading early.
private struct Enough: Error {}

/// Replays rows in order and checks each.
struct Replayer {
    let name: String
    private let plans: Fact.Plans
    private(set) var partition: Partition?
    private(set) var lastSequence: UInt64 = 0
    private var checksum = [UInt8](repeating: 0, count: 32)
    private var time = Timestamp(milliseconds: 0)
    private(set) var snapshotSequence: UInt64 = 0
    /// The head's last fact when reading began; `checksumAtExpectedHead` is the checksum found there.
    var expectedHead: UInt64 = 0
    private var checksumAtExpectedHead: [UInt8] = []

    init(name: String, plans: @escaping Fact.Plans) {
        self.name = name
        self.plans = plans
    }

    /// Goes on where an earlier reading ended.
    init(resuming state: consuming RecoveredPartition, plans: @escaping Fact.Plans) {
        name = state.head.partition
        self.plans = plans
        partition = state.partition
        lastSequence = state.head.lastSequence
        checksum = state.head.checksum
        time = state.time
        snapshotSequence = state.snapshotSequence
    }

    /// The state as far as rows have been taken; nil before the first.
    var state: RecoveredPartition? {
        partition.map { partition in
            RecoveredPartition(
                partition: partition,
                head: JournalHead(
                    partition: name, lastSequence: lastSequence, checksum: checksum, epoch: partition.epoch),
                time: time, snapshotSequence: snapshotSequence)
        }
    }

    /// Starts from a snapshot. One that doesn't fit is ignored, since the facts alone are enough.
    mutating func begin(with snapshot: Snapshot, journal: any EventStore) throws {
        var first: JournalRow?
        do {
            try journal.read(partition: name, from: 1) { row in
                first = row
                throw Enough()
            }
        } catch is Enough {}
        guard let first, first.sequence == 1,
            JournalChain.holds(first, after: checksum),
            case .created(let definition)? = try facts(of: first).first,
            let restored = try? Partition(definition: definition, snapshot: snapshot.payload)
        else { return }
        partition = restored
        lastSequence = snapshot.lastSequence
        checksum = snapshot.rowChecksum
        time = snapshot.time
        snapshotSequence = snapshot.lastSequence
        if lastSequence == expectedHead { checksumAtExpectedHead = checksum }
    }

    /// Whether the chain says that this is the next row.
    func isNext(_ row: JournalRow) -> Bool {
        row.partition == name && row.count > 0 && row.sequence == lastSequence + 1
            && JournalChain.holds(row, after: checksum)
    }

    /// - Returns: the row's facts.
    @discardableResult
    mutating func take(_ row: JournalRow) throws -> [Fact] {
        guard row.sequence == lastSequence + 1 else {
            throw JournalDamage.rowMissing(partition: name, expected: lastSequence + 1, found: row.sequence)
        }
        guard JournalChain.holds(row, after: checksum) else {
            throw JournalDamage.checksumMismatch(partition: name, sequence: row.sequence)
        }
        let facts = try facts(of: row)
        guard facts.count == Int(row.count) else {
            throw JournalDamage.countMismatch(partition: name, sequence: row.sequence)
        }
        for (offset, fact) in facts.enumerated() { try take(fact, row: row, offset: offset) }
        guard row.epoch == partition?.epoch else {
            throw JournalDamage.epochMismatch(partition: name, sequence: row.sequence)
        }
        lastSequence = row.lastSequence
        checksum = row.checksum
        time = row.time
        if lastSequence == expectedHead { checksumAtExpectedHead = checksum }
        return facts
    }

    /// - Throws: ``JournalDamage`` if the row is damaged, or the error from reading the plan.
    private func facts(of row: JournalRow) throws -> [Fact] {
        do {
            return try Fact.decode(payload: row.payload, plans: plans)
        } catch is ByteReadingError {
            throw JournalDamage.factUnreadable(partition: name, sequence: row.sequence)
        } catch is Fact.PlanMissing {
            throw JournalDamage.planMissing(partition: name)
        }
    }

    private mutating func take(_ fact: Fact, row: JournalRow, offset: Int) throws {
        if partition == nil {
            guard case .created(let definition) = fact else { throw JournalDamage.notCreated(partition: name) }
            partition = Partition(definition: definition)
            return
        }
        do {
            try partition?.replay(fact, at: row.time)
        } catch {
            throw JournalDamage.factContradicts(
                partition: name, sequence: row.sequence + UInt64(offset), "\(error)")
        }
    }

    /// - Parameters:
    ///   - head: the head before the rows were read; they must reach it.
    ///   - headAfter: the head after they were read; they must not pass it.
    func finish(head: JournalHead, headAfter: JournalHead) throws -> RecoveredPartition {
        guard let state else { throw JournalDamage.notCreated(partition: name) }
        guard lastSequence >= head.lastSequence else {
            throw JournalDamage.tailMissing(partition: name, head: head.lastSequence, last: lastSequence)
        }
        guard lastSequence <= headAfter.lastSequence else {
            throw JournalDamage.headBehind(partition: name, head: headAfter.lastSequence, last: lastSequence)
        }
        let checksumThere = lastSequence == head.lastSequence ? checksum : checksumAtExpectedHead
        guard checksumThere == head.checksum else {
            throw JournalDamage.checksumMismatch(partition: name, sequence: head.lastSequence)
        }
        guard lastSequence > head.lastSequence || head.epoch == state.partition.epoch else {
            throw JournalDamage.epochMismatch(partition: name, sequence: head.lastSequence)
        }
        return state
    }
}
