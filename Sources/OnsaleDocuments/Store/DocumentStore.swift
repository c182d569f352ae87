package import OnsaleMigrations
import OnsaleValues

/// The files of orders in the service's tables. Everything happens in the session's transaction.
package enum DocumentStore {
    /// Keeps an order's files in place of those that it had.
    /// - Parameter known: parts that are in the tables already.
    /// - Throws: errors of the session.
    package static func save(
        _ files: [RenderedFile], order: String, known: Set<String> = [], in session: any SQLSession
    ) throws {
        let before = try session.rows("DELETE FROM ticket_file WHERE order_id = $1 RETURNING name", [order]).count
        for file in files {
            if let shared = file.shared, !known.contains(shared.sha256) {
                _ = try session.rows(
                    "INSERT INTO shared_part (sha256, content) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING",
                    [shared.sha256, Base64URL.encode(shared.bytes)])
            }
            _ = try session.rows(
                """
                INSERT INTO ticket_file (name, order_id, content_type, sha256, bytes, shared, content)
                VALUES ($1, $2, $3, $4, CAST($5 AS BIGINT), $6, $7)
                """,
                [
                    file.name, order, file.contentType, file.sha256, "\(file.byteCount)", file.shared?.sha256,
                    Base64URL.encode(file.own),
                ])
        }
        try count(files.count - before, in: session)
    }

    /// A file, void or not.
    /// - Parameter parts: those of its event, which are kept there.
    /// - Returns: nil if there is none of this name.
    /// - Throws: errors of the session, ``DamagedDocument`` if its bytes aren't those that were saved.
    package static func file(
        named name: String, parts: SharedParts, in session: any SQLSession
    ) throws -> TicketFile? {
        guard
            let row = try session.rows(
                """
                SELECT content_type, ticket_file.sha256, shared, ticket_file.content, voided_at
                FROM ticket_file LEFT JOIN ticket_order ON ticket_order.order_id = ticket_file.order_id
                WHERE name = $1
                """, [name]
            ).first
        else { return nil }
        guard row.count == 5, let contentType = row[0], let own = row[3].flatMap({ Base64URL.decode($0.utf8) })
        else { throw DamagedDocument(name: name) }
        var bytes: [UInt8] = []
        if let digest = row[2] {
            guard let shared = try parts.part(digest, in: session) else { throw DamagedDocument(name: name) }
            bytes = shared
        }
        let file = TicketFile(
            name: name, contentType: contentType, bytes: bytes + own,
            voidedAt: row[4].flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) })
        guard file.sha256 == row[1] else { throw DamagedDocument(name: name) }
        return file
    }

    /// How many files there are.
    package static func count(in session: any SQLSession) throws -> Int {
        try session.rows("SELECT total FROM tally WHERE name = 'files'", []).first?.first?.flatMap { Int($0) } ?? 0
    }

    private static func count(_ change: Int, in session: any SQLSession) throws {
        guard change != 0 else { return }
        _ = try session.rows(
            """
            INSERT INTO tally (name, total) VALUES ('files', CAST($1 AS BIGINT))
            ON CONFLICT (name) DO UPDATE SET total = tally.total + excluded.total
            """, ["\(change)"])
    }
}

/// A file in the store that isn't what was saved: the database has been changed by somebody else, or is broken.
package struct DamagedDocument: Error, Hashable, CustomStringConvertible {
    package let name: String

    package init(name: String) { self.name = name }

    package var description: String { "the document \(name) is damaged" }
}
