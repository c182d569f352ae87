import OnsaleRedis
import Synchronization

/// Who listens to which waiting room at this node, whichever node writes the event.
package final class PresenceBoard: Sendable {
    /// All numbers are smaller, so a set has 2 MiB at most.
    static let numbersBelow: UInt32 = 1 << 24
    private static let eventsMax = 10_000

    /// A listener is told of every ten seconds, so one of the last two rounds has everyone.
    private struct Rounds {
        var this = BitPages()
        var last = BitPages()

        var isEmpty: Bool { this.isEmpty && last.isEmpty }
    }

    private let events = Mutex<[String: Rounds]>([:])

    package init() {}

    /// Notes that the holders of these places listen now. Doesn't block.
    package func note(_ places: [UInt32], listeningTo event: String) {
        events.withLock { events in
            guard events[event] != nil || events.count < PresenceBoard.eventsMax else { return }
            for place in places where place < PresenceBoard.numbersBelow {
                events[event, default: Rounds()].this.insert(place)
            }
        }
    }

    /// Begins a round, every ten seconds. Who was not noted in two of them has gone.
    func beginRound() {
        events.withLock { events in
            events = events.compactMapValues { $0.this.isEmpty ? nil : Rounds(this: BitPages(), last: $0.this) }
        }
    }

    /// The events with listeners.
    var listened: [String] { events.withLock { $0.filter { !$0.value.isEmpty }.keys.sorted() } }

    /// Who listens to an event; nil if nobody does.
    func listeners(to event: String) -> BitPages? {
        guard var rounds = events.withLock({ $0[event] }), !rounds.isEmpty else { return nil }
        rounds.this.formUnion(rounds.last)
        return rounds.this
    }

    /// Answers a node that asks who listens here.
    /// - Parameter question: as ``PresenceWire/question(_:)`` makes it.
    /// - Returns: as ``PresenceWire/listeners(in:)`` reads it; nil if the question makes no sense.
    package func answer(_ question: [UInt8]) -> [UInt8]? {
        guard let events = PresenceWire.events(in: question) else { return nil }
        return PresenceWire.answer(events.compactMap { event in listeners(to: event).map { (event, $0) } })
    }
}
