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
        if host != address { configuration.dnsOverride = [host: address] }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
