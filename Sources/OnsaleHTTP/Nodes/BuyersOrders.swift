import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues

/// A buyer's orders of all events, wherever these are written.
///
/// An order must be in the list as soon as its buyer has been told of it, so each is read where it is written. Every node
/// is asked for those of its own events, and says which these are: an event that no node has answered for is a missing
/// answer, not an event without orders.
struct BuyersOrders: Sendable {
    let events: EventClient
    let presenter: Presenter
    /// nil where there is only this one.
    let nodes: Nodes?

    private static let answerBytesMax = 16 << 20
    private static let seconds = 5

    /// The newest orders, or those before one.
    /// - Parameter beginning: writes what stands before them.
    /// - Throws: ``Problem`` `unavailable` if a node that writes events gives no answer.
    func page(
        of buyer: BuyerID, before: PublicID?, limit: Int, _ request: Request, _ context: OnsaleContext,
        beginning: (inout JSONWriter) -> Void = { _ in }
    ) async throws -> Response {
        let known = Set(events.engine.eventsWithOrders(of: buyer))
        let asked = known.union(context.relay?.ownPart ?? [])
        let own = try await ownPart(of: buyer, in: asked, before: before, atMost: limit + 1)
        if context.relay?.ownPart != nil { return OrderLines.response(own) }
        var found = own.orders
        if let nodes, context.relay == nil {
            let others = known.subtracting(own.events)
            var answered: Set<String> = []
            let owners = nodes.places.owners
            for (peer, part) in await parts(of: nodes, others.sorted(), request, context) {
                guard let part else {
                    // It may have an order that this node hasn't heard of yet.
                    if owners.contains(peer.name) { throw Problem.nobodyAnswers() }
                    continue
                }
                found += part.orders
                answered.formUnion(part.events)
            }
            guard others.isSubset(of: answered) else { throw Problem.nobodyAnswers() }
            // While an event moves, two nodes may answer for it.
            var seen: Set<String> = []
            found = found.filter { seen.insert($0.id).inserted }
        }
        found.sort { $0.rank > $1.rank }
        let shown = found.prefix(limit)
        return .json(.ok) { writer in
            beginning(&writer)
            writer.array("orders") { writer in
                for order in shown { writer.json(order.json) }
            }
            if found.count > shown.count, let last = shown.last {
                writer.member("next", last.id)
            } else {
                writer.null("next")
            }
        }
    }

    /// The orders of those events that this node writes.
    private func ownPart(
        of buyer: BuyerID, in asked: Set<String>, before: PublicID?, atMost max: Int
    ) async throws -> OrderPart {
        var orders: [(order: Order, view: EventView)] = []
        var answered: [String] = []
        for id in asked.sorted() {
            if let nodes, nodes.places.place(of: id) != .here { continue }
            answered.append(id)
            // One event out of service must not hide the orders of the others.
            guard let event = try? await events.engine.event(id) else { continue }
            let tag = event.view.definition.tag
            let found = try await events.read(event) { partition in
                Array(
                    partition.sale.orders(of: buyer).lazy
                        .filter { order in before.map { OrderRank(order, tag) < OrderRank($0) } ?? true }
                        .prefix(max))
            }
            let view = event.view
            orders += found.map { ($0, view) }
        }
        orders.sort { OrderRank($0.order, $0.view.definition.tag) > OrderRank($1.order, $1.view.definition.tag) }
        let listed = orders.prefix(max).map { order, view in
            ListedOrder(
                id: view.definition.publicID(order), rank: OrderRank(order, view.definition.tag),
                json: presenter.order(order, in: view))
        }
        return OrderPart(events: answered, orders: listed)
    }

    /// What the other nodes say, all of them, within one deadline; nil for one that gives no answer.
    private func parts(
        of nodes: Nodes, _ events: [String], _ request: Request, _ context: OnsaleContext
    ) async -> [(Peer, OrderPart?)] {
        let sent = nodes.sent(request, nil, context, seconds: BuyersOrders.seconds, lane: .prompt, ownPart: events)
        return await withTaskGroup(of: (Peer, OrderPart?).self) { group in
            for peer in nodes.places.peers {
                group.addTask {
                    let part = try? await within(seconds: BuyersOrders.seconds) {
                        await BuyersOrders.part(of: peer, nodes, sent)
                    }
                    return (peer, part ?? nil)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func part(of peer: Peer, _ nodes: Nodes, _ sent: Forwarder.Sent) async -> OrderPart? {
        guard case .answered(let answer) = await nodes.ask(peer, sent), answer.isOK,
            let body = try? await answer.whole(upTo: answerBytesMax)
        else { return nil }
        return OrderLines.part(body)
    }
}

/// Where an order ranks among all of a buyer's.
struct OrderRank: Comparable, Sendable {
    let at: Timestamp
    let serial: UInt32
    let tag: UInt64

    init(_ order: Order, _ tag: UInt64) {
        at = order.placedAt
        serial = order.id.serial
        self.tag = tag
    }

    init(_ id: PublicID) {
        at = id.at
        serial = id.serial
        tag = id.tag
    }

    static func < (left: OrderRank, right: OrderRank) -> Bool {
        (left.at, left.serial, left.tag) < (right.at, right.serial, right.tag)
    }
}

/// An order as it will be listed.
struct ListedOrder: Sendable {
    let id: String
    let rank: OrderRank
    let json: ByteBuffer
}

/// A buyer's orders at one node.
struct OrderPart: Sendable {
    /// The events that the node has answered for.
    let events: [String]
    let orders: [ListedOrder]
}

/// What one node tells another of a buyer's orders: a line with the events, then a line for each order, all JSON.
enum OrderLines {
    private struct Head: Codable { let events: [String] }
    private struct Listed: Codable { let order: String }

    static func response(_ part: OrderPart) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"], body: .init(byteBuffer: bytes(part)))
    }

    static func bytes(_ part: OrderPart) -> ByteBuffer {
        var bytes = JSONWriter.object { $0.member("events", strings: part.events) }
        for order in part.orders {
            bytes.writeInteger(UInt8(ascii: "\n"))
            bytes.writeImmutableBuffer(order.json)
        }
        return bytes
    }

    /// nil unless it is whole.
    static func part(_ body: ByteBuffer) -> OrderPart? {
        let lines = body.readableBytesView.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let decoder = JSONDecoder()
        guard let first = lines.first, let head = try? decoder.decode(Head.self, from: Data(first)) else { return nil }
        var orders: [ListedOrder] = []
        for line in lines.dropFirst() {
            guard let listed = try? decoder.decode(Listed.self, from: Data(line)),
                let id = PublicID(.order, text: listed.order)
            else { return nil }
            orders.append(ListedOrder(id: id.text, rank: OrderRank(id), json: ByteBuffer(line)))
        }
        return OrderPart(events: head.events, orders: orders)
    }
}

/// Runs something that must end within so many seconds.
/// - Returns: nil if it has not; then it is cancelled, and has ended.
func within<Value: Sendable>(
    seconds: Int, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
