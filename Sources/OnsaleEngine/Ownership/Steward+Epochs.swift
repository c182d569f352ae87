import Logging
import OnsaleOwnership
import OnsaleSale
import OnsaleValues

/// Rows that begin epochs: an event is taken, handed over, created.
extension Steward {
    func claim(_ event: String, _ action: Ownership.Action) {
        guard let rest = charges[event]?.rest else { return postpone(.read, event) }
        let row = rest.head.claim(for: node, lastTime: rest.time, now: wall)
        switch journal.claim(row, owner: node) {
        case .committed:
            tell(row)
            handle(.claimed(.committed), event)
        case .notAtHead: handle(.claimed(.refused), event)
        case .full, .unavailable, .unknown:
            guard let next = charges[event]?.ownership.handle(.claimed(.unknown)) else { return }
            postpone(next, event)
        }
    }

    /// Asks the loop to give up an event that belongs elsewhere.
    func leave(_ event: String) {
        guard let charge = charges[event], !charge.isLeaving else { return }
        guard isClosing || now - Steward.tenureMilliseconds >= charge.takenAt else { return }
        let heir =
            isClosing
            ? neighbourhood.successor(of: event, at: now)
            : neighbourhood.betterOwner(of: event, at: now, except: charge.refused(at: now))
        guard let heir, isClosing || charges.values.count(where: \.isLeaving) < Steward.leavingMax else { return }
        // One out of service is nobody's to hand over.
        guard (try? directory.loaded(event)) != nil else { return }
        charges[event]?.isLeaving = true
        charges[event]?.heir = heir
        mailbox.deliver(.release(event: event))
    }

    /// Writes the row that makes another node the owner.
    func appoint(_ state: RecoveredPartition, _ handle: EventHandle) {
        let event = state.head.partition
        guard let charge = charges[event] else { return }
        charges[event]?.isAside = true
        charges[event]?.replica = nil
        let heir = charge.heir.flatMap { neighbourhood.isWell($0, at: now) ? $0 : nil } ?? node
        let row = state.head.claim(for: heir, lastTime: state.time, now: wall)
        switch journal.claim(row, owner: heir) {
        case .committed:
            tell(row)
            charges[event]?.replica = state.withoutAttendance
            charges[event]?.doubt = nil
            charges[event]?.handed = (heir, now, row.epoch)
            self.handle(.read(epoch: row.epoch, owner: heir), event)
        case .notAtHead: self.handle(.collided, event)
        case .full, .unavailable, .unknown:
            charges[event]?.doubt = .init(row: nil, rest: state.head, time: state.time)
            self.handle(.lostTrack, event)
        }
    }

    /// Hands an event on that this node owns and can't read. Another may be able to: it may be of a newer version.
    /// - Parameter epoch: under which it owns the event; by now another may.
    func decline(_ event: String, _ epoch: UInt64) {
        guard let heir = neighbourhood.successor(of: event, at: now) else { return }
        do {
            guard let head = try journal.head(of: event), head.epoch == epoch, let latest = try journal.latestTime()
            else { return }
            let row = head.claim(for: heir, lastTime: latest, now: wall)
            guard case .committed = journal.claim(row, owner: heir) else { return }
            tell(row)
            note("Event was handed on, since it can't be read here", event, row.epoch)
        } catch {
            logger.warning("Event could not be handed on", metadata: ["event": "\(event)", "error": "\(error)"])
        }
    }

    /// Writes an event's first row, which is its creation and makes us its owner.
    func create(
        _ handle: EventHandle, _ partition: Partition, _ note: AuditNote?,
        _ reply: @escaping @Sendable (Result<Void, EngineError>) -> Void
    ) {
        let head = JournalHead.empty(handle.id)
        let facts = [.created(partition.definition)] + (note.map { [Fact.audited($0)] } ?? [])
        let row = head.claim(for: node, lastTime: wall, now: wall, after: facts)
        switch journal.claim(row, owner: node) {
        case .committed:
            tell(row)
            var charge = charges[handle.id] ?? Charge(ownership: Ownership(node: node))
            charge.handle = handle
            charge.sighted = max(charge.sighted, row.lastSequence)
            charges[handle.id] = charge
            _ = directory.begin(handle.id)
            directory.publish(handle)
            // The state is read back, so it is the journal's whatever happens next.
            self.handle(.read(epoch: row.epoch, owner: node), handle.id)
            // Whoever hears of the event may ask for it at once, so the loop must have it by then.
            mailbox.deliver(.reached { reply(.success(())) })
        case .notAtHead: reply(.failure(.eventExists))
        case .full: reply(.failure(.storageFull))
        // If it came to the journal after all, it will be seen there.
        case .unavailable, .unknown: reply(.failure(.unavailable))
        }
    }
}
