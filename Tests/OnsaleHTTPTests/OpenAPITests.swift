import AsyncHTTPClient
import Foundation
import HTTPTypes
import Logging
import NIOCore
import OnsaleEngine
import OnsalePayments
import OnsaleStreams
import OnsaleValues
import Testing

@testable import OnsaleHTTP

/// The document against the routes.
@Suite struct OpenAPITests {
    /// A provider that nobody answers for: nothing is paid here.
    static let nobody = StripeGateway(
        baseURL: "http://127.0.0.1:9", secretKey: "none", publicURL: "http://127.0.0.1", client: .shared)

    private func document() throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes.readableBytesView)) as? [String: Any])
    }

    @Test("Every route is described, and nothing else")
    func describesRoutes() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let engine = Engine(
            journal: MemoryJournal(), clock: try SystemClock(), payments: OpenAPITests.nobody, logger: logger,
            fatal: { fatalError($0) })
        let service = try await OnsaleService(
            engine: engine,
            settings: .init(
                adminToken: "a", doorToken: nil, tokenSecret: String(repeating: "t", count: 32), barcodeSecret: "b",
                login: .open, webhookSecret: "w"),
            broadcaster: Broadcaster(listenersMax: 1), shares: ClientShares(perAddress: 100),
            client: .shared, logger: logger)
        let routes = Set(
            service.routes.map { route in
                let path = route.path.split(separator: "/").map {
                    $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0)
                }
                return route.method.rawValue.lowercased() + " /" + path.joined(separator: "/")
            })
        let paths = try #require(try document()["paths"] as? [String: [String: Any]])
        let methods: Set = ["get", "post", "put", "patch", "delete"]
        let described = Set(
            paths.flatMap { path, operations in
                operations.keys.filter(methods.contains).map { "\($0) \(path)" }
            })
        #expect(routes.subtracting(described) == [])
        #expect(described.subtracting(routes) == [])
    }

    @Test("Every problem type is named")
    func namesProblems() throws {
        let text = String(buffer: OpenAPIDocument.bytes)
        for slug in Problem.Slug.allCases {
            #expect(text.contains("/problems/\(slug.rawValue)\""), "\(slug.rawValue)")
        }
    }

    @Test("Each operation has an id, a summary and an answer")
    func operationsAreWhole() throws {
        let paths = try #require(try document()["paths"] as? [String: [String: Any]])
        for (path, operations) in paths {
            for (method, operation) in operations where method != "parameters" {
                let operation = try #require(operation as? [String: Any])
                #expect(operation["operationId"] is String, "\(method) \(path)")
                #expect(operation["summary"] is String, "\(method) \(path)")
                #expect((operation["responses"] as? [String: Any])?.isEmpty == false, "\(method) \(path)")
            }
        }
    }
}
