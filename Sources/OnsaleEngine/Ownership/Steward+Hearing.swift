import Logging
import OnsaleOwnership
import OnsaleValues

extension Steward {
    /// Does what has been heard asks for, and nothing else, so that it can be called as often as something is.
    func hear(now: Int64, wall: Timestamp) {
        begin(now: now, wall: wall)
        for event in heedHearsay() {
            attend(event)
            if let seat = seat(of: event) { inbox.publish(seat, of: event) }
        }
    }

    /// Takes in what has been heard.
    /// - Returns: the events that it is about.
    @discardableResult
    func heedHearsay() -> [String] {
        let byEvent = Dictionary(grouping: inbox.takeHearsay(), by: \.event)
        let events = byEvent.keys.sorted()
        for event in events { heed(byEvent[event] ?? [], event) }
        return events
    }

    private func heed(_ heard: [Hearsay], _ event: String) {
        var figures = HeardFigures()
        defer { inbox.count(figures) }
        guard let (isHere, epoch) = charges[event].map({ ($0.isHere, $0.ownership.epoch) }) else {
            // The registry will tell of it.
            figures.known += heard.count
            return
        }
        if isHere {
            figures.known += heard.count
            let epochs = heard.compactMap { hearsay -> UInt64? in
                if case .row(let row) = hearsay { row.epoch } else { nil }
            }
            if let latest = epochs.max(), latest > epoch { challenge(event, latest) }
            return
        }
        replay(heard.sorted { $0.lastSequence < $1.lastSequence }, event, &figures)
    }

    private func replay(_ heard: [Hearsay], _ event: String, _ figures: inout HeardFigures) {
        guard charges[event]?.isSettled == true, let replica = takeReplica(of: event) else {
            // Whatever is under way reads the journal itself.
            return figures.read += heard.count
        }
        var replayer = replayer(resuming: consume replica)
        var taken: [Fact] = []
        do {
            for hearsay in heard {
                guard hearsay.lastSequence > replayer.lastSequence else {
                    figures.known += 1
                    continue
                }
                guard case .row(let row) = hearsay, replayer.isNext(row) else {
                    figures.read += 1
                    charges[event]?.hinted = hearsay.lastSequence
                    continue
                }
                taken += try replayer.take(row)
                figures.replayed += 1
            }
        } catch {
            // The state is spoiled, so the journal is read from its snapshot, and says what is true.
            logger.error(
                "A row that another node told of contradicts the state; the event is read anew",
                metadata: ["event": "\(event)", "error": "\(error)"])
            return
        }
        charges[event]?.replica = replayer.state
        guard !taken.isEmpty else { return }
        charges[event]?.heard = (replayer.lastSequence, now)
        display(taken, of: event)
        reconsider(event)
    }

    /// A row that was heard must be in the journal: it was committed before anybody told of it. If the registry, asked
    /// long after, doesn't have it, the journal is an older one, restored from a copy perhaps.
    func doubtHearsay(_ charge: inout Charge, _ head: Sighting.Head, askedAt: Int64) {
        guard let heard = charge.heard, askedAt > heard.at + Steward.hearsayMilliseconds else { return }
        charge.heard = nil
        guard head.lastSequence < heard.lastSequence, !charge.isHere else { return }
        charge.replica = nil
        logger.error(
            "Another node told of rows that the journal doesn't have; the event is read anew",
            metadata: ["event": "\(head.event)", "sequence": "\(heard.lastSequence)"])
    }

    private static let hearsayMilliseconds: Int64 = 1000
}
