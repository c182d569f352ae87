import HummingbirdCore
import NIOCore
import NIOHTTP1
import OnsaleStreams
import Synchronization

/// A connection taken from the task that served it. The task is told it has ended, while it stays open and its event
/// loop writes to it. It costs a channel but no task.
final class DetachedConnection: StreamConnection {
    private struct State {
        var isOpen = true
        var isWriting = false
    }

    private let state = Mutex(State())
    private let handler: NIOLoopBound<DetachedHandler>

    private init(_ handler: NIOLoopBound<DetachedHandler>) {
        self.handler = handler
    }

    /// Detaches an HTTP/1.1 connection. Its new owner answers the request.
    /// - Returns: nil if it has ended or an earlier request detached it.
    static func detach(_ channel: any Channel) async throws -> DetachedConnection? {
        try await channel.eventLoop.submit { () -> DetachedConnection? in
            let operations = channel.pipeline.syncOperations
            guard channel.isActive, (try? operations.context(handlerType: DetachedHandler.self)) == nil,
                let encoder = try? operations.handler(type: HTTPResponseEncoder.self)
            else { return nil }
            let handler = DetachedHandler()
            // After TLS, if any, and before everything that knows of requests.
            try operations.addHandler(handler, position: .before(encoder))
            let connection = DetachedConnection(NIOLoopBound(handler, eventLoop: channel.eventLoop))
            handler.connection = connection
            StreamSocket.limitUnacknowledgedTime(of: channel)
            try handler.dismiss(operations)
            return connection
        }.get()
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }

    func send(_ bytes: ArraySlice<UInt8>) -> SendResult {
        let refusal = state.withLock { state -> SendResult? in
            guard state.isOpen else { return .gone }
            guard !state.isWriting else { return .blocked }
            state.isWriting = true
            return nil
        }
        if let refusal { return refusal }
        handler.eventLoop.execute { [handler] in handler.value.write(ByteBuffer(bytes: bytes)) }
        return .sent(bytes.count)
    }

    func close() {
        state.withLock { $0.isOpen = false }
        handler.eventLoop.execute { [handler] in handler.value.close() }
    }

    fileprivate func hasWritten() { state.withLock { $0.isWriting = false } }
    fileprivate func hasEnded() { state.withLock { $0.isOpen = false } }
}

/// Stands between a channel and the handlers of requests, and lets nothing pass in either direction.
private final class DetachedHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a last piece may take to be written.
    private static let lastWriteTimeout = TimeAmount.seconds(1)

    /// Dropped at the end to break the cycle between the two.
    var connection: DetachedConnection?
    private var context: ChannelHandlerContext?
    private var isWriting = false
    private var isClosing = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { end() }

    /// Tells the handlers behind, and through them the task, that the connection has ended. The framework's idle
    /// handler swallows that event, so the handlers behind it are told separately.
    func dismiss(_ operations: ChannelPipeline.SynchronousOperations) throws {
        context?.fireChannelInactive()
        try operations.context(handlerType: HTTPConnectionStateHandler.self).fireChannelInactive()
    }

    private func end() {
        connection?.hasEnded()
        connection = nil
        context = nil
    }

    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        isWriting = true
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { [self] result in
            isWriting = false
            guard case .success = result, !isClosing else {
                self.context?.close(promise: nil)
                return
            }
            connection?.hasWritten()
        }
    }

    func close() {
        guard let context else { return }
        isClosing = true
        guard isWriting else { return context.close(promise: nil) }
        // A client that stops reading would otherwise keep the connection for ever.
        context.eventLoop.assumeIsolated().scheduleTask(in: DetachedHandler.lastWriteTimeout) { [self] in
            self.context?.close(promise: nil)
        }
    }

    // MARK: From the client

    /// A stream's client has nothing to say, so one that talks is disconnected.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }
    func channelReadComplete(context: ChannelHandlerContext) {}
    func channelInactive(context: ChannelHandlerContext) { end() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }

    // MARK: From the framework

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.alreadyClosed)
    }

    func flush(context: ChannelHandlerContext) {}
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        promise?.succeed(())
    }
}
