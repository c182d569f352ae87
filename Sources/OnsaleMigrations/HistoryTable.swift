/// `flyway_schema_history`: its definition, and the statements that work on it, in SQL that PostgreSQL and SQLite both
/// understand.
///
/// Names, types and their order are those that Flyway itself creates, so that it can take over; see
/// https://documentation.red-gate.com/flyway (Flyway schema history table).
package struct HistoryTable: Sendable {
    package static let name = "flyway_schema_history"

    /// The table's name, quoted, with its schema where there is one.
    let quoted: String
    /// An expression for the present moment.
    let now: String

    package init(quoted: String, now: String) {
        self.quoted = quoted
        self.now = now
    }

    var creation: String {
        """
        CREATE TABLE \(quoted) (
            "installed_rank" INT NOT NULL,
            "version" VARCHAR(50),
            "description" VARCHAR(200) NOT NULL,
            "type" VARCHAR(20) NOT NULL,
            "script" VARCHAR(1000) NOT NULL,
            "checksum" INTEGER,
            "installed_by" VARCHAR(100) NOT NULL,
            "installed_on" TIMESTAMP NOT NULL DEFAULT \(now),
            "execution_time" INTEGER NOT NULL,
            "success" BOOLEAN NOT NULL,
            CONSTRAINT "\(HistoryTable.name)_pk" PRIMARY KEY ("installed_rank")
        );
        CREATE INDEX "\(HistoryTable.name)_s_idx" ON \(quoted) ("success");
        """
    }

    /// All rows as text, in the order of ``HistoryRow``'s members.
    var selection: String {
        """
        SELECT CAST("installed_rank" AS TEXT), "version", "description", "type", "script", CAST("checksum" AS TEXT),
            "installed_by", CAST("installed_on" AS TEXT), CAST("execution_time" AS TEXT),
            CASE WHEN "success" THEN '1' ELSE '0' END
        FROM \(quoted) ORDER BY "installed_rank"
        """
    }

    var insertion: String {
        """
        INSERT INTO \(quoted) ("installed_rank", "version", "description", "type", "script", "checksum",
            "installed_by", "execution_time", "success")
        VALUES (CAST($1 AS INTEGER), $2, $3, $4, $5, CAST($6 AS INTEGER), $7, CAST($8 AS INTEGER), TRUE)
        """
    }

    var removalOfFailed: String { #"DELETE FROM \#(quoted) WHERE "success" = FALSE"# }

    var correction: String {
        """
        UPDATE \(quoted) SET "description" = $1, "type" = $2, "checksum" = CAST($3 AS INTEGER)
        WHERE "installed_rank" = CAST($4 AS INTEGER)
        """
    }
}

extension MigrationDatabase {
    /// The history in its order; empty before the first migration.
    func history() throws -> [HistoryRow] {
        guard try hasHistory() else { return [] }
        return try session.rows(table.selection, []).map { row in
            guard let read = HistoryRow(columns: row) else {
                throw MigrationError(
                    .unfit, "\(place): \(table.quoted) has a row that is none of a history: \(row.map { $0 ?? "-" })")
            }
            return read
        }
    }

    func insert(_ row: HistoryRow) throws {
        _ = try session.rows(
            table.insertion,
            [
                "\(row.rank)", row.version, row.description, row.type, row.script, row.checksum.map { "\($0)" },
                row.installedBy, "\(row.executionTime)",
            ])
    }

    /// Makes a row say what the file says today.
    func correct(rank: Int32, to migration: Migration) throws {
        _ = try session.rows(
            table.correction, [migration.description, HistoryRow.ownType, "\(migration.checksum)", "\(rank)"])
    }
}

extension HistoryRow {
    fileprivate init?(columns: [String?]) {
        guard columns.count == 10, let rank = columns[0].flatMap({ Int32($0) }), let description = columns[2],
            let type = columns[3], let script = columns[4], let installedBy = columns[6],
            let time = columns[8].flatMap({ Int32($0) })
        else { return nil }
        var checksum: Int32?
        if let text = columns[5] {
            guard let number = Int32(text) else { return nil }
            checksum = number
        }
        self.init(
            rank: rank, version: columns[1], description: description, type: type, script: script, checksum: checksum,
            installedBy: installedBy, installedOn: columns[7], executionTime: time, success: columns[9] == "1")
    }
}
