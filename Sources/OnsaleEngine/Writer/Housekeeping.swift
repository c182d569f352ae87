import Foundation
import Logging
import OnsaleSale
import OnsaleValues

/// Puts state away beside the writer: snapshots, and events that nobody uses.
final class Housekeeping: Sendable {
    /// How soon a snapshot that could not be made is tried again.
    private static let snapshotRetrySeconds = 60
    /// A handful of facts replays faster than a snapshot is read.
    private static let factsWithoutSnapshot = 1000

    private let journal: any EventStore
    private let limits: EngineLimits
    private let logger: Logger
    private let directory: EventDirectory
    private let mailbox: Mailbox
    private let loader: EventLoader
    private let queue: DispatchQueue?

    /// - Parameter queue: where it works; nil for at once, in the writer's own turn.
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

    /// Returns when all that was begun is done.
    func wait() {
        queue?.sync {}
    }

    // MARK: Snapshots

    /// A snapshot is made of what is on disk, not of the state in memory: a copy of that would have the writer copy
    /// whatever it changes next, which takes long for a large event.
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

    /// - Returns: the last fact that it includes; nil if there is none.
    private func saveSnapshot(of id: String) -> UInt64? {
        do {
            let recovered = try Recovery.recover(id, from: journal)
            let isSaved = save(recovered.partition, head: recovered.head, time: recovered.time)
            return isSaved ? recovered.head.lastSequence : nil
        } catch {
            logger.warning("A snapshot could not be made", metadata: ["event": "\(id)", "error": "\(error)"])
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
                "A snapshot could not be saved", metadata: ["event": "\(head.partition)", "error": "\(error)"])
            return false
        }
    }

    // MARK: Events that nobody uses

    /// Begins to unload what has been idle for long enough and has nothing under way.
    /// - Returns: the writers to let go of.
    func idle(_ writers: [EventWriter], now: Timestamp) -> [EventWriter] {
        writers.filter { writer in
            guard !writer.isSnapshotInProgress, !writer.isNew,
                writer.lastUsed.adding(seconds: limits.idleSeconds) < now,
                !writer.partition.hasUnfinishedBusiness(at: now), directory.beginUnloading(writer.handle)
            else { return false }
            let resting = Resting(writer)
            run { [self] in putToRest(resting) }
            return true
        }
    }

    /// What is left of a writer that was let go.
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
                "An event at rest could not be noted; the next start loads it",
                metadata: ["event": "\(summary.id)", "error": "\(error)"])
        }
        if directory.finishUnloading(summary) { loader.load(summary.id) }
        logger.info("Event unloaded", metadata: ["event": "\(summary.id)"])
    }

    /// Puts a snapshot of an event away whose writer has ended.
    func putAway(_ writer: EventWriter) {
        putAway(Resting(writer))
    }

    private func putAway(_ resting: Resting) {
        if resting.needsSnapshot { save(resting.partition, head: resting.head, time: resting.time) }
    }
}
