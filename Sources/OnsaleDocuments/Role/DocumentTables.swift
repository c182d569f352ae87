import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues

/// The documents' tables. Each function runs in the caller's transaction.
enum DocumentTables {
    /// How an order's documents stand.
    enum State: String, CaseIterable, Sendable {
        case due
        case issued
        case void
        case unprintable
    }

    /// A confirmed order.
    struct Entry: Sendable {
        let order: String
        /// The confirmation.
        let cause: CloudEvent
        let state: State
    }

    /// How long a process has for the files of the orders that it takes.
    static let leaseMilliseconds: Int64 = 60_000

    // MARK: Orders

    /// An order is confirmed, or confirmed again after a dispute: its files are due.
    static func confirm(_ cause: CloudEvent, in session: any SQLSession) throws {
        let text = try MessageText(cause.message)
        _ = try session.rows(
            """
            INSERT INTO ticket_order (order_id, key, headers, data, state, taken_until)
            VALUES ($1, $2, $3, $4, 'due', 0) ON CONFLICT (order_id) DO UPDATE SET
            key = excluded.key, headers = excluded.headers, data = excluded.data, state = 'due', taken_until = 0
            """, [cause.subject] + text.columns)
    }

    static func entry(_ order: String, in session: any SQLSession) throws -> Entry? {
        try session.rows("SELECT \(columns) FROM ticket_order WHERE order_id = $1", [order]).first.flatMap(entry)
    }

    /// Takes orders whose files are due, and keeps other processes from them for a while.
    static func take(limit: Int, at now: Int64, in session: any SQLSession) throws -> [Entry] {
        try session.rows(
            """
            UPDATE ticket_order SET taken_until = CAST($1 AS BIGINT) WHERE state = 'due' AND order_id IN (
                SELECT order_id FROM ticket_order WHERE state = 'due' AND taken_until <= CAST($2 AS BIGINT)
                ORDER BY taken_until, order_id LIMIT \(max(0, limit)))
            RETURNING \(columns)
            """, ["\(now + leaseMilliseconds)", "\(now)"]
        ).compactMap(entry)
    }

    /// Changes how an order stands.
    /// - Parameter cause: the confirmation that it must still be about; nil for any.
    /// - Returns: false, and nothing is changed, if it is void meanwhile, or confirmed anew.
    static func move(
        _ entry: Entry, to state: State, reason: String? = nil, in session: any SQLSession
    ) throws -> Bool {
        guard let now = try DocumentTables.entry(entry.order, in: session), now.state == entry.state,
            now.cause.identity == entry.cause.identity
        else { return false }
        _ = try session.rows(
            "UPDATE ticket_order SET state = $1, reason = $2 WHERE order_id = $3",
            [state.rawValue, reason?.replacing("\0", with: "?"), entry.order])
        return true
    }

    static func counts(in session: any SQLSession) throws -> [String: Int] {
        var counts = Dictionary(uniqueKeysWithValues: State.allCases.map { ($0.rawValue, 0) })
        for row in try session.rows("SELECT state, COUNT(*) FROM ticket_order GROUP BY state", []) {
            if let state = row[0] { counts[state] = row[1].flatMap { Int($0) } }
        }
        return counts
    }

    private static let columns = "order_id, state, key, headers, data"

    private static func entry(_ row: [String?]) -> Entry? {
        guard let order = row[0], let state = row[1].flatMap(State.init),
            let cause = MessageText.message(row[2...]).flatMap({ try? CloudEvent($0) })
        else { return nil }
        return Entry(order: order, cause: cause, state: state)
    }

    // MARK: Files

    /// Keeps an order's files. One whose name is taken stays as it was: others have been told its checksum.
    static func keep(_ files: [TicketFile], of order: String, in session: any SQLSession) throws {
        for file in files {
            _ = try session.rows(
                """
                INSERT INTO ticket_file (name, order_id, content_type, sha256, bytes, content)
                VALUES ($1, $2, $3, $4, \(file.bytes.count), $5) ON CONFLICT (name) DO NOTHING
                """, [file.name, order, file.contentType, file.sha256, Base64URL.encode(file.bytes)])
        }
    }

    /// - Throws: ``DamagedDocument`` if its bytes aren't those that were kept.
    static func file(_ name: String, in session: any SQLSession) throws -> (file: TicketFile, order: String)? {
        let row = try session.rows(
            "SELECT content_type, sha256, content, order_id FROM ticket_file WHERE name = $1", [name]
        ).first
        guard let row else { return nil }
        guard let contentType = row[0], let order = row[3], let bytes = row[2].flatMap({ Base64URL.decode($0.utf8) })
        else { throw DamagedDocument(name: name) }
        let file = TicketFile(name: name, contentType: contentType, bytes: bytes)
        guard file.sha256 == row[1] else { throw DamagedDocument(name: name) }
        return (file, order)
    }
}

/// A file that isn't what was kept: the table has been changed by somebody else, or is broken.
package struct DamagedDocument: Error, Hashable, CustomStringConvertible {
    package let name: String

    package var description: String { "the document \(name) is damaged" }
}
