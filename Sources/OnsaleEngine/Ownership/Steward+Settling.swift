import Logging
import OnsaleOwnership
import OnsaleSale
import OnsaleValues

/// What comes of a row that began an epoch, of a collision, of a batch in doubt: the journal is read, and the loop told.
extension Steward {
    func readToEnd(_ event: String, _ action: Ownership.Action) {
        do {
            if let begun = try readOn(event) { handle(.read(epoch: begun.epoch, owner: begun.owner), event) }
            // Settled by what was read, or else by its end.
            guard charges[event]?.ownership.isUnsettled ?? false,
                let next = charges[event]?.ownership.handle(.readToEnd)
            else { return }
            // Whatever we ran into, a lock perhaps, may still be there.
            postpone(next, event)
        } catch {
            unreadable(event, error)
            postpone(action, event)
        }
    }

    /// Reads what is new.
    /// - Returns: the last epoch begun in it.
    private func readOn(_ event: String) throws -> EpochBegun? {
        guard let charge = charges[event] else { return nil }
        // In doubt, the loop may still have the right state; then reading all of it again would be a waste.
        if let doubt = charge.doubt { return try lastEpoch(event, after: doubt.rest.lastSequence) }
        try catchUp(event)
        return charges[event]?.replica?.partition.ownership
    }

    private func lastEpoch(_ event: String, after sequence: UInt64) throws -> EpochBegun? {
        var last: EpochBegun?
        try journal.read(partition: event, from: sequence + 1) { row in
            for case .epochBegun(let begun) in try Fact.decode(payload: row.payload, plans: { _ in nil }) {
                last = begun
            }
        }
        return last
    }

    /// Whether the batch in doubt is in the journal.
    private func isDurable(_ doubt: Charge.Doubt?) throws -> Bool {
        guard let row = doubt?.row else { return false }
        var found: JournalRow?
        do {
            try journal.read(partition: row.partition, from: row.sequence) { row in
                found = row
                throw Enough()
            }
        } catch is Enough {}
        return found?.checksum == row.checksum
    }

    private struct Enough: Error {}

    func write(_ event: String, _ action: Ownership.Action) {
        guard let charge = charges[event], case .write(let epoch) = action else { return }
        do {
            guard charge.isAside else {
                try catchUp(event)
                guard let state = charges[event]?.replica, let handle = charges[event]?.handle else { return }
                // Somebody has taken it meanwhile.
                if state.partition.epoch != epoch { return reconsider(event) }
                charges[event]?.replica = nil
                if let before = charge.predecessor {
                    neighbourhood.noteTaken(event, from: before)
                    // One whose beat goes on is of use to others.
                    if neighbourhood.isSilent(before, at: now) { deposed.append(before) }
                }
                charges[event]?.predecessor = nil
                // A new one may go where it belongs at once.
                if epoch > 1 { charges[event]?.takenAt = now }
                charges[event]?.noteArrival(epoch: epoch, at: now)
                mailbox.deliver(.loaded(handle, state))
                return note("Event is written here", event, epoch)
            }
            let isDurable = try isDurable(charge.doubt)
            if isDurable, charge.doubt?.rest.epoch == epoch {
                settle(event, isDurable: true, .goOn)
            } else {
                try catchUp(event)
                guard let state = charges[event]?.replica else { return }
                if state.partition.epoch != epoch { return reconsider(event) }
                charges[event]?.replica = nil
                settle(event, isDurable: isDurable, .write(state))
            }
            note("Event is written here again", event, epoch)
        } catch {
            unreadable(event, error)
            postpone(action, event)
        }
    }

    /// What has been read goes further than what was to be done about it.
    func reconsider(_ event: String) {
        guard let begun = charges[event]?.replica?.partition.ownership else { return }
        handle(.read(epoch: begun.epoch, owner: begun.owner), event)
    }

    func stop(_ event: String) {
        guard let charge = charges[event], charge.isAside else { return }
        do {
            let isDurable = try isDurable(charge.doubt)
            settle(event, isDurable: isDurable, .stop)
            note("Event is written elsewhere", event, charge.ownership.epoch)
        } catch {
            unreadable(event, error)
            postpone(.stop, event)
        }
    }

    private func settle(_ event: String, isDurable: Bool, _ next: Settlement.Next) {
        charges[event]?.isAside = false
        charges[event]?.doubt = nil
        charges[event]?.isLeaving = false
        mailbox.deliver(.settled(event: event, Settlement(isDurable: isDurable, next: next)))
    }
}
