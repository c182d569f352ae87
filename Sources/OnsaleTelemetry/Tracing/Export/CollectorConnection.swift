import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Reaches a collector with a client of its own, which traces nothing: a span about sending spans would never end.
///
/// A class, for it makes the client with the first request, and none if there never is one.
package final class CollectorConnection: CollectorTransport {
    private let client = Mutex<HTTPClient?>(nil)

    package init() {}

    package func post(_ request: CollectorRequest, timeout: Duration) async throws -> CollectorAnswer {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = .POST
        outgoing.headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        outgoing.body = .bytes(request.body)
        let response = try await openClient().execute(outgoing, timeout: TimeAmount(timeout))
        // An answer that can't be read doesn't change what its status says.
        let body = try? await response.body.collect(upTo: CollectorAnswer.bodyBytesMax)
        return CollectorAnswer(
            status: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After"),
            body: body.map { Array(buffer: $0) } ?? [])
    }

    package func shutdown() async {
        let client = client.withLock { client in
            defer { client = nil }
            return client
        }
        try? await client?.shutdown()
    }

    private func openClient() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow, timeout: .init(connect: .seconds(2)))
            configuration.tracing.tracer = nil
            configuration.httpVersion = .http1Only
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
            // Trying again is decided in one place, `CollectorDelivery`.
            configuration.connectionPool.retryConnectionEstablishment = false
            let new = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = new
            return new
        }
    }
}
