import OnsaleEngine
import OnsalePostgres

extension PostgresJournal {
    private static let putDocument = PostgresStatement(
        "put_document",
        "INSERT INTO document (digest, content) VALUES ($1::bytea, $2::bytea) ON CONFLICT (digest) DO NOTHING")

    private static let document = PostgresStatement(
        "document", "SELECT content FROM document WHERE digest = $1::bytea")

    public func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws {
        var values = PostgresValues()
        values.add(digest)
        values.add(bytes)
        try translating(within: PostgresJournal.largeLimit) { connection, deadline in
            _ = try connection.run(PostgresJournal.putDocument, values, by: deadline)
        }
    }

    public func document(digest: [UInt8]) throws -> [UInt8]? {
        var values = PostgresValues()
        values.add(digest)
        return try translating(within: PostgresJournal.largeLimit) { connection, deadline in
            let rows = try connection.run(PostgresJournal.document, values, by: deadline)
            return rows.count == 1 ? rows.bytes(0, 0) : nil
        }
    }
}
