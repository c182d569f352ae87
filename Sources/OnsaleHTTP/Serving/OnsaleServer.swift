public import Hummingbird
public import Logging
import NIOCore
import OnsaleEngine

/// The public port: the HTTP contract.
public struct OnsaleServer: Sendable {
    private let service: OnsaleService
    private let logger: Logger

    public init(service: OnsaleService, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    /// The application. `onRunning` is told the port that it listens on.
    /// - Parameter connectionsMax: more wait until one ends.
    public func application(
        host: String, port: Int, connectionsMax: Int, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        Application(
            responder: OnsaleResponder(inner: service.buildRouter().buildResponder(), logger: logger),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [SlowRequestHandler()],
                    idleTimeout: .seconds(75),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))),
            configuration: .init(
                address: .hostname(host, port: port), backlog: 4096,
                availableConnectionsDelegate: .maximum(connectionsMax, logger: logger)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
            logger: logger)
    }
}
