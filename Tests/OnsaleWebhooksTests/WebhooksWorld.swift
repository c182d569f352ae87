import Foundation
import Logging
import NIOCore
import OnsaleBus
import OnsaleMigrations
import OnsalePostgres
import OnsaleSchema
import OnsaleTables
import OnsaleValues
import Servers
import Synchronization
import Testing

@testable import OnsaleWebhooks

/// Where tables are.
enum TablesKind: String, CaseIterable, Sendable {
    case sqlite
    case postgres
}

/// Runs `body` with a way to open the tables of webhooks, any number of times.
func withWebhookTables<Value>(
    _ kind: TablesKind, _ body: (@escaping @Sendable () throws -> any Tables) async throws -> Value
) async throws -> Value {
    let migrations = try OnsaleSchema.migrations(ofService: "webhooks")
    switch kind {
    case .sqlite:
        let folder = try TemporaryFolder()
        return try await body {
            try SQLiteTables(path: folder.path + "/webhooks.sqlite", name: "webhooks", migrations: migrations)
        }
    case .postgres:
        return try await withPostgres { url in
            let configuration = try PostgresConfiguration(url: url)
            return try await body {
                try PostgresTables(configuration, schema: "onsale_webhooks", migrations: migrations)
            }
        }
    }
}

/// A bus, and lives of the role on the same tables.
final class WebhooksWorld: Sendable {
    let bus: TableBus
    let open: @Sendable () throws -> any Tables
    let told = Mutex<[SwitchOff]>([])

    private init(bus: TableBus, open: @escaping @Sendable () throws -> any Tables) {
        self.bus = bus
        self.open = open
    }

    static func with(_ kind: TablesKind, _ body: (WebhooksWorld) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let bus = TableBus(
            try SQLiteTables(
                path: folder.path + "/bus.sqlite", name: "bus",
                migrations: try OnsaleSchema.migrations(ofService: "bus")))
        let result: Result<Void, any Error> = await {
            do {
                try await withWebhookTables(kind) { try await body(WebhooksWorld(bus: bus, open: $0)) }
                return .success(())
            } catch { return .failure(error) }
        }()
        await bus.close()
        try result.get()
    }

    static func seal(_ byte: UInt8 = 7) throws -> SecretSeal {
        try #require(SecretSeal(key: [UInt8](repeating: byte, count: SecretSeal.keyBytes)))
    }

    /// Runs the role until `body` ends, and then stops it.
    func live(
        _ change: (inout WebhooksConfiguration) -> Void = { _ in },
        switchedOff: WebhooksRole.SwitchOffPort? = nil, _ body: (WebhooksRole) async throws -> Void
    ) async throws {
        var configuration = WebhooksConfiguration(seal: try WebhooksWorld.seal())
        configuration.reach = .everything
        configuration.look = .milliseconds(50)
        configuration.upkeep = .milliseconds(50)
        configuration.senderLimits.attempt = .seconds(3)
        change(&configuration)
        let tables = try open()
        let role = try WebhooksRole(
            tables: tables, bus: bus, configuration: configuration,
            switchedOff: switchedOff ?? { [self] _, reason in told.withLock { $0.append(reason) } },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let work = Task { await role.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(role)) } catch { result = .failure(error) }
        work.cancel()
        await work.value
        await tables.close()
        try result.get()
    }

    /// What a query of the tables finds.
    func rows(_ sql: String) async throws -> [[String?]] {
        let tables = try open()
        let rows = try await tables.read { try $0.rows(sql, []) }
        await tables.close()
        return rows
    }

    /// Changes the tables as nobody does.
    func meddle(_ sql: String) async throws {
        let tables = try open()
        try await tables.write { try $0.execute(sql) }
        await tables.close()
    }
}

/// Waits until something is true.
func eventually(
    _ seconds: Double = 20, _ what: Comment, at location: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        guard ContinuousClock.now < end else {
            Issue.record(what, sourceLocation: location)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}

func event(_ number: Int, _ type: EventType = .orderConfirmed, data: String = #"{"order":"ord_1"}"#) -> CloudEvent {
    CloudEvent(
        id: "show/\(number)", type: type, subject: "ord_\(number)", time: Timestamp(milliseconds: 1_800_000_000_000),
        key: "show", data: Array(data.utf8))
}
