import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleCorrelation
import OnsaleEngine
import OnsaleValues

/// This node among the others: which of them a request is for, and the way there.
struct Nodes: Sendable {
    let places: any EventPlaces
    let forwarder: Forwarder
    /// This node's name, in all its answers.
    let name: String

    init(_ places: any EventPlaces) {
        self.places = places
        forwarder = Forwarder(secret: NodeSecret(places.secret))
        name = places.node
    }

    /// Ends the connections to the others. Must be called before the last reference goes.
    func close() async throws { try await forwarder.pool.shutdown() }

    /// Takes what another node says of a request out of it; nil if none says anything.
    func relay(in request: inout Request) -> Relay? { Relay.take(from: &request, secret: forwarder.secret) }

    /// Whether another node sends it.
    func isFromNode(_ fields: HTTPFields) -> Bool {
        fields.plain(.onsaleNodeSecret).map(forwarder.secret.fits) ?? false
    }

    /// The node to ask about an event.
    /// - Returns: nil if that is this one.
    /// - Throws: if there is none, or the request has been passed on often enough.
    func peer(for event: String, _ context: OnsaleContext) throws(Problem) -> Peer? {
        switch places.place(of: event) {
        case .here: return nil
        case .nowhere(let seconds): throw .nobodyAnswers(retryAfterSeconds: seconds)
        case .at(let peer):
            guard context.relay?.hops ?? 0 < Relay.hopsMax else {
                var problem = Problem.nobodyAnswers()
                problem.notOwner = name
                throw problem
            }
            return peer
        }
    }

    // MARK: Passing on

    /// Passes a request on to the owner of an event.
    ///
    /// One that was not sent, or whose receiver doesn't own the event either, goes to whoever is the owner by then; one
    /// that may have arrived is repeated by nobody but its client, unless it only reads.
    /// - Parameter request: its body is read here, and can be read again afterwards.
    /// - Returns: nil if this node has become the owner.
    /// - Throws: ``Problem``, or what reading the body throws.
    func passOn(
        _ request: inout Request, _ context: OnsaleContext, to first: Peer, about event: String?, bodyBytesMax: Int?,
        seconds: Int, lane: PeerPool.Lane
    ) async throws -> Response? {
        var body: ByteBuffer?
        if let bodyBytesMax {
            let bytes = try await Body.collect(request, upTo: bodyBytesMax)
            request.body = RequestBody(buffer: bytes)
            body = bytes.readableBytes > 0 ? bytes : nil
        }
        let sent = sent(request, body, context, seconds: seconds, lane: lane)
        return try await passOn(request, sent, context, to: first, about: event)
    }

    /// Passes the creation of an event on, if another node takes new ones.
    func passToCreator(
        _ request: inout Request, _ context: OnsaleContext, bodyBytesMax: Int?
    ) async throws -> Response? {
        guard context.relay == nil, let creator = places.creator else { return nil }
        // A large plan takes a while to be read.
        return try await passOn(
            &request, context, to: creator, about: nil, bodyBytesMax: bodyBytesMax, seconds: Nodes.creatorSeconds,
            lane: .long)
    }

    private static let creatorSeconds = 60

    private func passOn(
        _ request: Request, _ sent: Forwarder.Sent, _ context: OnsaleContext, to first: Peer, about event: String?
    ) async throws -> Response? {
        let isRead = request.method == .get || request.method == .head
        var peer = first
        var isLast = false
        while true {
            switch await ask(peer, sent) {
            case .answered(let answer):
                // Where the request came to is where it is asked again, once.
                let mustAskAgain = answer.notOwner != nil && context.relay == nil && event != nil && !isLast
                guard mustAskAgain else {
                    return try await Response(answer, from: peer, to: request, isForNode: context.relay != nil)
                }
                await answer.drop()
            case .unsent(.full): throw Problem.fullToPeer
            case .unsent:
                if isLast { throw Problem.nobodyAnswers() }
            case .unknown(let outcome):
                guard isRead, outcome == .lost, !isLast else { throw Problem.unknownOutcome }
            }
            isLast = true
            guard let event else { continue }
            guard let next = try self.peer(for: event, context) else { return nil }
            peer = next
        }
    }

    /// Asks a node once, and notes whether it answers.
    func ask(_ peer: Peer, _ sent: Forwarder.Sent) async -> Forwarder.Outcome {
        let askedAt = SystemClock.uptimeMilliseconds()
        let outcome = await forwarder.send(sent, to: peer)
        switch outcome {
        case .answered: places.noteAnswer(from: peer)
        case .unsent(.full): break
        case .unsent, .unknown: places.noteNoAnswer(from: peer, since: askedAt)
        }
        return outcome
    }

    /// A request as it goes to another node.
    func sent(
        _ request: Request, _ body: ByteBuffer?, _ context: OnsaleContext, seconds: Int, lane: PeerPool.Lane,
        ownPart: [String]? = nil
    ) -> Forwarder.Sent {
        var fields = HopByHop.removed(from: request.headers)
        for name in [.contentLength, .expect, .xForwardedFor] + HTTPField.Name.betweenNodes { fields[name] = nil }
        fields[.xRequestID] = context.correlation.labels.requestID
        fields[.onsaleHops] = "\((context.relay?.hops ?? 0) + 1)"
        fields[.forwardedFor] = context.client?.text
        if let ownPart { fields[.onsalePart] = Nodes.list(ownPart) }
        return Forwarder.Sent(
            method: request.method, target: request.head.path ?? "/", fields: fields, body: body,
            lane: lane, seconds: seconds)
    }
}

extension Nodes {
    /// As many as there is room for.
    private static func list(_ events: [String]) -> String {
        var text = "own"
        for event in events where text.utf8.count + 1 + event.utf8.count <= Relay.partBytesMax { text += " " + event }
        return text
    }
}

extension Problem {
    /// No node answers for an event. Nothing was done.
    static func nobodyAnswers(retryAfterSeconds: Int = 1) -> Problem {
        .busy(
            .unavailable, "This event is moving from one node to another. Nothing was done; try again.",
            retryAfterSeconds: retryAfterSeconds)
    }

    /// The node that was asked gave no answer.
    static let unknownOutcome = Problem.busy(
        .unavailable,
        "No answer came, so it is not known whether this was done. Repeat it with the same Idempotency-Key.",
        retryAfterSeconds: 1)

    fileprivate static let fullToPeer = Problem.busy(
        .overloaded, "Too many requests are waiting for this event. Nothing was done; try again.",
        retryAfterSeconds: 1)
}
