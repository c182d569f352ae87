package import OnsaleMigrations
package import OnsaleTables
import Seeded
import Synchronization

/// Tables that fail now and then: before a transaction, or after its commit.
package struct FaultyTables: Tables {
    package struct Fault: Error {}

    private let tables: any Tables
    private let probability: Double
    private let random: Mutex<SeededRandom>.Box

    package init(_ tables: any Tables, seed: UInt64, probability: Double) {
        self.tables = tables
        self.probability = probability
        random = Mutex<SeededRandom>.Box(SeededRandom(seed: seed))
    }

    package var clock: String { tables.clock }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        let (before, after) = random.mutex.withLock { ($0.happens(probability), $0.happens(probability)) }
        if before { throw Fault() }
        let value = try await tables.write(body)
        if after { throw Fault() }
        return value
    }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws
        -> Value
    {
        try await tables.read(body)
    }

    package func close() async { await tables.close() }
}

extension Mutex where Value: Sendable {
    /// A class, so that it can be shared.
    final class Box: Sendable {
        let mutex: Mutex<Value>

        init(_ value: Value) { mutex = Mutex(value) }
    }
}
