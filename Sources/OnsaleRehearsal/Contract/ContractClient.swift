import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Seeded

/// Talks to a server through the HTTP contract and nothing else.
struct ContractClient: Sendable {
    /// An HTTP answer. One that never came is nil.
    struct Answer: Sendable {
        let status: Int
        let body: ByteBuffer
        let retryAfterSeconds: Int?

        var isSuccess: Bool { (200..<300).contains(status) }

        /// Whether the answer is final: neither 429 nor 5xx.
        var isAnAnswer: Bool { status != 429 && status < 500 }

        func decode<Value: Decodable>(_ type: Value.Type) -> Value? {
            try? JSONDecoder().decode(type, from: Data(buffer: body))
        }

        /// The problem's slug.
        var slug: String? {
            decode(ProblemBody.self)?.type.split(separator: "/").last.map(String.init)
        }
    }

    private struct ProblemBody: Decodable {
        let type: String
    }

    private static let timeoutSeconds: Int64 = 30
    /// How long an answer that doesn't come is asked for again, in seconds.
    static let patienceSeconds = 90.0
    private static let answerBytesMax = 64 << 20

    let baseURL: String
    let client: HTTPClient
    let measurements: Measurements

    static func makeClient(connections: Int) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(timeoutSeconds)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.idleTimeout = .seconds(60)
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Sends one request; nil if no answer came.
    ///
    /// What may come twice is repeated while that may help, as pages and `@onsale/client` do: a request with a key, a
    /// session, a place in line. It is timed from the first try on, since so long the fan waits.
    func send(
        _ method: HTTPMethod, _ path: String, token: String? = nil, json: String? = nil, key: String? = nil,
        waitSeconds: Int? = nil, as operation: Operation
    ) async -> Answer? {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let key { request.headers.add(name: "Idempotency-Key", value: key) }
        if let waitSeconds { request.headers.add(name: "Prefer", value: "wait=\(waitSeconds)") }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: json))
        }
        let mayRepeat = key != nil || operation == .session || operation == .join
        let start = ContinuousClock.now
        var answer = await execute(request)
        var repetitions = Repetitions()
        while mayRepeat,
            let pause = repetitions.pause(
                after: answer?.status, retryAfterSeconds: answer?.retryAfterSeconds,
                elapsed: ContinuousClock.now - start),
            (try? await Task.sleep(for: pause)) != nil
        {
            measurements.recordRepeated(operation)
            answer = await execute(request)
        }
        if let answer {
            measurements.record(operation, ContinuousClock.now - start, status: answer.status)
        } else {
            measurements.recordUnanswered(operation)
        }
        return answer
    }

    private func execute(_ request: HTTPClientRequest) async -> Answer? {
        guard let response = try? await client.execute(request, timeout: .seconds(ContractClient.timeoutSeconds)),
            let body = try? await response.body.collect(upTo: ContractClient.answerBytesMax)
        else { return nil }
        return Answer(
            status: Int(response.status.code), body: body,
            retryAfterSeconds: response.headers.first(name: "Retry-After").flatMap(Int.init))
    }

    /// Asks until it gets a final answer; a lost connection, a 429 or a 5xx means ask again.
    ///
    /// - Returns: nil once ``patienceSeconds`` are over.
    func persist(using random: inout SeededRandom, _ ask: @Sendable () async -> Answer?) async -> Answer? {
        let start = measurements.elapsedSeconds
        var delay = 0.2
        while measurements.elapsedSeconds - start < ContractClient.patienceSeconds {
            if let answer = await ask(), answer.isAnAnswer { return answer }
            try? await Task.sleep(for: .seconds(delay * Double.random(in: 0.7...1.3, using: &random)))
            delay = min(3, delay * 1.6)
        }
        return nil
    }
}

/// The operations measured separately.
enum Operation: String, CaseIterable, Sendable {
    case session
    case join
    /// From connecting to the first message of a waiting room's stream.
    case stream
    case room
    /// Asking for a pass before one's turn, to count as present.
    case presence
    case pass
    case availability
    case hold
    case release
    case order
    case poll
    case cancel
    case check
}

/// The contract's answers, as far as a fan reads them.
enum Contract {
    /// The range of plausible counts; anything else is a broken answer.
    static let counts = 0...(1 << 40)

    struct Session: Decodable { let token: String }
    struct Ticket: Decodable { let ticket: String }

    /// A place in line: an index in the lobby, a number after the draw.
    struct PlaceTicket: Decodable, Sendable {
        let ticket: String
        let number: Int?
        let lobbyIndex: Int?

        /// Whether the numbers are plausible enough to calculate with.
        var isReadable: Bool {
            [number, lobbyIndex].compactMap { $0 }.allSatisfy { Contract.counts.contains($0) }
        }
    }

    struct Pass: Decodable, Sendable {
        let pass: String
        let expiresAt: String?
    }

    /// The answer to asking for a pass before one's turn.
    struct NotAdmitted: Decodable, Sendable {
        let position: Int?
        let etaSeconds: Double?
    }

    /// A moment in the contract's format.
    static func moment(_ text: String) -> Date? {
        try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
    }

    static func text(_ moment: Date) -> String {
        moment.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    struct Availability: Decodable {
        struct Area: Decodable {
            let name: String
            let free: Int
        }

        let seats: String
        let areas: [Area]
    }

    struct Hold: Decodable {
        let hold: String
        let seats: [String]
        let amount: Int64
        let expiresAt: String
    }

    struct Order: Decodable, Sendable {
        struct Ticket: Decodable, Sendable {
            let ticket: String
            let seat: String?
            let area: String?
        }

        let order: String
        let state: String
        let amount: Int64
        let tickets: [Ticket]

        var isFinal: Bool { state != "authorizing" }
    }

    struct OrderPage: Decodable {
        let orders: [Order]
        let next: String?
    }

    struct Report: Decodable, Sendable {
        let capacity: Int
        let free: Int
        let held: Int
        let sold: Int
        let blocked: Int
        let orders: [String: Int]
        let gross: Int64
        let refunded: Int64
    }
}
