import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension HTTPClient {
    /// The largest answer accepted.
    private static let answerBytesMax = 1 << 20

    /// Sends a small request and collects the whole answer, within one deadline.
    ///
    /// It uses the client's futures: an answer in one piece needs no stream or task of its own.
    func exchange(
        _ method: HTTPMethod, _ url: String, _ headers: HTTPHeaders, body: ByteBuffer?, timeoutSeconds: Int64
    ) async throws -> Exchange {
        let request = try HTTPClient.Request(
            url: url, method: method, headers: headers, body: body.map { .byteBuffer($0) })
        let response = try await execute(
            request: request, delegate: ResponseAccumulator(request: request, maxBodySize: HTTPClient.answerBytesMax),
            deadline: .now() + .seconds(timeoutSeconds)
        ).get()
        return Exchange(
            status: response.status, body: response.body ?? ByteBuffer(),
            retryAfterSeconds: Exchange.seconds(response.headers.first(name: "Retry-After")))
    }

    /// The answer.
    struct Exchange {
        let status: HTTPResponseStatus
        let body: ByteBuffer
        let retryAfterSeconds: Int?

        /// A `Retry-After` in seconds (RFC 9110, 10.2.3), capped at an hour, since the number comes from outside.
        static func seconds(_ field: String?) -> Int? {
            field.flatMap { Int($0) }.map { max(0, min($0, 3600)) }
        }
    }
}
