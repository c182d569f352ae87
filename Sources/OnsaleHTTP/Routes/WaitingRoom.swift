import Crypto
import HTTPTypes
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

/// The entrants of lobbies as text. A list never changes after the draw, so a node makes it, or asks the owner for it,
/// once, and shares it: people who read slowly must not each hold a copy on its way.
actor EntrantLists {
    private static let listsMax = 4
    /// A line an entrant, of at most so many bytes.
    private static let lineBytesMax = 40
    private static let seconds = 60

    private let nodes: Nodes?
    private var lists: [String: Task<ByteBuffer?, any Error>] = [:]

    /// - Parameter nodes: nil where there is only this one.
    init(_ nodes: Nodes?) {
        self.nodes = nodes
    }

    /// - Parameter isPassedOn: whether another node asks, which takes this one for the owner.
    /// - Returns: nil before the draw.
    /// - Throws: ``Problem`` `unavailable` if the owner gives no answer.
    func list(of event: EventHandle, _ engine: Engine, isPassedOn: Bool) async throws -> ByteBuffer? {
        guard event.view.line.entrantsHash != nil else { return nil }
        if let known = lists[event.id] { return try await known.value }
        var owner: Peer?
        switch nodes?.places.place(of: event.id) {
        case .here, nil: break
        case .at(let peer) where !isPassedOn: owner = peer
        case .at, .nowhere: throw Problem.nobodyAnswers()
        }
        if lists.count >= EntrantLists.listsMax { lists.removeAll() }
        // Others will wait for it too, so it is not in this request's context.
        let making = Task.detached { [nodes, owner] () -> ByteBuffer? in
            if let nodes, let owner { return try await EntrantLists.fetch(event, from: owner, nodes) }
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

    /// Asks the owner. What it says is held against the hash that everybody knows.
    private static func fetch(_ event: EventHandle, from owner: Peer, _ nodes: Nodes) async throws -> ByteBuffer {
        let sent = Forwarder.Sent(
            method: .get, target: "/v1/events/\(event.id)/waiting-room/entrants", fields: [.onsaleHops: "1"], body: nil,
            lane: .long, seconds: seconds)
        guard case .answered(let answer) = await nodes.ask(owner, sent) else { throw Problem.nobodyAnswers() }
        guard answer.isOK else {
            await answer.drop()
            throw Problem.nobodyAnswers()
        }
        let bytesMax = lineBytesMax * Int(event.view.line.lobbySize ?? 0)
        let list = try? await within(seconds: seconds) { try await answer.whole(upTo: bytesMax) }
        guard let list = list ?? nil,
            Array(SHA256.hash(data: list.readableBytesView)) == event.view.line.entrantsHash
        else { throw Problem.nobodyAnswers() }
        return list
    }
}
