import Foundation
import OnsaleValues
import Synchronization

/// Everything that is in the journal, from a position on and then as it comes: for followers that must not miss anything.
///
/// It keeps one number for each event, whatever its readers do: a slow one holds up nobody, and finds on disk what it has
/// not read. Where a reader stands it keeps itself, best in the same commit as what it made of the rows.
public final class JournalTail: Sendable {
    /// Rows of one event, in order and without a gap.
    public struct Batch: Sendable {
        public let partition: String
        public let rows: [JournalRow]

        /// Where the reader stands after it: the number of the last fact.
        public var position: UInt64 { rows.last?.lastSequence ?? 0 }
    }

    public enum Failure: Error, Equatable {
        /// The journal ends before the position: it is not the one that was read before.
        case behind(partition: String)
        /// The next row is not there.
        case gap(partition: String)
    }

    private struct State {
        /// How far each partition reaches, as far as the writer has said.
        var heads: [String: UInt64] = [:]
        /// Grows with every change of a head.
        var version: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
    }

    private let journal: any Journal
    private let queue = DispatchQueue(label: "onsale.tail", qos: .utility)
    private let state = Mutex(State())

    public init(journal: any Journal) {
        self.journal = journal
    }

    /// A reader.
    /// - Parameters:
    ///   - positions: the last fact of each event that has been dealt with; 0 for those that are not among them.
    ///   - rowsMax: how many rows a batch has at most.
    ///   - bytesMax: beyond so many bytes of payload a batch takes no further row.
    public func reader(
        after positions: [String: UInt64] = [:], rowsMax: Int = 256, bytesMax: Int = 1 << 20
    ) -> Reader {
        Reader(self, positions, rowsMax: rowsMax, bytesMax: bytesMax)
    }

    /// Reads the journal of all events. For one task at a time.
    public final class Reader {
        private let tail: JournalTail
        private let rowsMax: Int
        private let bytesMax: Int
        /// What has been handed on, by event.
        public private(set) var positions: [String: UInt64]
        /// Events that reach further than that, in the order in which they are read.
        private var unread: [String] = []
        private var hasBegun = false
        private var seenVersion: UInt64 = 0

        fileprivate init(_ tail: JournalTail, _ positions: [String: UInt64], rowsMax: Int, bytesMax: Int) {
            self.tail = tail
            self.positions = positions
            self.rowsMax = max(1, rowsMax)
            self.bytesMax = bytesMax
        }

        /// The next rows, of one event; events take turns. Waits until there are any.
        /// - Throws: ``Failure``, what the journal throws, or `CancellationError`.
        public func next() async throws -> Batch {
            while true {
                try Task.checkCancellation()
                if let partition = unread.first {
                    let batch = try await read(partition)
                    unread.removeFirst()
                    if !batch.rows.isEmpty {
                        positions[partition] = batch.position
                        // It may reach further still, and looks again when the others have had their turn.
                        unread.append(partition)
                        return batch
                    }
                } else if !hasBegun {
                    hasBegun = true
                    seenVersion = tail.state.withLock { $0.version }
                    try await look()
                } else {
                    let (version, heads) = try await tail.news(after: seenVersion)
                    seenVersion = version
                    unread = heads.filter { $0.value > positions[$0.key] ?? 0 }.keys.sorted()
                }
            }
        }

        /// What is on disk before anything has been told of.
        private func look() async throws {
            let heads = try await tail.run { try $0.heads() }
            let reached = Dictionary(heads.map { ($0.partition, $0.lastSequence) }, uniquingKeysWith: max)
            for (partition, position) in positions where position > reached[partition] ?? 0 {
                throw Failure.behind(partition: partition)
            }
            unread = reached.filter { $0.value > positions[$0.key] ?? 0 }.keys.sorted()
        }

        private func read(_ partition: String) async throws -> Batch {
            let position = positions[partition] ?? 0
            let (rowsMax, bytesMax) = (rowsMax, bytesMax)
            let rows = try await tail.run { journal in
                try JournalTail.rows(journal, partition, after: position, rowsMax: rowsMax, bytesMax: bytesMax)
            }
            return Batch(partition: partition, rows: rows)
        }
    }

    // MARK: Reading

    private struct Enough: Error {}

    private static func rows(
        _ journal: any Journal, _ partition: String, after position: UInt64, rowsMax: Int, bytesMax: Int
    ) throws -> [JournalRow] {
        var rows: [JournalRow] = []
        var bytes = 0
        var last = position
        do {
            try journal.read(partition: partition, from: position + 1) { row in
                if rows.count >= rowsMax || bytes >= bytesMax { throw Enough() }
                guard row.sequence == last + 1 else { throw Failure.gap(partition: partition) }
                last = row.lastSequence
                bytes += row.payload.count
                rows.append(row)
            }
        } catch is Enough {}
        return rows
    }

    /// Blocking calls on a thread of its own.
    private func run<Value: Sendable>(_ body: @escaping @Sendable (any Journal) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [journal] in continuation.resume(with: Result { try body(journal) }) }
        }
    }

    // MARK: Waiting

    /// Waits until a head has moved since `version`.
    private func news(after version: UInt64) async throws -> (version: UInt64, heads: [String: UInt64]) {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isReady = state.withLock { state in
                    guard state.version == version, !Task.isCancelled else { return true }
                    state.waiting[waiter] = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume()
        }
        try Task.checkCancellation()
        return state.withLock { ($0.version, $0.heads) }
    }

    private func reached(_ partition: String, _ sequence: UInt64) {
        let waiting = state.withLock { state in
            guard sequence > state.heads[partition] ?? 0 else { return [CheckedContinuation<Void, Never>]() }
            state.heads[partition] = sequence
            state.version += 1
            defer { state.waiting.removeAll() }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume() }
    }
}

extension JournalTail: Follower {
    package func follow(_ committed: Committed, in partition: borrowing Partition) {
        reached(committed.row.partition, committed.row.lastSequence)
    }

    package func resume(_ partition: borrowing Partition, at head: JournalHead) {
        reached(head.partition, head.lastSequence)
    }
}
