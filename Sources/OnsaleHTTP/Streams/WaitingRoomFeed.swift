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
    private let last: Mutex<Message>

    init(_ event: EventHandle, engine: Engine) {
        self.engine = engine
        self.event = event
        last = Mutex(Message(version: 1, bytes: WaitingRoomFeed.message(event, engine)))
    }

    private static func message(_ event: EventHandle, _ engine: Engine) -> [UInt8] {
        sseMessage("room", id: nil, WaitingRoom.json(engine.view(of: event), at: engine.now()))
    }

    let intervalMilliseconds = 1000

    func snapshot() -> Message { last.withLock { $0 } }

    func poll() -> Change? {
        let bytes = WaitingRoomFeed.message(event, engine)
        return last.withLock { last in
            guard bytes != last.bytes else { return nil }
            last = Message(version: last.version + 1, bytes: bytes)
            return .state(last)
        }
    }

    /// The schedule can change without news here, and clocks get set, so it looks at least once a minute.
    private static let lookMilliseconds: Int64 = 60_000

    /// The phase changes with time alone.
    var millisecondsToChange: Int? {
        let now = engine.now()
        let schedule = engine.view(of: event).schedule
        let next = [schedule.lobbyOpensAt, schedule.opensAt, schedule.closesAt].compactMap { $0 }.filter { $0 > now }
            .min()
        return next.map { Int(min(WaitingRoomFeed.lookMilliseconds, $0.milliseconds - now.milliseconds)) }
    }

    func present(_ listeners: [UInt32]) {
        engine.submit(NotePresence(of: listeners.map(PlaceID.init)), to: event) { _ in }
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
