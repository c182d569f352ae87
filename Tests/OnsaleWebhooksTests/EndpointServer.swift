import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A receiver of webhooks on loopback, which answers as it is told, byte by byte.
final class EndpointServer: Sendable {
    enum Answer: Sendable {
        case status(Int, headers: String = "", body: String = "")
        /// These bytes, and no end of the connection.
        case bytes(String)
        case cut
        case silence
        /// 200 after so long.
        case later(milliseconds: Int64)
        /// A good head, and a body that never ends.
        case flood
    }

    struct Request: Sendable {
        let line: String
        /// Names in lower case.
        let headers: [String: String]
        let body: [UInt8]

        var id: String { headers["webhook-id"] ?? "" }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    fileprivate struct State {
        var requests: [Request] = []
        var connections = 0
        var underWay = 0
        var underWayMax = 0
        var answer: @Sendable (Request) -> Answer
    }

    private let state: Mutex<State>

    init(_ answer: @escaping @Sendable (Request) -> Answer = { _ in .status(200) }) {
        state = Mutex(State(answer: answer))
    }

    var requests: [Request] { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }
    /// The most requests that were there at a time.
    var underWayMax: Int { state.withLock { $0.underWayMax } }

    func answer(_ answer: @escaping @Sendable (Request) -> Answer) { state.withLock { $0.answer = answer } }

    /// Listens while `body` runs with the port.
    func serve<Value>(tls: NIOSSLContext? = nil, _ body: (_ port: Int) async throws -> Value) async throws -> Value {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Exchange(self))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Value, any Error>
        do { result = .success(try await body(listener.localAddress?.port ?? 0)) } catch { result = .failure(error) }
        try await listener.close()
        return try result.get()
    }

    fileprivate func connected() { state.withLock { $0.connections += 1 } }

    fileprivate func take(_ request: Request) -> Answer {
        let answer = state.withLock { state in
            state.requests.append(request)
            state.underWay += 1
            state.underWayMax = max(state.underWayMax, state.underWay)
            return state.answer
        }
        return answer(request)
    }

    fileprivate func done() { state.withLock { $0.underWay -= 1 } }
}

/// One connection.
private final class Exchange: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: EndpointServer
    private var received: [UInt8] = []
    private var hasRequest = false
    private var isAnswered = false

    init(_ server: EndpointServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) { server.connected() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytesView
        guard !hasRequest, let request = request() else { return }
        hasRequest = true
        switch server.take(request) {
        case .status(let status, let headers, let body):
            let head = "HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n\(headers)\r\n"
            write(head + body, context)
        case .bytes(let bytes): write(bytes, context)
        case .cut: context.close(promise: nil)
        case .silence: break
        case .later(let milliseconds):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) {
                bound.value.0.write("HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n", bound.value.1)
            }
        case .flood:
            write("HTTP/1.1 500 X\r\ncontent-length: 1000000000\r\n\r\n", context)
            flood(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { if hasRequest { done() } }

    /// Before the answer, since whoever has that may send the next request at once.
    private func done() {
        guard !isAnswered else { return }
        isAnswered = true
        server.done()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func flood(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(repeating: 0x41, count: 32_768)))
            .whenSuccess { bound.value.0.flood(bound.value.1) }
    }

    private func write(_ text: String, _ context: ChannelHandlerContext) {
        done()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    private func request() -> EndpointServer.Request? {
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let body = received[end.upperBound...]
        guard let length = Int(headers["content-length"] ?? ""), body.count >= length else { return nil }
        return EndpointServer.Request(
            line: lines.first.map(String.init) ?? "", headers: headers, body: Array(body.prefix(length)))
    }
}
