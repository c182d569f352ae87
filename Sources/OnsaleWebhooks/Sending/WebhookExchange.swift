import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// One request on one connection, and what came of it.
final class WebhookExchange: Sendable {
    struct Result: Sendable {
        let outcome: AttemptOutcome
        let answer: [UInt8]
    }

    private let head: HTTPRequestHead
    private let body: [UInt8]
    private let limits: SenderLimits
    /// Kept here, since a connection that ends before it is used has nothing in its pipeline any more.
    private let handler = Mutex<NIOLoopBound<ExchangeHandler>?>(nil)

    init(_ head: HTTPRequestHead, body: [UInt8], limits: SenderLimits) {
        self.head = head
        self.body = body
        self.limits = limits
    }

    /// Prepares a connection's pipeline, on its event loop.
    func prepare(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        let handler = ExchangeHandler(bodyBytesMax: limits.bodyBytesMax)
        try pipeline.addHandler(AnswerLimit(bytes: limits.answerBytesMax))
        try pipeline.addHTTPClientHandlers()
        try pipeline.addHandler(handler)
        let bound = NIOLoopBound(handler, eventLoop: pipeline.eventLoop)
        self.handler.withLock { $0 = bound }
    }

    /// Sends the request, waits for the answer until the deadline, and closes the connection.
    func result(on channel: any Channel, deadline: NIODeadline) async -> Result {
        guard let bound = handler.withLock({ $0 }) else { return Result(outcome: .cut, answer: []) }
        let future = channel.eventLoop.flatSubmit { [head, body] () -> EventLoopFuture<Result> in
            let promise = channel.eventLoop.makePromise(of: Result.self)
            bound.value.begin(promise)
            let alarm = channel.eventLoop.scheduleTask(deadline: deadline) { bound.value.end(.late) }
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            return promise.futureResult.always { _ in
                alarm.cancel()
                channel.close(promise: nil)
            }
        }
        let result = try? await future.get()
        return result ?? Result(outcome: .cut, answer: [])
    }
}

/// Takes the answer in. Once the headers are complete the outcome is certain; the body is for the log alone.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// How long the body is waited for, which is for the log alone.
    private static let bodyTime = TimeAmount.seconds(2)

    private let bodyBytesMax: Int
    private var promise: EventLoopPromise<WebhookExchange.Result>?
    private var outcome: AttemptOutcome?
    private var failure: AttemptOutcome?
    private var answer: [UInt8] = []
    private var bodyBytes = 0
    private var isOver = false

    init(bodyBytesMax: Int) { self.bodyBytesMax = bodyBytesMax }

    func begin(_ promise: EventLoopPromise<WebhookExchange.Result>) {
        self.promise = promise
        // What an endpoint says before it is asked, or that TLS failed at once.
        if isOver || failure != nil { end(failure ?? .cut) }
    }

    /// Ends it, with the status if there is one by now, else with this.
    func end(_ otherwise: AttemptOutcome) {
        isOver = true
        failure = failure ?? otherwise
        promise?.succeed(WebhookExchange.Result(outcome: outcome ?? failure ?? otherwise, answer: answer))
        promise = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard (200...599).contains(Int(head.status.code)) else { return end(.garbled) }
            outcome = ExchangeHandler.outcome(head)
            // What is certain holds up nobody else: a body that never ends would keep its place until the deadline.
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: ExchangeHandler.bodyTime) { bound.value.end(.late) }
        case .body(let part):
            bodyBytes += part.readableBytes
            let room = max(0, WebhookAttempt.answerBytesMax - answer.count)
            answer += part.readableBytesView.prefix(room)
            if bodyBytes > bodyBytesMax { end(.garbled) }
        case .end: end(.garbled)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many servers end TLS without saying so.
        if let error = error as? NIOSSLError, case .uncleanShutdown = error { return }
        switch error {
        case is HTTPParserError, is AnswerLimit.Exceeded: end(.garbled)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: end(.unreachable(.tls))
        default: end(.cut)
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.cut)
        context.fireChannelInactive()
    }

    private static func outcome(_ head: HTTPResponseHead) -> AttemptOutcome {
        switch Int(head.status.code) {
        case 200...299: .delivered(status: Int(head.status.code))
        case 410: .gone
        case let status: .refused(status: status, retryAfterSeconds: retryAfter(head.headers))
        }
    }

    /// `Retry-After` in seconds (RFC 9110, section 10.2.3). As a date it would need the endpoint's clock to be right,
    /// so that form is passed over.
    private static func retryAfter(_ headers: HTTPHeaders) -> Int64? {
        guard let text = headers.first(name: "retry-after")?.utf8, (1...20).contains(text.count),
            text.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int64(String(decoding: text, as: UTF8.self)) ?? .max
    }
}

/// Ends a connection on which more comes than an answer may have, whatever it is.
final class AnswerLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct Exceeded: Error {}

    private var left: Int

    init(bytes: Int) { left = bytes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard left > 0 else { return }
        left -= unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
        guard left <= 0 else { return }
        context.fireErrorCaught(Exceeded())
        context.close(promise: nil)
    }
}
