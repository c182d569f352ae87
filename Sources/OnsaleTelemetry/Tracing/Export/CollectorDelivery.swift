package import NIOCore

/// How a batch reaches a collector over HTTP. A protocol, so that tests can script the answers.
package protocol CollectorTransport: Sendable {
    /// Throws if no answer came.
    func post(_ request: CollectorRequest, timeout: Duration) async throws -> CollectorAnswer
    func shutdown() async
}

package struct CollectorRequest: Sendable {
    package let url: String
    package let headers: [(name: String, value: String)]
    package let body: ByteBuffer
}

package struct CollectorAnswer: Sendable {
    package let status: Int
    /// `Retry-After`, as it came.
    package let retryAfter: String?
    /// Empty if it was unreadable or beyond ``bodyBytesMax``.
    package let body: [UInt8]

    package static let bodyBytesMax = 64 << 10

    package init(status: Int, retryAfter: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}

/// Posts batches, and tries again where OTLP says so: after a lost connection, no answer in time, 429, 502, 503 and 504,
/// with pauses that double, and as long as the collector asked for.
/// <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>
package struct CollectorDelivery: Sendable {
    package static let attemptsMax = 5
    /// The longest pause, whatever the collector asks for.
    package static let pauseSecondsMax = 30
    private static let firstPauseMilliseconds: Int64 = 1000

    package enum Result: Sendable {
        /// Any 2xx.
        case accepted(body: [UInt8])
        case ended(ExportOutcome)
    }

    let url: String
    let headers: [(name: String, value: String)]
    let timeout: Duration
    let transport: any CollectorTransport
    private let sleep: @Sendable (Duration) async throws -> Void

    package init(
        url: String, headers: [(name: String, value: String)], timeout: Duration, transport: any CollectorTransport,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.url = url
        self.headers = headers
        self.timeout = timeout
        self.transport = transport
        self.sleep = sleep
    }

    package func deliver(_ body: [UInt8]) async -> Result {
        let request = CollectorRequest(url: url, headers: headers, body: ByteBuffer(bytes: body))
        var detail = ""
        for attempt in 1...CollectorDelivery.attemptsMax {
            var asked: Duration?
            do {
                let answer = try await transport.post(request, timeout: timeout)
                switch answer.status {
                case 200..<300: return .accepted(body: answer.body)
                case 429, 502, 503, 504:
                    detail = "status \(answer.status)"
                    asked = answer.retryAfter.flatMap { Int($0) }
                        .flatMap { $0 > 0 ? .seconds(min($0, CollectorDelivery.pauseSecondsMax)) : nil }
                default: return .ended(.rejected("status \(answer.status)"))
                }
            } catch {
                detail = "\(error)"
            }
            guard attempt < CollectorDelivery.attemptsMax, !Task.isCancelled else { break }
            let pause = asked ?? CollectorDelivery.pause(after: attempt, jitter: .random(in: 0.5...1))
            guard (try? await sleep(pause)) != nil else { break }
        }
        return .ended(.failed(detail))
    }

    /// Doubles from one second, by chance up to half of it less, so that many servers don't come back at once.
    static func pause(after attempt: Int, jitter: Double) -> Duration {
        let milliseconds = min(firstPauseMilliseconds << Int64(attempt - 1), Int64(pauseSecondsMax) * 1000)
        return .milliseconds(Int64(Double(milliseconds) * jitter))
    }
}
