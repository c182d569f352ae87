import Foundation
import Logging
import OnsaleSale
import OnsaleValues

/// Takes snapshots and unloads idle events, off the writer's thread.
final class Housekeeping: Sendable {
    /// Seconds until a failed snapshot is retried.
    private static let snapshotRetrySeconds = 60
    /// Up to this many facts replay faster than reading a snapshot, so unloading an event skips it.
    private static let factsWithoutSnapshot = 1000

    private let journal: any EventStore
    private let limits: EngineLimits
    private let logger: Logger
    private let directory: EventDirectory
    private let mailbox: Mailbox
    private let loader: EventLoader
    private let queue: DispatchQueue?

    /// - Parameter queue: where to work; nil means synchronously, within the writer's turn.
    init(
        journal: any EventStore, limits: EngineLimits, logger: Logger, directory: EventDirectory, mailbox: Mailbox,
        loader: EventLoader, queue: DispatchQueue?
    ) {
        self.journal = journal
        self.limits = limits
        self.logger = logger
        self.directory = directory
        self.mailbox = mailbox
        self.loader = loader
        self.queue = queue
    }

    private func run(_ work: @escaping @Sendable () -> Void) {
        if let queue { queue.async(execute: work) } else { work() }
    }

    /// Waits until all work begun so far is done.
    func wait() {
        queue?.sync {}
    }

    // MARK: Snapshots

    /// Takes snapshots of events that are due. It rebuilds the state from disk instead of copying it from memory: with
    /// a copy around, the writer would have to copy whatever it changes next, which takes long for a large event.
    func takeSnapshots(of writers: [EventWriter], now: Timestamp) {
        for writer in writers
        where !writer.isSnapshotInProgress && writer.nextSnapshot <= now
            && writer.head.lastSequence - writer.snapshotSequence >= limits.snapshotFacts
        {
            let id = writer.handle.id
            writer.isSnapshotInProgress = true
            run { [self] in mailbox.deliver(.snapshotTaken(event: id, sequence: saveSnapshot(of: id))) }
        }
    }

    func noteSnapshot(of writer: EventWriter, sequence: UInt64?, now: Timestamp) {
        writer.isSnapshotInProgress = false
        if let sequence {
            writer.noteSnapshot(at: sequence)
        } else {
            writer.nextSnapshot = now.adding(seconds: Housekeeping.snapshotRetrySeconds)
        }
    }

    /// - Returns: the last fact the snapshot includes; nil if it failed.
    private func saveSnapshot(of id: String) -> UInt64? {
        do {
            let recovered = try Recovery.recover(id, from: journal)
            let isSaved = save(recovered.partition, head: recovered.head, time: recovered.time)
            return isSaved ? recovered.head.lastSequence : nil
        } catch {
            logger.warning("Snapshot could not be made; will retry", metadata: ["event": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    @discardableResult
    private func save(_ partition: Partition, head: JournalHead, time: Timestamp) -> Bool {
        do {
            try journal.save(
                Snapshot(
                    partition: head.partition, lastSequence: head.lastSequence, rowChecksum: head.checksum,
                    time: time, payload: partition.encodeSnapshot()))
            return true
        } catch {
            logger.warning(
                "Snapshot could not be saved", metadata: ["event": "\(head.partition)", "error": "\(error)"])
            return false
        }
    }

    // MARK: Idle events

    /// Begins to unload events that have been idle long enough and have nothing in progress.
    /// - Returns: the writers to drop.
    func idle(_ writers: [EventWriter], now: Timestamp) -> [EventWriter] {
        writers.filter { writer in
            guard !writer.isSnapshotInProgress, !writer.isNew, !writer.isInFlight,
                writer.lastUsed.adding(seconds: limits.idleSeconds) < now,
                !writer.partition.hasUnfinishedBusiness(at: now), directory.beginUnloading(writer.handle)
            else { return false }
            let resting = Resting(writer)
            run { [self] in putToRest(resting) }
            return true
        }
    }

    /// What remains of a dropped writer.
    private struct Resting: Sendable {
        let handle: EventHandle
        let partition: Partition
        let head: JournalHead
        let time: Timestamp
        let needsSnapshot: Bool

        init(_ writer: EventWriter) {
            handle = writer.handle
            partition = writer.partition
            head = writer.head
            time = writer.lastTime
            needsSnapshot = writer.head.lastSequence - writer.snapshotSequence > Housekeeping.factsWithoutSnapshot
        }
    }

    private func putToRest(_ resting: Resting) {
        putAway(resting)
        let summary = EventSummary(resting.handle.view, buyers: resting.partition.sale.buyersWithOrders)
        do {
            try journal.save(
                DormantEvent(
                    partition: summary.id, lastSequence: resting.head.lastSequence, payload: summary.encoded()))
        } catch {
            logger.info(
                "Summary of an unloaded event could not be saved; the next start will load the event",
                metadata: ["event": "\(summary.id)", "error": "\(error)"])
        }
        if directory.finishUnloading(summary) { loader.load(summary.id) }
        logger.info("Event unloaded", metadata: ["event": "\(summary.id)"])
    }

    /// Saves a snapshot of an event whose writer has ended.
    func putAway(_ writer: EventWriter) {
        putAway(Resting(writer))
    }

    private func putAway(_ resting: Resting) {
        if resting.needsSnapshot { save(resting.partition, head: resting.head, time: resting.time) }
    }
}
