import Logging
import OnsaleSale
import OnsaleValues

/// Events set aside while ``EventCustody`` finds out who writes them.
extension WriterLoop {
    /// How long callers wait to learn what became of their request.
    private static let patienceSeconds = 10

    func setAside(_ writer: EventWriter, now: Timestamp) {
        let id = writer.handle.id
        writers[id] = nil
        releasing.remove(id)
        aside[id] = Aside(writer: writer, patienceEnds: now.adding(seconds: WriterLoop.patienceSeconds))
        writer.handle.doubt()
        for follower in followers { follower.leave(id) }
    }

    func settle(_ event: String, _ settlement: Settlement) {
        guard let writer = aside.removeValue(forKey: event)?.writer else { return }
        if settlement.isDurable { complete([writer], [writer.row].compactMap { $0 }, batch: 0) }
        switch settlement.next {
        case .goOn: break
        case .write(let recovered):
            writer.fail(.unavailable)
            writer.reload(recovered)
        case .stop:
            writer.fail(.moved)
            for envelope in writer.handle.leave() { envelope.refuse(.moved) }
            // They may just have been told of a batch that was in doubt.
            for follower in followers { follower.leave(event) }
            return
        }
        writers[event] = writer
        if challenges[event] ?? 0 <= writer.partition.epoch { writer.handle.open(epoch: writer.partition.epoch) }
        unfinished.append(writer.handle)
        for follower in followers { follower.resume(writer.partition, at: writer.head) }
    }

    /// Does what an epoch that others have begun asks for, unless this node's own is a later one.
    func answerChallenge(of event: String, now: Timestamp) {
        // What is not here may come, or come back, with a state that is older than the challenge.
        guard let epoch = challenges[event], let writer = writers[event] else { return }
        guard writer.partition.epoch < epoch else {
            challenges[event] = nil
            return
        }
        writer.handle.doubt()
        // While a batch is on its way, its collision will tell.
        guard !writer.isInFlight else { return }
        writer.fail(.moved)
        setAside(writer, now: now)
        custody?.collided(event: event)
    }

    /// Hands events over whose turn has come, between two batches.
    func giveUp(now: Timestamp) {
        for event in releasing.sorted() {
            guard let writer = writers[event] else {
                releasing.remove(event)
                continue
            }
            guard !writer.isInFlight, !writer.isNew, let custody else { continue }
            writer.fail(.moved)
            setAside(writer, now: now)
            custody.gaveUp(writer.state, handle: writer.handle)
        }
    }

    /// Nobody waits for ever to learn what became of a request.
    func losePatience(now: Timestamp) {
        for (event, waiting) in aside.sorted(by: { $0.key < $1.key }) where waiting.patienceEnds <= now {
            waiting.writer.tellUnavailable()
            for envelope in waiting.writer.handle.clear() { envelope.refuse(.unavailable) }
            aside[event] = Aside(
                writer: waiting.writer, patienceEnds: now.adding(seconds: WriterLoop.patienceSeconds))
        }
    }
}
