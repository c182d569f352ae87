import Foundation
import OnsaleValues
import Synchronization

/// Reads the journal from a given position and then follows it live, for consumers that must not miss anything.
///
/// It keeps only one number per event, however many readers there are. A slow reader delays nobody; it finds the rows
/// on disk later. Readers store their own positions, ideally in the same transaction as what they derive from the rows.
public final class JournalTail: Sendable {
    /// Consecutive rows of one event.
    public struct Batch: Sendable {
        /// The ID of the event.
        public let partition: String
        /// The rows, in order and without gaps.
        public let rows: [JournalRow]

        /// The reader's position after this batch: the number of its last fact.
        public var position: UInt64 { rows.last?.lastSequence ?? 0 }
    }

    /// Why a reader can't go on.
    public enum Failure: Error, Equatable {
        /// The journal ends before the reader's position, so it is not the journal that was read before.
        case behind(partition: String)
        /// The next row is missing.
        case gap(partition: String)
    }

    private struct State {
        /// The last fact of each partition that the writer has reported.
        var heads: [String: UInt64] = [:]
        /// Increases whenever a head moves.
        var version: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
    }

    private let journal: any Journal
    private let queue = DispatchQueue(label: "onsale.tail", qos: .utility)
    private let state = Mutex(State())

    /// A tail of `journal`. It learns of new rows as a ``Follower`` of the writer.
    public init(journal: any Journal) {
        self.journal = journal
    }

    /// A new reader.
    /// - Parameters:
    ///   - positions: the last fact already processed, by event; 0 for events not listed.
    ///   - rowsMax: the most rows in a batch.
    ///   - bytesMax: a batch takes no further row once its payloads reach this many bytes.
    public func reader(
        after positions: [String: UInt64] = [:], rowsMax: Int = 256, bytesMax: Int = 1 << 20
    ) -> Reader {
        Reader(self, positions, rowsMax: rowsMax, bytesMax: bytesMax)
    }

    /// Reads the journals of all events. Use it from one task at a time.
    public final class Reader {
        private let tail: JournalTail
        private let rowsMax: Int
        private let bytesMax: Int
        /// The last fact returned by ``next()``, by event.
        public private(set) var positions: [String: UInt64]
        /// Events with more to read, in reading order.
        private var unread: [String] = []
        private var hasBegun = false
        private var seenVersion: UInt64 = 0

        fileprivate init(_ tail: JournalTail, _ positions: [String: UInt64], rowsMax: Int, bytesMax: Int) {
            self.tail = tail
            self.positions = positions
            self.rowsMax = max(1, rowsMax)
            self.bytesMax = bytesMax
        }

        /// The next rows of one event; events take turns. Waits until there are any.
        /// - Throws: ``Failure``, ``JournalError``, or `CancellationError`.
        public func next() async throws -> Batch {
            while true {
                try Task.checkCancellation()
                if let partition = unread.first {
                    let batch = try await read(partition)
                    unread.removeFirst()
                    if !batch.rows.isEmpty {
                        positions[partition] = batch.position
                        // This event may have more rows; check again after the others have had a turn.
                        unread.append(partition)
                        return batch
                    }
                } else if !hasBegun {
                    seenVersion = tail.state.withLock { $0.version }
                    try await look()
                    // Not before: who goes on after an error must look again.
                    hasBegun = true
                } else {
                    let (version, heads) = try await tail.news(after: seenVersion)
                    seenVersion = version
                    unread = heads.filter { $0.value > positions[$0.key] ?? 0 }.keys.sorted()
                }
            }
        }

        /// Finds what was on disk before the writer reported anything.
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

    /// Runs blocking calls off the cooperative pool.
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

    package func observe(_ head: JournalHead) {
        reached(head.partition, head.lastSequence)
    }

    package func resume(_ partition: borrowing Partition, at head: JournalHead) {
        reached(head.partition, head.lastSequence)
    }
}
