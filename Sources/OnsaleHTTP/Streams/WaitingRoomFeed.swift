import NIOCore
import OnsaleEngine
import OnsaleStreams
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// The waiting room as server-sent events: the newest state, at most once a second.
final class WaitingRoomFeed: Feed {
    private let engine: Engine
    private let event: EventHandle
    /// nil where there is only this node.
    private let listeners: (any Listeners)?
    /// What was said last, and of which moment.
    private let last: Mutex<(message: Message, at: Timestamp)>

    init(_ event: EventHandle, engine: Engine, listeners: (any Listeners)? = nil) {
        self.engine = engine
        self.listeners = listeners
        self.event = event
        let now = engine.now()
        last = Mutex((Message(version: 1, bytes: WaitingRoomFeed.bytes(event, engine, at: now)), now))
    }

    private static func bytes(_ event: EventHandle, _ engine: Engine, at now: Timestamp) -> [UInt8] {
        sseMessage("room", id: nil, WaitingRoom.json(engine.view(of: event), at: now))
    }

    let intervalMilliseconds = 1000

    func snapshot() -> Message { last.withLock { $0.message } }

    func poll() -> Change? {
        let now = engine.now()
        let bytes = WaitingRoomFeed.bytes(event, engine, at: now)
        return last.withLock { last in
            last.at = now
            guard bytes != last.message.bytes else { return nil }
            last.message = Message(version: last.message.version + 1, bytes: bytes)
            return .state(last.message)
        }
    }

    /// The schedule can change without news here, and clocks get set, so it looks at least once a minute.
    private static let lookMilliseconds: Int64 = 60_000

    /// The phase changes with time alone. Counted from what was said last, or a moment that passed since would be missed.
    var millisecondsToChange: Int? {
        let said = last.withLock { $0.at }
        let schedule = engine.view(of: event).schedule
        let next = [schedule.lobbyOpensAt, schedule.opensAt, schedule.closesAt].compactMap { $0 }.filter { $0 > said }
            .min()
        return next.map {
            Int(max(0, min(WaitingRoomFeed.lookMilliseconds, $0.milliseconds - engine.now().milliseconds)))
        }
    }

    func present(_ places: [UInt32]) {
        // Where another node writes the event, this is refused at once.
        engine.submit(NotePresence(of: places.map(PlaceID.init)), to: event) { _ in }
        listeners?.note(places, listeningTo: event.id)
    }
}

/// An event of a stream (WHATWG HTML, 9.2). The JSON must have no line breaks.
func sseMessage(_ name: String, id: UInt64?, _ json: ByteBuffer) -> [UInt8] {
    var bytes = Array("event: \(name)\n".utf8)
    if let id { bytes += "id: \(id)\n".utf8 }
    bytes += "data: ".utf8
    bytes += json.readableBytesView
    bytes += "\n\n".utf8
    return bytes
}
