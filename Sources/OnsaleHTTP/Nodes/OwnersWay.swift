import Hummingbird
import NIOCore
import OnsaleEngine

/// The way of a request to its event's owner.
struct OwnersWay: Sendable {
    private let nodes: Nodes
    /// Whether only the owner answers.
    private let isOwnersAlone: Bool
    private let bodyBytesMax: Int?
    private let seconds: Int
    private let lane: PeerPool.Lane

    init(_ nodes: Nodes, to node: ServingNode, bodyBytesMax: Int?) {
        self.nodes = nodes
        self.bodyBytesMax = bodyBytesMax
        if case .owner(let seconds, let lane) = node {
            isOwnersAlone = true
            self.seconds = seconds
            self.lane = lane
        } else {
            isOwnersAlone = false
            seconds = ServingNode.promptSeconds
            // It may be a stream, or a seating plan.
            lane = .long
        }
    }

    /// Passes a request on that has been checked and counted here. What follows is that:
    ///
    /// - who asks is checked at both nodes, by the same keys;
    /// - how often is counted at this one alone, where the client is;
    /// - guesses at the organizer's token don't get this far.
    ///
    /// - Returns: nil if it is answered here. The request's body may have been read; it can be read again.
    func pass(_ request: inout Request, _ context: OnsaleContext, about event: String) async throws -> Response? {
        guard isOwnersAlone else { return nil }
        return try await passToOwner(&request, context, about: event)
    }

    private func passToOwner(
        _ request: inout Request, _ context: OnsaleContext, about event: String
    ) async throws -> Response? {
        guard let peer = try nodes.peer(for: event, context) else { return nil }
        return try await nodes.passOn(
            &request, context, to: peer, about: event, bodyBytesMax: bodyBytesMax, seconds: seconds, lane: lane)
    }

    /// Passes a request on whose event isn't known here, because it is new or this node can't read it. The owner checks
    /// who asks.
    /// - Parameter count: counts the request against its address.
    /// - Returns: nil if the event is known here, or at no node.
    func passUnheardOf(
        _ request: inout Request, _ context: OnsaleContext, _ events: EventClient,
        count: (Request) throws(Problem) -> Void
    ) async throws -> Response? {
        let event = try EventClient.id(context)
        do { _ = try await events.event(context) } catch is EngineError {
            guard case .at = nodes.places.place(of: event) else { return nil }
            try count(request)
            return try await passToOwner(&request, context, about: event)
        }
        return nil
    }

    /// Passes a request on whose event went to another node while it waited here. Nothing was done.
    /// - Parameter body: as it was read.
    /// - Returns: nil if no other node is known to own it.
    func passMoved(
        _ request: inout Request, _ body: ByteBuffer, _ context: OnsaleContext, about event: String
    ) async throws -> Response? {
        request.body = RequestBody(buffer: body)
        return try await passToOwner(&request, context, about: event)
    }
}

extension EngineError {
    /// Whether another node writes the event by now. Nothing was done.
    var isMoved: Bool { self == .moved }
}
