import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// Joining an onsale, the line, and the pass that admits to it.
extension OnsaleService {
    func join(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let buyer = try await requireSession(request)
        try limit(request, context, buyer: buyer)
        let event = try await event(context)
        try challenge?.require(request, buyer: buyer, event: event.id)
        let (place, isNew) = try await apply(JoinLine(buyer), to: event)
        return json(isNew ? .created : .ok) { writer in
            writer.member("ticket", tokens.ticket(of: place.id, event: event.id, buyer))
            writer.member("number", place.number?.serial)
            if let lobbyIndex = place.lobbyIndex { writer.member("lobbyIndex", lobbyIndex) }
            writer.member("phase", Room.phase(event.view, at: engine.now()))
        }
    }

    /// The same for everybody, so that it can be cached.
    func waitingRoom(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        return Response(
            status: .ok, headers: OnsaleService.roomHeaders,
            body: .init(byteBuffer: rooms.json(event.view, at: engine.now())))
    }

    private static let roomHeaders: HTTPFields = [
        .contentType: "application/json", .cacheControl: "public, max-age=1",
    ]

    /// The buyers who came to the lobby, in order, for whoever wants to check the draw.
    func entrants(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        guard let list = try await entrantLists.list(of: event, engine) else { throw Problem.notFound }
        // Slices of the one list, a piece at a time: a million entrants are 31 MB, and a slow reader keeps none of it.
        let body = ResponseBody(contentLength: list.readableBytes) { writer in
            var rest = list
            while let piece = rest.readSlice(length: min(64 << 10, rest.readableBytes)), piece.readableBytes > 0 {
                try await writer.write(piece)
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "public, max-age=3600"],
            body: body)
    }

    func claimPass(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        // A ticket alone is worth nothing: it may have been seen by others.
        let session = try await requireSession(request)
        try limit(request, context, buyer: session)
        let event = try await event(context)
        let asked = try Body.decode(ClaimPassBody.self, from: request, try await Body.collect(request))
        guard case .ticket(event.id, let buyer, let place)? = await tokens.principal(asked.ticket, now: engine.now())
        else { throw Problem.invalid("/ticket", "is no ticket for this event's waiting room") }
        guard buyer == session else { throw Problem(.forbidden, "This ticket is another buyer's.") }
        let pass = try await apply(ClaimPass(of: place, buyer: buyer), to: event)
        return json(.created) { writer in
            writer.member(
                "pass", tokens.pass(pass.id, event: event.id, buyer, expiresAt: pass.expiresAt))
            writer.member("expiresAt", pass.expiresAt)
        }
    }

    func giveUpPass(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let (buyer, pass) = try await requirePass(request, for: event.id)
        try await apply(GiveUpPass(pass, buyer: buyer), to: event)
        return Response(status: .noContent)
    }
}

/// The line as everybody may see it.
enum Room {
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

/// The rooms as they were last written: a crowd that polls asks for the same bytes again and again.
final class RoomCache: Sendable {
    private struct Entry {
        let sequence: UInt64
        let phase: OnsalePhase
        let json: ByteBuffer
    }

    /// Events remembered; beyond that all are forgotten.
    private static let eventsMax = 1000

    private let entries = Mutex<[String: Entry]>([:])

    func json(_ view: EventView, at now: Timestamp) -> ByteBuffer {
        let phase = view.phase(at: now)
        return entries.withLock { entries in
            // What a room says follows from the facts so far and from its phase.
            if let entry = entries[view.definition.id], entry.sequence == view.lastSequence, entry.phase == phase {
                return entry.json
            }
            if entries.count >= RoomCache.eventsMax { entries.removeAll() }
            let json = Room.json(view, at: now)
            entries[view.definition.id] = Entry(sequence: view.lastSequence, phase: phase, json: json)
            return json
        }
    }
}

/// The entrants of lobbies as text. A list never changes once it is drawn, so it is made once and shared.
actor EntrantLists {
    private static let listsMax = 4

    private var lists: [String: Task<ByteBuffer?, any Error>] = [:]

    /// - Returns: nil before the draw.
    func list(of event: EventHandle, _ engine: Engine) async throws -> ByteBuffer? {
        if let known = lists[event.id] { return try await known.value }
        if lists.count >= EntrantLists.listsMax { lists.removeAll() }
        let making = Task { () -> ByteBuffer? in
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
