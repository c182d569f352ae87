import Logging
import OnsaleSale
import OnsaleValues

/// Events that other nodes write, replayed and shown.
extension Steward {
    func follow(_ event: String) {
        charges[event]?.hinted = 0
        do {
            try catchUp(event)
        } catch {
            unreadable(event, error)
        }
        // What was read before an error counts, too.
        reconsider(event)
    }

    /// Replays what the journal has beyond the replica, and shows it.
    func catchUp(_ event: String) throws {
        guard let sighted = charges[event]?.sighted else { return }
        guard let replica = takeReplica(of: event) else {
            let state = try Recovery.recover(event, from: journal)
            charges[event]?.replica = state
            charges[event]?.sighted = max(sighted, state.head.lastSequence)
            // Who has ordered meanwhile is in the state only, not in rows that were read.
            return show(event, state, buyers: state.partition.sale.buyersWithOrders)
        }
        let next = replica.head.lastSequence + 1
        var replayer = replayer(resuming: consume replica)
        var read: [Fact] = []
        do {
            try journal.read(partition: event, from: next) { row in read += try replayer.take(row) }
        } catch {
            charges[event]?.replica = replayer.state
            if !(error is JournalDamage) { display(read, of: event) }
            throw error
        }
        charges[event]?.replica = replayer.state
        display(read, of: event)
    }

    /// While a state is replayed nobody else may hold it, or each change would copy it.
    func takeReplica(of event: String) -> RecoveredPartition? { charges[event]?.replica.take() }

    func replayer(resuming replica: consuming RecoveredPartition) -> Replayer {
        Replayer(resuming: replica) { [journal] in try journal.document(digest: $0) }
    }

    /// Shows what has been replayed.
    func display(_ facts: [Fact], of event: String) {
        guard !facts.isEmpty, let state = charges[event]?.replica else { return }
        let sighted = charges[event]?.sighted ?? 0
        charges[event]?.sighted = max(sighted, state.head.lastSequence)
        show(event, state, buyers: state.partition.buyers(ofOrdersIn: facts))
    }

    /// Publishes a state, and tells the followers.
    /// - Parameter buyers: those with orders who may be new.
    private func show(_ event: String, _ state: RecoveredPartition, buyers: [BuyerID]) {
        let view = EventView(state.partition, lastSequence: state.head.lastSequence)
        guard let handle = charges[event]?.handle else {
            let handle = EventHandle(id: event, view: view, buyers: buyers, limits: limits, isHere: false)
            charges[event]?.handle = handle
            if damages.removeValue(forKey: event) != nil {
                logger.notice("Event can be read again", metadata: ["event": "\(event)"])
            }
            _ = directory.begin(event)
            directory.publish(handle)
            return observe(state.head)
        }
        handle.noteOrders(of: buyers)
        handle.publish(view)
        observe(state.head)
    }

    private func observe(_ head: JournalHead) {
        for follower in followers { follower.observe(head) }
    }

    /// What is done about an event that couldn't be read.
    /// - Returns: whether it is to be read again now.
    func isReadAgain(_ head: Sighting.Head) -> Bool {
        damages[head.event]?.seat = EventSeat(
            owner: head.owner, epoch: head.epoch, since: head.since, isHere: false, behind: 0)
        if let damage = damages[head.event], damage.lookAt <= now { return true }
        if head.owner == node, damages[head.event]?.mayDecline(at: now) ?? false { decline(head.event, head.epoch) }
        return false
    }

    func unreadable(_ event: String, _ error: any Error) {
        if let damage = error as? JournalDamage {
            if damages[event] == nil {
                logger.critical(
                    "Event is out of service: its journal is damaged",
                    metadata: ["event": "\(event)", "error": "\(damage)"])
            }
            damages[event, default: Damage(lookAt: 0)].lookAt = now + Damage.pauseMilliseconds
            damages[event]?.seat = charges[event]?.seat.elsewhere
            charges[event] = nil
            directory.takeOutOfService(event)
            return
        }
        logger.warning(
            "Event could not be read; will retry", metadata: ["event": "\(event)", "error": "\(error)"])
    }
}
