import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Reaches organizers' endpoints over HTTP. Close it when nobody uses it any more.
package struct HTTPEligibilityEndpoint: EligibilityEndpoint {
    /// Why a call came to nothing.
    package enum Failure: Error, Hashable, CustomStringConvertible {
        /// The URL can't be read, or its host is one that isn't called.
        case refused
        case tooLong
        case timeout

        package var description: String {
            switch self {
            case .refused: "the endpoint's host may not be called"
            case .tooLong: "the endpoint's answer is too long"
            case .timeout: "the endpoint took too long"
            }
        }
    }

    private let client: HTTPClient
    private let isAllowed: @Sendable (_ host: String) async -> Bool

    /// - Parameter isAllowed: whether a host may be called: private addresses may not, unless the operator wants it.
    package init(isAllowed: @escaping @Sendable (_ host: String) async -> Bool) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)))
        configuration.connectionPool.idleTimeout = .seconds(30)
        // The desk decides when to call again.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.tracing.tracer = nil
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.isAllowed = isAllowed
    }

    package func close() async {
        try? await client.shutdown()
    }

    package func post(_ request: EligibilityRequest) async throws -> EligibilityResponse {
        try await withThrowingTaskGroup(of: EligibilityResponse.self) { group in
            group.addTask { try await exchange(request) }
            group.addTask {
                try await Task.sleep(for: request.timeout)
                throw Failure.timeout
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() else { throw Failure.timeout }
            return response
        }
    }

    private func exchange(_ request: EligibilityRequest) async throws -> EligibilityResponse {
        // The host as the client will read it, so that both mean the same.
        guard let host = URL(string: request.url)?.host(percentEncoded: false), await isAllowed(host) else {
            throw Failure.refused
        }
        var call = HTTPClientRequest(url: request.url)
        call.method = .POST
        call.headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        call.body = .bytes(ByteBuffer(bytes: request.body))
        let milliseconds = Int64(request.timeout / .milliseconds(1))
        let answer = try await client.execute(call, timeout: .milliseconds(milliseconds))
        var body: [UInt8] = []
        for try await part in answer.body {
            body += part.readableBytesView
            guard body.count <= EligibilityAnswer.bytesMax else { throw Failure.tooLong }
        }
        return EligibilityResponse(status: Int(answer.status.code), body: body)
    }
}
