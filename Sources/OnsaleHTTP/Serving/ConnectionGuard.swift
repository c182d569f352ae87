import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Stands between the parser and the framework. It closes connections whose request takes too long to arrive, even at a
/// steady trickle, holds each client to its share of connections, and answers what isn't HTTP.
///
/// One timer per connection checks now and then; a request that arrives in one piece costs a few assignments.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long a request may take, from the end of the previous answer to its own last byte.
    private static let requestSeconds: Int64 = 60
    private static let lookSeconds: Int64 = 10

    private let shares: ConnectionShares
    private let metrics: RequestMetrics
    private let nodes: Nodes?
    /// Which peers are limited.
    private let isLimited: @Sendable (IPAddress) -> Bool
    private var taken: ClientNetwork?

    /// Since when a request is awaited or arriving; nil while a complete one waits for its answer.
    private var awaitedSince: NIODeadline?
    private var isReceiving = false
    private var hasOpenResponse = false
    /// Complete requests minus complete answers; negative when a request is answered before it has fully arrived.
    private var unanswered = 0
    private var timer: RepeatedTask?

    init(
        shares: ConnectionShares, metrics: RequestMetrics, nodes: Nodes? = nil,
        isLimited: @escaping @Sendable (IPAddress) -> Bool
    ) {
        self.shares = shares
        self.metrics = metrics
        self.nodes = nodes
        self.isLimited = isLimited
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if let address = context.remoteAddress?.ipAddress.flatMap(IPAddress.init), isLimited(address) {
            let network = ClientNetwork(address)
            guard shares.take(network) else { return context.close(promise: nil) }
            taken = network
        }
        awaitedSince = context.eventLoop.now
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(
            initialDelay: .seconds(ConnectionGuard.lookSeconds), delay: .seconds(ConnectionGuard.lookSeconds)
        ) { _ in handler.value.look(loopBound.value) }
    }

    private func look(_ context: ChannelHandlerContext) {
        guard let awaitedSince, context.eventLoop.now - awaitedSince > .seconds(ConnectionGuard.requestSeconds) else {
            return
        }
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) { release() }

    func channelInactive(context: ChannelHandlerContext) {
        release()
        context.fireChannelInactive()
    }

    private func release() {
        timer?.cancel()
        if let taken { shares.giveBack(taken) }
        taken = nil
    }

    // MARK: Requests and answers

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            isReceiving = true
            // A node's connection carries many clients, who are counted there.
            if let taken, let nodes, nodes.isFromNode(head.headerFields) {
                shares.giveBack(taken)
                self.taken = nil
            }
            awaitedSince = awaitedSince ?? context.eventLoop.now
        case .body: break
        case .end:
            isReceiving = false
            unanswered += 1
            // If this one was answered before it had fully arrived, the next is now awaited.
            awaitedSince = unanswered > 0 ? nil : context.eventLoop.now
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: hasOpenResponse = true
        case .body: break
        case .end:
            hasOpenResponse = false
            unanswered -= 1
            // A request still arriving keeps its own start time.
            if unanswered <= 0, !isReceiving { awaitedSince = context.eventLoop.now }
        }
        context.write(data, promise: promise)
    }

    // MARK: What isn't HTTP

    /// The parser has given up: tells the client, unless an answer is under way, and closes the connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, !hasOpenResponse, unanswered <= 0 else {
            context.fireErrorCaught(error)
            return
        }
        hasOpenResponse = true
        let problem = Problem(.malformedRequest, "This is not a valid HTTP/1.1 request (RFC 9112).")
        metrics.count(problem.slug)
        var head = problem.response.head
        head.headerFields[.xRequestID] = ConnectionGuard.requestID()
        if let nodes { head.headerFields[.onsaleNode] = nodes.name }
        head.headerFields[.connection] = "close"
        head.headerFields[.contentLength] = String(problem.body.readableBytes)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(problem.body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }

    private static func requestID() -> String {
        String(UInt64.random(in: .min ... .max), radix: 16)
    }
}
