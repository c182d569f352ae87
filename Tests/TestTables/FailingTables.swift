package import OnsaleMigrations
package import OnsaleTables
import Synchronization

/// Tables that fail when they are told.
package final class FailingTables: Tables {
    package struct Failure: Error {}

    private let tables: any Tables
    private let fails = Mutex<(@Sendable () -> Bool)?>(nil)

    package init(_ tables: any Tables) { self.tables = tables }

    package var clock: String { tables.clock }

    /// Fails to write from here on while `condition` is so.
    package func fail(while condition: @escaping @Sendable () -> Bool) { fails.withLock { $0 = condition } }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        if fails.withLock({ $0 })?() == true { throw Failure() }
        return try await tables.write(body)
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        try await tables.read(body)
    }

    package func close() async { await tables.close() }
}
