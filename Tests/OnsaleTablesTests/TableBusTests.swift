import BusConformance
import Foundation
import OnsaleBus
import OnsalePostgres
import OnsaleSchema
import Servers
import Testing

@testable import OnsaleTables

/// Where tables are.
enum TablesKind: String, CaseIterable, Sendable {
    case sqlite
    case postgres
}

/// Runs `body` with a way to open the tables of a service, any number of times.
func withTables<Value>(
    _ kind: TablesKind, of service: String, _ body: (@escaping @Sendable () throws -> any Tables) async throws -> Value
) async throws -> Value {
    let migrations = try OnsaleSchema.migrations(ofService: service)
    switch kind {
    case .sqlite:
        let folder = try TemporaryFolder()
        return try await body {
            try SQLiteTables(path: folder.path + "/\(service).sqlite", name: service, migrations: migrations)
        }
    case .postgres:
        return try await withPostgres { url in
            let configuration = try PostgresConfiguration(url: url)
            return try await body {
                try PostgresTables(configuration, schema: "onsale_\(service)", migrations: migrations)
            }
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct TableBusTests {
    @Test("A bus in tables keeps every rule of a bus", arguments: TablesKind.allCases, BusRule.all.indices)
    func conformance(kind: TablesKind, rule: Int) async throws {
        try await withTables(kind, of: "bus") { open in
            try await BusRule.all[rule].check { TableBus(try open()) }
        }
    }
}
