import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a server what `onsale top` and `onsale cluster` show.
struct TopClient: Sendable {
    static let secondsMax = 5
    static let answerBytesMax = 8 << 20

    struct Failure: Error, CustomStringConvertible {
        let description: String
        /// Of the answer, if one came that is none.
        var status: Int?
    }

    private let client: HTTPClient

    /// Runs with a client that is shut down afterwards, whatever happens.
    static func with<Result>(_ body: (TopClient) async throws -> Result) async throws -> Result {
        // No redirects: a token is for the server that was named. No second try: there is a next sample soon.
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: settings)
        do {
            let result = try await body(TopClient(client: client))
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// - Parameter url: the management port's, without a path.
    func metrics(_ url: String) async throws -> Exposition {
        let text = try await get(
            url.trimmingSuffix("/") + "/metrics", headers: [("accept", "text/plain; version=0.0.4")])
        let exposition = Exposition(text.readableBytesView)
        guard !exposition.samples.isEmpty else { throw Failure(description: "no metrics in the answer") }
        return exposition
    }

    /// The last hour of an event, by the minute.
    func timeline(_ server: String, event: String, token: String) async throws -> TopTimeline {
        let allowed = CharacterSet(charactersIn: "a"..."z").union(.init(charactersIn: "A"..."Z"))
            .union(.init(charactersIn: "0123456789-_.~"))
        guard let event = event.addingPercentEncoding(withAllowedCharacters: allowed) else {
            throw Failure(description: "no such event")
        }
        let from = Date(timeIntervalSinceNow: -3600).formatted(.iso8601)
        let json = try await get(
            server.trimmingSuffix("/") + "/v1/events/\(event)/timeline?step=60&from=\(from)",
            headers: [("authorization", "Bearer \(token)"), ("accept", "application/json")])
        do {
            return try TopTimeline(json: json.readableBytesView)
        } catch {
            throw Failure(description: "no timeline in the answer")
        }
    }

    /// What `/cluster` of the management port tells, as it came.
    func cluster(_ url: String) async throws -> ByteBuffer {
        try await get(url.trimmingSuffix("/") + "/cluster", headers: [("accept", "application/json")])
    }

    private func get(_ url: String, headers: [(String, String)]) async throws -> ByteBuffer {
        var request = HTTPClientRequest(url: url)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let prepared = request
        // The client's own deadline ends with the head of the answer; this one covers the body.
        return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask {
                let answer = try await client.execute(prepared, timeout: .seconds(Int64(Self.secondsMax)))
                guard answer.status == .ok else {
                    throw Failure(description: "HTTP \(answer.status.code)", status: Int(answer.status.code))
                }
                return try await answer.body.collect(upTo: Self.answerBytesMax)
            }
            group.addTask {
                try await Task.sleep(for: .seconds(Self.secondsMax))
                throw Failure(description: "no answer within \(Self.secondsMax) s")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    /// What went wrong, in a few words.
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as Failure: error.description
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first {
                words(failure.error)
            } else {
                "cannot find \(error.host)"
            }
        case is NIOTooManyBytesError: "the answer has more than \(answerBytesMax >> 20) MB"
        case let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout:
            "no answer within \(secondsMax) s"
        default: String(String(describing: error).prefix(80))
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: Character) -> Substring {
        var text = self[...]
        while text.last == suffix { text.removeLast() }
        return text
    }
}
