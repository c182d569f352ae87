import CPostgres

/// The rows of an answer, in binary form. A class, since it owns libpq's memory.
package final class PostgresRows: @unchecked Sendable {
    // Unchecked: libpq allows many readers of a result that nobody changes, and nobody does.
    private let result: OpaquePointer

    init(_ result: OpaquePointer) {
        self.result = result
    }

    deinit { PQclear(result) }

    package var count: Int { Int(PQntuples(result)) }

    /// How many rows the statement has changed.
    package var changes: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    var columns: Int { Int(PQnfields(result)) }

    package func isNull(_ row: Int, _ column: Int) -> Bool {
        PQgetisnull(result, Int32(row), Int32(column)) == 1
    }

    /// A value of type bytea, or any other's binary form; empty for NULL.
    package func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        Array(buffer(row, column))
    }

    /// A value of type text; empty for NULL.
    package func text(_ row: Int, _ column: Int) -> String {
        String(decoding: buffer(row, column), as: UTF8.self)
    }

    /// A value of type bigint, integer, smallint or boolean; 0 for NULL.
    package func integer(_ row: Int, _ column: Int) -> Int64 {
        let buffer = buffer(row, column)
        guard buffer.count <= 8, let first = buffer.first else { return 0 }
        // A boolean is one byte, 0 or 1, and no number is so short.
        return buffer.reduce(first & 0x80 == 0 ? 0 : -1) { $0 << 8 | Int64($1) }
    }

    private func buffer(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(result, Int32(row), Int32(column)),
            count: Int(PQgetlength(result, Int32(row), Int32(column))))
    }
}
