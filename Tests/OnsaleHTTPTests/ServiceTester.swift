import AsyncHTTPClient
import Doubles
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import OnsaleAccounts
import OnsaleEngine
import OnsaleHistory
import OnsaleSettlement
import OnsaleStreams
import OnsaleWebhooks
import Synchronization
import Testing

@testable import OnsaleHTTP

/// The public port without a process or a socket. Every answer is checked against its endpoint's declaration.
final class ServiceTester: Sendable {
    static let adminToken = "the organizer's token"
    static let doorToken = "the door's token"

    struct Answer {
        let status: Int
        let headers: HTTPFields
        let body: ByteBuffer

        /// The body as JSON; nil for anything else.
        var json: [String: Any]? {
            (try? JSONSerialization.jsonObject(with: Data(body.readableBytesView))) as? [String: Any]
        }

        func text(_ name: String) throws -> String { try #require(json?[name] as? String, "\(name) in \(body)") }
        /// The end of a problem's type.
        var problem: String? { (json?["type"] as? String)?.split(separator: "/").last.map(String.init) }
    }

    let operations: [OnsaleHTTP.Operation]
    private let client: any TestClientProtocol
    private let bytes: ByteBuffer
    private let served = Mutex<Set<String>>([])

    private init(_ service: OnsaleService, _ client: any TestClientProtocol) {
        self.client = client
        operations = service.endpoints.map(\.operation)
        bytes = OpenAPIDocument(operations, version: "1").bytes
    }

    /// `/openapi.json`, parsed.
    var document: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(bytes.readableBytesView))) as? [String: Any] ?? [:]
    }

    /// The operations answered at least once without a problem.
    var servedOperations: Set<String> { served.withLock { $0 } }

    var schemas: SchemaCheck {
        let components = document["components"] as? [String: Any]
        return SchemaCheck(schemas: components?["schemas"] as? [String: [String: Any]] ?? [:])
    }

    static func run(
        after: AfterSaleTester? = nil, accounts: StaffAccounts? = nil,
        _ body: @escaping @Sendable (ServiceTester) async throws -> Void
    ) async throws {
        // This handler keeps metadata, which includes the request's id.
        var logger = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        let journal = MemoryJournal()
        let timelines = TimelineFollower(journal: journal)
        let engine = Engine(
            journal: journal, clock: try SystemClock(), payments: FakeGateway(), followers: [timelines], logger: logger,
            fatal: { fatalError($0) })
        try engine.start()
        let service = try await OnsaleService(
            engine: engine,
            settings: .init(
                adminToken: AdminToken(adminToken), doorToken: doorToken,
                tokenSecret: String(repeating: "t", count: 32),
                barcodeSecret: "b", login: .open, webhookSecret: "w"),
            broadcaster: Broadcaster(listenersMax: 1), shares: ClientShares(perAddress: 100),
            client: .shared, history: EventHistory(journal: journal, timelines: timelines),
            readiness: Readiness(engine: engine, disk: DiskWatch(path: "/")), version: "1",
            webhooks: after?.webhooks.endpoints, settlements: after?.settlement.reports, accounts: accounts,
            logger: logger)
        let application = OnsaleServer(service: service, logger: logger).application(
            host: "127.0.0.1", port: 0, connectionsMax: 10, onRunning: { _ in })
        var failure: (any Error)?
        do { try await application.test(.router) { try await body(ServiceTester(service, $0)) } } catch {
            failure = error
        }
        await engine.stop()
        if let failure { throw failure }
    }

    // MARK: Asking

    func ask(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil, _ body: String? = nil,
        headers: HTTPFields = [:], location: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var headers = headers
        if let token { headers[.authorization] = "Bearer " + token }
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        let response = try await client.executeRequest(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        let answer = Answer(status: response.status.code, headers: response.headers, body: response.body)
        if let operation = operation(method, path) {
            if operation.allows(answer.status) { served.withLock { _ = $0.insert(operation.id) } }
            for fault in faults(answer, operation) {
                Issue.record("\(operation.id) \(answer.status): \(fault)", sourceLocation: location)
            }
        }
        return answer
    }

    /// The operation a request is for.
    func operation(_ method: HTTPRequest.Method, _ path: String) -> OnsaleHTTP.Operation? {
        let parts = path.prefix { $0 != "?" }.split(separator: "/")
        return operations.first { operation in
            let template = operation.path.split(separator: "/")
            return operation.method == method && template.count == parts.count
                && zip(template, parts).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
        }
    }

    /// Where an answer differs from its endpoint's declaration.
    private func faults(_ answer: Answer, _ operation: OnsaleHTTP.Operation) -> [String] {
        guard let declared = operation.answers.first(where: { $0.status == answer.status }) else {
            guard let slug = answer.problem.flatMap(Problem.Slug.init), operation.allows(slug),
                slug.status == answer.status, answer.headers[.contentType] == "application/problem+json"
            else { return ["is not an answer of this endpoint"] }
            return schemas.faults(answer.json ?? [:], against: ["$ref": "/Problem"])
        }
        var faults = declared.headers.filter { header in
            header.isRequired && HTTPField.Name(header.name).map { answer.headers[$0] == nil } ?? true
        }.map { "has no \($0.name)" }
        if answer.headers[.xRequestID] == nil { faults.append("has no x-request-id") }
        guard let type = declared.mediaType else {
            return faults + (answer.body.readableBytes > 0 ? ["has a body"] : [])
        }
        if !(answer.headers[.contentType]?.hasPrefix(type) ?? false) { faults.append("is not \(type)") }
        guard type == "application/json", let shape = declared.shape else { return faults }
        var writer = JSONWriter()
        writer.value(shape.reference)
        let schema = try? JSONSerialization.jsonObject(with: Data(writer.buffer.readableBytesView)) as? [String: Any]
        return faults + schemas.faults(answer.json ?? [:], against: schema ?? [:])
    }
}
