import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// The line as everyone may see it.
enum WaitingRoom {
    static func phase(_ view: EventView, at now: Timestamp) -> String {
        let phase = view.phase(at: now)
        return phase == .scheduled ? OnsalePhase.closed.rawValue : phase.rawValue
    }

    static func json(_ view: EventView, at now: Timestamp) -> ByteBuffer {
        JSONWriter.object { write(view, at: now, to: &$0) }
    }

    static func write(_ view: EventView, at now: Timestamp, to writer: inout JSONWriter) {
        writer.member("phase", phase(view, at: now))
        writer.member("opensAt", view.schedule.opensAt)
        writer.member("issued", view.line.issuedNumbers)
        writer.member("admittedThrough", view.line.admittedThrough.serial)
        writer.member("admittedPerMinute", Int(view.line.numbersPerMinute.rounded(.up)))
        writer.member("activeShoppers", view.line.activeShoppers)
        writer.member("free", view.counts.free)
        writer.member("drawCommitment", hex: view.line.drawCommitment)
        writer.member("drawSeed", hex: view.line.drawSeed)
        writer.member("lobbySize", view.line.lobbySize)
        writer.member("entrantsHash", hex: view.line.entrantsHash)
    }
}

/// Rendered waiting rooms, cached because a polling crowd asks for the same bytes again and again.
final class WaitingRoomCache: Sendable {
    private struct Entry {
        let sequence: UInt64
        let phase: OnsalePhase
        let json: ByteBuffer
    }

    /// Beyond this many events, everything is forgotten.
    private static let eventsMax = 1000

    private let entries = Mutex<[String: Entry]>([:])

    func json(_ view: EventView, at now: Timestamp) -> ByteBuffer {
        let phase = view.phase(at: now)
        return entries.withLock { entries in
            // A room's text depends only on the facts so far and on its phase.
            if let entry = entries[view.definition.id], entry.sequence == view.lastSequence, entry.phase == phase {
                return entry.json
            }
            if entries.count >= WaitingRoomCache.eventsMax { entries.removeAll() }
            let json = WaitingRoom.json(view, at: now)
            entries[view.definition.id] = Entry(sequence: view.lastSequence, phase: phase, json: json)
            return json
        }
    }
}

/// The entrants of lobbies as text. A list never changes after the draw, so it is made once and shared.
actor EntrantLists {
    private static let listsMax = 4

    private var lists: [String: Task<ByteBuffer?, any Error>] = [:]

    /// - Returns: nil before the draw.
    func list(of event: EventHandle, _ engine: Engine) async throws -> ByteBuffer? {
        if let known = lists[event.id] { return try await known.value }
        if lists.count >= EntrantLists.listsMax { lists.removeAll() }
        // Others will wait for it too, so it is not in this request's context.
        let making = Task.detached { () -> ByteBuffer? in
            guard let buyers = try await engine.read(event, { $0.line.entrantList }) else { return nil }
            var text = ByteBuffer()
            text.reserveCapacity(buyers.count * 31)
            for buyer in buyers {
                text.writeString(buyer.text)
                text.writeInteger(UInt8(ascii: "\n"))
            }
            return text
        }
        lists[event.id] = making
        let list: ByteBuffer?
        do { list = try await making.value } catch {
            lists[event.id] = nil
            throw error
        }
        if list == nil { lists[event.id] = nil }
        return list
    }
}
