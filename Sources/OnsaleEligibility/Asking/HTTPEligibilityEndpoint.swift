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
            case .refused:
                "the endpoint's host has no address that may be called (ONSALE_WEBHOOK_PRIVATE=1 allows private ones)"
            case .tooLong: "the endpoint's answer is too long"
            case .timeout: "the endpoint took too long"
            }
        }
    }

    private let clients = AddressedClients()
    private let address: @Sendable (_ host: String) async -> String?

    /// - Parameter address: where a host is to be reached; nil for one that isn't to be called: private addresses aren't,
    ///   unless the operator wants it.
    package init(address: @escaping @Sendable (_ host: String) async -> String?) { self.address = address }

    package func close() async { await clients.close() }

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
        guard let host = URL(string: request.url)?.host?.trimmingCharacters(in: ["[", "]"]),
            let address = await address(host)
        else { throw Failure.refused }
        var call = HTTPClientRequest(url: request.url)
        call.method = .POST
        call.headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        call.body = .bytes(ByteBuffer(bytes: request.body))
        let milliseconds = Int64(request.timeout / .milliseconds(1))
        let answer = try await clients.client(for: host, at: address).execute(
            call, timeout: .milliseconds(milliseconds))
        var body: [UInt8] = []
        for try await part in answer.body {
            body += part.readableBytesView
            guard body.count <= EligibilityAnswer.bytesMax else { throw Failure.tooLong }
        }
        return EligibilityResponse(status: Int(answer.status.code), body: body)
    }
}
