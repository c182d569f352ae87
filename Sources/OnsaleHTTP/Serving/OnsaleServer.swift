package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import OnsaleEngine
import OnsaleStreams

/// The public port: the HTTP contract.
package struct OnsaleServer: Sendable {
    private let service: OnsaleService
    private let logger: Logger

    package init(service: OnsaleService, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    /// The application. `onRunning` receives the port it listens on.
    /// - Parameter connectionsMax: further connections wait until one ends.
    package func application(
        host: String, port: Int, connectionsMax: Int, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        let connections = service.shares.connections
        let gate = service.gate
        // A proxy carries many clients and must count them itself.
        let isLimited: @Sendable (IPAddress) -> Bool = { address in
            !gate.trustedProxies.contains(address.text) && (gate.limitsLoopback || !address.isLoopback)
        }
        return Application(
            responder: service.responder(logger: logger),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [
                        ConnectionGuard(
                            shares: connections, metrics: service.metrics, nodes: service.nodes, isLimited: isLimited)
                    ],
                    idleTimeout: .seconds(75),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))),
            configuration: .init(
                address: .hostname(host, port: port), backlog: 4096,
                availableConnectionsDelegate: ConnectionBudget(
                    connectionsMax: connectionsMax, broadcaster: service.broadcaster)),
            onServerRunning: { channel in
                // A stream that ends makes room, but nothing else wakes the acceptor.
                channel.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { task in
                    if channel.isActive { channel.read() } else { task.cancel() }
                }
                await onRunning(channel.localAddress?.port ?? port)
            },
            logger: logger)
    }
}

/// Limits open connections, including streams taken over by the broadcaster.
struct ConnectionBudget: AvailableConnectionsDelegate {
    let connectionsMax: Int
    let broadcaster: Broadcaster
    private var open = 0

    init(connectionsMax: Int, broadcaster: Broadcaster) {
        self.connectionsMax = connectionsMax
        self.broadcaster = broadcaster
    }

    mutating func connectionOpened() { open += 1 }
    mutating func connectionClosed() { open -= 1 }
    func isAcceptingNewConnections() -> Bool { open + broadcaster.sockets < connectionsMax }
}
