import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleStreams
import Synchronization

/// The seats as server-sent events: what has changed, at most 20 times a second.
final class AvailabilityFeed: Feed {
    private let engine: Engine
    private let event: EventHandle
    /// What was sent last. Its pages are shared with the writer until either side changes them.
    private let told: Mutex<EventView>

    init(_ event: EventHandle, engine: Engine) {
        self.engine = engine
        self.event = event
        told = Mutex(engine.view(of: event))
    }

    let intervalMilliseconds = 50

    func snapshot() -> Message {
        let view = told.withLock { $0 }
        return Message(
            version: view.availabilityVersion,
            bytes: sseMessage("snapshot", id: view.availabilityVersion, AvailabilityFeed.json(view)))
    }

    func poll() -> Change? {
        let view = engine.view(of: event)
        let before = told.withLock { told in
            defer { told = view }
            return told
        }
        guard view.availabilityVersion != before.availabilityVersion else { return nil }
        let delta = JSONWriter.object { writer in
            writer.member("version", view.availabilityVersion)
            writer.array("seats") { writer in
                for (index, state) in AvailabilityFeed.changes(from: before.seatPages, to: view.seatPages) {
                    writer.array { writer in
                        writer.integer(index)
                        writer.string(String(UnicodeScalar(state)))
                    }
                }
            }
            AvailabilityFeed.areas(view, &writer)
        }
        return .delta(
            from: before.availabilityVersion,
            Message(
                version: view.availabilityVersion, bytes: sseMessage("delta", id: view.availabilityVersion, delta)))
    }

    /// The seats that differ. Shared pages compare equal at once.
    static func changes(from before: [[UInt8]], to now: [[UInt8]]) -> [(index: Int, state: UInt8)] {
        var changes: [(Int, UInt8)] = []
        var start = 0
        for (old, new) in zip(before, now) {
            if old != new {
                for index in new.indices where old[index] != new[index] { changes.append((start + index, new[index])) }
            }
            start += new.count
        }
        return changes
    }

    static func json(_ view: EventView) -> ByteBuffer {
        JSONWriter.object(capacity: view.definition.plan.seats.count + 256) { writer in
            writer.member("version", view.availabilityVersion)
            writer.member("seats", asciiPages: view.seatPages)
            areas(view, &writer)
        }
    }

    private static func areas(_ view: EventView, _ writer: inout JSONWriter) {
        writer.array("areas") { writer in
            for (area, counts) in zip(view.definition.plan.areas, view.areas) {
                writer.object { writer in
                    writer.member("name", area.name)
                    writer.member("free", counts.free)
                }
            }
        }
    }
}
