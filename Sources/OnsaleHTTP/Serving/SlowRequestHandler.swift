import NIOCore
import NIOHTTPTypes

/// Closes connections on which a request takes too long to arrive, however steadily it trickles.
///
/// One timer a connection looks now and then; a request that comes in one piece costs two assignments.
final class SlowRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long a request may take from the end of the answer before it to its own end.
    private static let requestSeconds: Int64 = 60
    private static let lookSeconds: Int64 = 10

    /// Since when a request is awaited; nil while one is being answered.
    private var awaitedSince: NIODeadline? = .now()
    private var timer: RepeatedTask?

    func handlerAdded(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(
            initialDelay: .seconds(SlowRequestHandler.lookSeconds), delay: .seconds(SlowRequestHandler.lookSeconds)
        ) { _ in handler.value.look(loopBound.value) }
    }

    private func look(_ context: ChannelHandlerContext) {
        guard let awaitedSince, NIODeadline.now() - awaitedSince > .seconds(SlowRequestHandler.requestSeconds) else {
            return
        }
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = unwrapInboundIn(data) { awaitedSince = nil }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { awaitedSince = .now() }
        context.write(data, promise: promise)
    }
}
