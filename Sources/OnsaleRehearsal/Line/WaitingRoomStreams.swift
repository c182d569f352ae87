import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// The waiting-room streams of all listeners, each on its own socket, without a task or timer of ours for any.
///
/// A class because it owns connections.
final class WaitingRoomStreams: Sendable {
    /// Identifies one stream of one fan.
    struct Listener: Hashable, Sendable {
        let fan: Int
        let generation: Int
    }

    enum Change: Sendable {
        /// The first message has arrived.
        case opened
        /// The connection ended or could not be opened. Not sent for streams closed from here.
        case broke(retrySeconds: Double?)
    }

    private struct Connection {
        let generation: Int
        /// nil while connecting.
        var channel: (any Channel)?
    }

    private static let connectSecondsMax: Int64 = 10
    /// Heartbeats come every 15 s; a stream silent for this long is dead.
    private static let silenceSecondsMax: Int64 = 45
    private static let receiveBytes = 2048

    private let address: SocketAddress
    private let host: String
    private let path: String
    private let board: RoomBoard
    private let measurements: Measurements
    private let changed: @Sendable (Listener, Change) -> Void
    private let connections = Mutex<[Int: Connection]>([:])

    /// - Parameters:
    ///   - url: the server, over plain HTTP.
    ///   - event: the event whose room to listen to.
    ///   - changed: called for every stream that opens or breaks, on that stream's event loop.
    /// - Throws: ``RehearsalError/noPlainServer(_:)`` if the URL can't be connected to.
    init(
        url: String, event: String, board: RoomBoard, measurements: Measurements,
        changed: @escaping @Sendable (Listener, Change) -> Void
    ) throws {
        guard let parts = URLComponents(string: url), parts.scheme?.lowercased() == "http", let name = parts.host,
            let address = try? SocketAddress.makeAddressResolvingHost(name, port: parts.port ?? 80)
        else { throw RehearsalError.noPlainServer(url) }
        self.address = address
        host = parts.port.map { "\(name):\($0)" } ?? name
        path = parts.path + "/v1/events/\(event)/waiting-room/stream"
        self.board = board
        self.measurements = measurements
        self.changed = changed
    }

    /// Connects and requests the stream with a ticket.
    func open(_ listener: Listener, ticket: String) {
        connections.withLock { $0[listener.fan] = Connection(generation: listener.generation) }
        let request = ByteBuffer(
            string: "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(ticket)\r\n"
                + "Accept: text/event-stream\r\n\r\n")
        let startedAt = measurements.elapsedSeconds
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(WaitingRoomStreams.connectSecondsMax))
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: WaitingRoomStreams.receiveBytes)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        IdleStateHandler(readTimeout: .seconds(WaitingRoomStreams.silenceSecondsMax)))
                    try pipeline.addHandler(
                        RoomStreamHandler(self, listener: listener, request: request, startedAt: startedAt))
                }
            }
        bootstrap.connect(to: address).whenComplete { result in
            switch result {
            case .success(let channel): self.connected(listener, channel)
            case .failure: self.ended(listener, wasOpen: false, retrySeconds: nil)
            }
        }
    }

    /// Closes a fan's stream, if any, without a report.
    func close(fan: Int) {
        let connection = connections.withLock { $0.removeValue(forKey: fan) }
        connection?.channel?.close(promise: nil)
    }

    func closeAll() {
        let all = connections.withLock { connections in
            defer { connections = [:] }
            return Array(connections.values)
        }
        for connection in all { connection.channel?.close(promise: nil) }
    }

    // MARK: From the connections

    private func connected(_ listener: Listener, _ channel: any Channel) {
        let isWanted = connections.withLock { connections in
            guard connections[listener.fan]?.generation == listener.generation else { return false }
            connections[listener.fan]?.channel = channel
            return true
        }
        // Closed while still connecting.
        if !isWanted { channel.close(promise: nil) }
    }

    /// A complete `room` event has arrived.
    func heard(_ message: UnsafeRawBufferPointer) {
        board.heard(message)
    }

    /// A stream's first event has arrived.
    func opened(_ listener: Listener, startedAt: Double) {
        measurements.record(.stream, .seconds(measurements.elapsedSeconds - startedAt), status: 200)
        changed(listener, .opened)
    }

    /// The server answered with something other than a stream.
    func refused(startedAt: Double, status: Int) {
        measurements.record(.stream, .seconds(measurements.elapsedSeconds - startedAt), status: status)
    }

    /// A connection is gone.
    func ended(_ listener: Listener, wasOpen: Bool, retrySeconds: Double?) {
        let isNews = connections.withLock { connections in
            guard connections[listener.fan]?.generation == listener.generation else { return false }
            connections[listener.fan] = nil
            return true
        }
        guard isNews else { return }
        if !wasOpen { measurements.recordUnanswered(.stream) }
        changed(listener, .broke(retrySeconds: retrySeconds))
    }
}

/// One listener's connection on its event loop: requests the stream and passes on what arrives.
private final class RoomStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let streams: WaitingRoomStreams
    private let listener: WaitingRoomStreams.Listener
    private let startedAt: Double
    /// Released once it is sent.
    private var request: ByteBuffer?
    private var parser = WaitingRoomStreamParser()
    private var isOpen = false
    private var isRefused = false

    init(_ streams: WaitingRoomStreams, listener: WaitingRoomStreams.Listener, request: ByteBuffer, startedAt: Double) {
        self.streams = streams
        self.listener = listener
        self.request = request
        self.startedAt = startedAt
    }

    func channelActive(context: ChannelHandlerContext) {
        if let request { context.writeAndFlush(wrapOutboundOut(request), promise: nil) }
        request = nil
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        let streams = streams
        var hasHeard = false
        let isSound = bytes.withUnsafeReadableBytes { (pointer: UnsafeRawBufferPointer) -> Bool in
            do throws(WaitingRoomStreamParser.Fault) {
                try parser.feed(pointer) { message in
                    hasHeard = true
                    streams.heard(message)
                }
                return true
            } catch {
                return false
            }
        }
        if let status = parser.status, status != 200, !isRefused {
            isRefused = true
            streams.refused(startedAt: startedAt, status: status)
        }
        if hasHeard, !isOpen, !isRefused {
            isOpen = true
            streams.opened(listener, startedAt: startedAt)
        }
        if !isSound || isRefused || parser.isOver { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        streams.ended(listener, wasOpen: isOpen || isRefused, retrySeconds: parser.retrySeconds)
        context.fireChannelInactive()
    }
}
