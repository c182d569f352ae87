import AsyncHTTPClient
import NIOCore

/// Clients each of which reaches one host at one address: what was checked is what is connected to, whatever the name
/// means a moment later (DNS rebinding). TLS and `Host` have the name.
actor AddressedClients {
    private struct Place: Hashable {
        let host: String
        let address: String
    }

    private static let clientsMax = 16
    /// With headers and everything that goes before an answer.
    private static let answerBytesMax = 4 * EligibilityAnswer.bytesMax

    /// The one used last is the last one.
    private var clients: [(place: Place, client: HTTPClient)] = []

    func client(for host: String, at address: String) -> HTTPClient {
        let place = Place(host: host, address: address)
        if let index = clients.firstIndex(where: { $0.place == place }) {
            let known = clients.remove(at: index)
            clients.append(known)
            return known.client
        }
        if clients.count == AddressedClients.clientsMax {
            let oldest = clients.removeFirst().client
            // What is under way with it fails, and is asked again.
            Task { try? await oldest.shutdown() }
        }
        let client = AddressedClients.make(host: host, address: address)
        clients.append((place, client))
        return client
    }

    func close() async {
        let all = clients
        clients = []
        for (_, client) in all { try? await client.shutdown() }
    }

    private static func make(host: String, address: String) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)))
        configuration.connectionPool.idleTimeout = .seconds(30)
        // The desk decides when to call again.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.tracing.tracer = nil
        // Called when a connection is set up, whatever its name says.
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    AnswerLimit(bytes: AddressedClients.answerBytesMax), position: .first)
            }
        }
        if host != address { configuration.dnsOverride = [host: address] }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}

/// Closes a connection on which more comes between two requests than an answer may have, whatever it is: a server may go
/// on for ever with answers that say that others will follow.
private final class AnswerLimit: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let bytes: Int
    private var left: Int

    init(bytes: Int) {
        self.bytes = bytes
        left = bytes
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        left = bytes
        context.write(data, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard left > 0 else { return }
        left -= unwrapInboundIn(data).readableBytes
        guard left > 0 else { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }
}
