import Logging
import OnsaleSale
import OnsaleValues

/// What can't go on: a full disk, a bug, a journal that another process has written.
extension WriterLoop {
    func fail(_ reason: String) {
        hasFailed = true
        fatal(reason)
    }

    /// Replaces the state, which is ahead of the full disk, with the one on disk.
    func retreat(_ writer: EventWriter, now: Timestamp) {
        let hadChanges = writer.row != nil
        guard !writer.isNew else { return dismiss(writer, .storageFull) }
        writer.fail(.storageFull)
        guard hadChanges else { return }
        if let custody {
            // Others may have written meanwhile, and reading may fail. As after a collision, the steward finds out.
            setAside(writer, now: now)
            return custody.collided(event: writer.handle.id)
        }
        do {
            writer.reload(try Recovery.recover(writer.handle.id, from: journal))
        } catch {
            fail("event \(writer.handle.id) could not be read back after a full disk: \(error)")
        }
    }

    /// Drops a writer and tells everyone waiting for it why.
    func dismiss(_ writer: EventWriter, _ error: EngineError) {
        writers[writer.handle.id] = nil
        writer.fail(error)
        for envelope in writer.handle.close() { envelope.refuse(error) }
    }

    /// Stops one event because of a bug; the others go on selling.
    func takeOutOfService(_ writer: EventWriter, _ fault: String) {
        logger.critical(
            "Event is out of service: a bug made a decision contradict the event's state; its batch was discarded",
            metadata: ["event": "\(writer.handle.id)", "error": "\(fault)"])
        close(writer)
    }

    /// Stops an event whose journal another process has written though nobody shares it: the state in memory differs
    /// from the one on disk.
    func depose(_ writer: EventWriter) {
        logger.critical(
            "Event is out of service: another process has written its journal; its batch was discarded",
            metadata: ["event": "\(writer.handle.id)"])
        close(writer)
    }

    private func close(_ writer: EventWriter) {
        directory.takeOutOfService(writer.handle.id)
        dismiss(writer, .outOfService)
        for follower in followers { follower.leave(writer.handle.id) }
    }
}
