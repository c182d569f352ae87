import Doubles
import OnsaleValues
import Seeded
import Synchronization

@testable import OnsaleEngine

/// What goes wrong, and how it is put right.
extension World {
    func misfortune() {
        guard random.happens(0.02), let node = nodes.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<11, using: &random) {
        case 0: kill(node)
        case 1: node.frozenUntil = now + Int64.random(in: 100...8000, using: &random)
        case 2: database.cut(node.id, until: now + Int64.random(in: 100...6000, using: &random))
        case 3: node.close()
        case 4:
            let isDown = random.happens(0.5)
            gateway.state.withLock { $0.isDown = isDown }
        case 5: node.isStarvedUntil = now + Int64.random(in: 100...6000, using: &random)
        case 6: node.isBlindUntil = now + Int64.random(in: 100...8000, using: &random)
        case 7: part(node)
        case 8: blind(node)
        case 9: database.fill(until: now + Int64.random(in: 100...5000, using: &random))
        default:
            if nodes.count < names.count, let name = missing.first { begin(name) }
        }
    }

    /// A node can't read an event, whatever the others can.
    func blind(_ node: SimulatedNode) {
        guard let event = events.randomElement(using: &random) else { return }
        // It looks again every five seconds, and by then must sell again.
        let until = min(now + Int64.random(in: 1000...10_000, using: &random), World.trouble - Damage.pauseMilliseconds)
        database.blind(node.id, to: event, until: until)
    }

    /// One node doesn't reach another, whose beat goes on.
    func part(_ node: SimulatedNode) {
        guard let other = nodes.filter({ $0 !== node }).randomElement(using: &random) else { return }
        hasParted = true
        let until = now + Int64.random(in: 2000...15_000, using: &random)
        node.deafUntil[other.id] = until
        // What was noted as silence still counts for a while.
        database.noteDeaf(node.id, to: other.id, until: until + 12_000)
    }

    var missing: [String] { names.filter { name in !nodes.contains { $0.id.name == name } } }

    func kill(_ node: SimulatedNode) {
        database.disconnect(node.id)
        grapevine.leave(node.id)
        figures.heard += node.steward.inbox.heard.replayed
        nodes.removeAll { $0 === node }
        for call in node.calls { orphans.append(call) }
    }

    /// Lets nodes end that have left everything, or took too long, and begins others in their place.
    func retire() {
        for node in nodes where node.isClosing && (node.steward.isEmpty || random.happens(0.01)) {
            node.finish()
            kill(node)
        }
        for node in nodes {
            guard let failure = node.failure else { continue }
            findings.append("node \(node.id) ended itself: \(failure)")
            kill(node)
        }
        let mayBegin = now < World.trouble ? random.happens(0.02) : nodes.allSatisfy { !$0.sells }
        if mayBegin, let name = missing.first { begin(name) }
    }

    func heal() {
        database.heal()
        gateway.state.withLock {
            $0.isDown = false
            $0.faults = []
        }
        for node in nodes {
            node.frozenUntil = min(node.frozenUntil, now)
            node.isStarvedUntil = min(node.isStarvedUntil, now)
            node.isBlindUntil = min(node.isBlindUntil, now)
            node.deafUntil = [:]
        }
        for name in missing where random.happens(0.7) || nodes.allSatisfy({ !$0.sells }) { begin(name) }
    }
}
