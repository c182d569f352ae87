import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Testing

/// Where the program under test is: built beside the tests, or named by ONSALE_BINARY.
enum Program {
    static let url: URL = {
        if let path = ProcessInfo.processInfo.environment["ONSALE_BINARY"] { return URL(fileURLWithPath: path) }
        return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("onsale")
    }()

    /// Runs a command to completion.
    static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> (
        status: Int32, output: String
    ) {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try await onThread { try pipe.fileHandleForReading.readToEnd() ?? Data() }
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// Runs blocking code on its own thread: tasks share only as many threads as there are processors, and others wait for
/// them.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

struct DidNotStart: Error {
    let output: String
}

/// A real process of the program, on a free port.
final class RunningProgram: @unchecked Sendable {
    // Unchecked: only one test at a time uses a Process, and signals may come from any thread.
    let process: Process
    let url: String
    /// The management port's URL, for a server.
    let managementURL: String?

    private init(process: Process, url: String, managementURL: String?) {
        self.process = process
        self.url = url
        self.managementURL = managementURL
    }

    /// Starts it and waits until it says it is open.
    static func start(_ arguments: [String], environment: [String: String] = [:]) async throws -> RunningProgram {
        // A stranger's connection may take the free port before the server listens on it; a second attempt gets
        // another.
        do { return try await attempt(arguments, environment: environment) } catch is DidNotStart {
            return try await attempt(arguments, environment: environment)
        }
    }

    private static func attempt(_ arguments: [String], environment: [String: String]) async throws -> RunningProgram {
        let process = Process()
        process.executableURL = Program.url
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.standardError
        try process.run()
        let handle = pipe.fileHandleForReading
        let text = try await onThread {
            var text = ""
            while !text.contains("\n") {
                let data = handle.availableData
                if data.isEmpty { throw DidNotStart(output: text) }
                text += String(decoding: data, as: UTF8.self)
            }
            return text
        }
        // Any further output is read and dropped, so that the process never blocks on it.
        handle.readabilityHandler = { handle in if handle.availableData.isEmpty { handle.readabilityHandler = nil } }
        func address(onLine isWanted: (Substring) -> Bool) -> String? {
            let line = text.split(separator: "\n").first { $0.contains("http://") && isWanted($0) }
            return line.flatMap { line in line.range(of: "http://").map { String(line[$0.lowerBound...]) } }
        }
        guard let url = address(onLine: { _ in true }) else { throw DidNotStart(output: text) }
        return RunningProgram(process: process, url: url, managementURL: address(onLine: { $0.contains("management") }))
    }

    func kill() async {
        Foundation.kill(process.processIdentifier, SIGKILL)
        await ended()
    }

    /// Asks it to stop; returns its exit status.
    @discardableResult
    func stop() async -> Int32 {
        if process.isRunning { process.terminate() }
        await ended()
        return process.terminationStatus
    }

    private func ended() async {
        while process.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
    }
}

/// Creates a folder and removes it whatever happens.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = NSTemporaryDirectory() + "onsale-system-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

enum Serve {
    static let adminToken = "test-admin-token"

    static func start(data: String, environment: [String: String] = [:]) async throws -> RunningProgram {
        try await RunningProgram.start(
            ["serve", "--port", "0", "--management-port", "0", "--data", data],
            environment: [
                "ONSALE_LOGIN": "open", "ONSALE_ADMIN_TOKEN": adminToken, "ONSALE_LOG_LEVEL": "critical",
                "ONSALE_PAYMENT_URL": "sandbox", "ONSALE_ROLES": "sale",
            ].merging(environment) { $1 })
    }
}

/// Starts a server for the body and stops it whatever happens.
func withServer<Value>(
    environment: [String: String] = [:], _ body: (Client, RunningProgram, String) async throws -> Value
) async throws -> Value {
    try await withFolder { folder in
        let server = try await Serve.start(data: folder, environment: environment)
        do {
            let value = try await body(Client(url: server.url), server, folder)
            await server.stop()
            return value
        } catch {
            await server.stop()
            throw error
        }
    }
}

/// A client of the contract, as plain as can be.
struct Client: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: ByteBuffer

        var text: String { String(buffer: body) }

        func member(_ name: String) -> Any? {
            (try? JSONSerialization.jsonObject(with: Data(buffer: body)) as? [String: Any])?[name]
        }

        func string(_ name: String) -> String? { member(name) as? String }
        func number(_ name: String) -> Int? { (member(name) as? NSNumber)?.intValue }
        /// The problem's slug.
        var slug: String? { string("type")?.split(separator: "/").last.map(String.init) }
    }

    let url: String
    var timeoutSeconds: Int64 = 40

    func send(
        _ method: HTTPMethod, _ path: String, token: String? = nil, _ json: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: json))
        }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(timeoutSeconds))
        return Answer(
            status: Int(response.status.code), headers: response.headers,
            body: try await response.body.collect(upTo: 32 << 20))
    }

    // MARK: What most tests need

    /// Creates an event with the given number of rows of ten seats, and an area.
    @discardableResult
    func createEvent(
        _ id: String = "show", rows: Int = 4, standing: Int = 20, onsale: String = "", limits: String = "",
        waitingRoom: Bool = false
    ) async throws -> Answer {
        let rowTexts = (0..<rows).map { row in
            let seats = (0..<10).map {
                #"{"seat_guid":"\#(row)-\#($0)","seat_number":"\#($0)","position":{"x":\#($0 * 10),"y":\#(row * 10)},"category":"A"}"#
            }
            return #"{"row_number":"\#(row)","position":{"x":0,"y":0},"seats":[\#(seats.joined(separator: ","))]}"#
        }
        let event = try await send(
            .POST, "/v1/events", token: Serve.adminToken,
            """
            {"id":"\(id)","title":"Show","venue":"Hall","startsAt":"2030-01-01T10:00:00Z","currency":"KRW",
             "seatingPlan":{"name":"Hall","categories":[{"name":"A","color":"#123456"}],
               "zones":[{"name":"Z","position":{"x":0,"y":0},"rows":[\(rowTexts.joined(separator: ","))]}]},
             "areas":[{"name":"Standing","capacity":\(standing),"category":"Floor"}],
             "prices":[{"category":"A","amount":50000},{"category":"Floor","amount":30000}],
             "onsale":{"waitingRoom":\(waitingRoom)\(onsale.isEmpty ? "" : ",")\(onsale)},
             "limits":{"ticketsPerBuyer":4\(limits.isEmpty ? "" : ",")\(limits)}}
            """)
        return event
    }

    func session(_ name: String) async throws -> String {
        let answer = try await send(.POST, "/v1/sessions", #"{"email":"\#(name)@example.com"}"#)
        return try #require(answer.string("token"), "\(answer.text)")
    }

    /// Joins the line.
    func place(_ name: String, event: String = "show") async throws -> Answer {
        try await send(.POST, "/v1/events/\(event)/waiting-room", token: try await session(name))
    }

    /// A pass for the event.
    func pass(_ name: String, event: String = "show") async throws -> String {
        let session = try await session(name)
        let joined = try await send(.POST, "/v1/events/\(event)/waiting-room", token: session)
        let ticket = try #require(joined.string("ticket"), "\(joined.text)")
        let answer = try await claimPass(ticket, session, event: event)
        return try #require(answer.string("pass"), "\(answer.text)")
    }

    func claimPass(_ ticket: String, _ session: String, event: String = "show") async throws -> Answer {
        try await send(
            .POST, "/v1/events/\(event)/waiting-room/pass", token: session, #"{"ticket":"\#(ticket)"}"#)
    }

    func hold(_ pass: String, _ body: String, event: String = "show", key: String? = nil) async throws -> Answer {
        try await send(
            .POST, "/v1/events/\(event)/holds", token: pass, body,
            headers: key.map { [("Idempotency-Key", $0)] } ?? [])
    }

    func order(
        _ pass: String, hold: String, method: String = "pm_card_visa", event: String = "show", key: String,
        waitSeconds: Int = 20
    ) async throws -> Answer {
        try await send(
            .POST, "/v1/events/\(event)/orders", token: pass, #"{"hold":"\#(hold)","payment":{"method":"\#(method)"}}"#,
            headers: [("Idempotency-Key", key), ("Prefer", "wait=\(waitSeconds)")])
    }

    func report(_ event: String = "show") async throws -> Answer {
        try await send(.GET, "/v1/events/\(event)/report", token: Serve.adminToken)
    }

    func seats(_ event: String = "show") async throws -> String {
        try #require(try await send(.GET, "/v1/events/\(event)/availability").string("seats"))
    }
}

/// Runs `onsale verify` and expects every rule to hold.
func expectVerified(_ folder: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let result = try await Program.run(["verify", "--data", folder])
    #expect(result.status == 0, "\(result.output)", sourceLocation: sourceLocation)
}
