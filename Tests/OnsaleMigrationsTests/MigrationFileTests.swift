import Foundation
import OnsaleMigrations
import OnsaleSchema
import Testing

@Suite struct MigrationFileTests {
    @Test(
        "The checksum is Flyway's",
        arguments: [
            ("", 0),
            ("CREATE TABLE t (id INT);\n", 1_556_295_178),
            ("CREATE TABLE t (id INT);\r\n", 1_556_295_178),
            ("CREATE TABLE t (id INT);\r", 1_556_295_178),
            ("CREATE TABLE t (id INT);", 1_556_295_178),
            ("\u{FEFF}CREATE TABLE t (id INT);\n", 1_556_295_178),
            ("CREATE TABLE t (\n  id INT\n);\n", -1_540_334_349),
            ("CREATE TABLE t (\r\n  id INT\r\n);\r\n", -1_540_334_349),
            ("-- 좌석\nSELECT 1;\n", 1_652_075_803),
            (" CREATE TABLE t (id INT);\n", -1_495_030_663),
        ] as [(String, Int32)])
    func checksum(script: String, expected: Int32) {
        #expect(MigrationChecksum.of(Array(script.utf8)) == expected)
    }

    @Test("Only one byte order mark, at the very beginning, is left out")
    func byteOrderMarks() {
        let plain = MigrationChecksum.of(Array("SELECT 1;".utf8))
        #expect(MigrationChecksum.of(Array("\u{FEFF}\u{FEFF}SELECT 1;".utf8)) != plain)
        #expect(MigrationChecksum.of(Array("\n\u{FEFF}SELECT 1;".utf8)) != plain)
    }

    @Test(
        "A name says version and description",
        arguments: [
            ("V1__journal.sql", "1", "journal"),
            ("V4__what_it_does.sql", "4", "what it does"),
            ("V1_2__more.sql", "1.2", "more"),
            ("V2026.11.27__day.sql", "2026.11.27", "day"),
            ("V003__leading.sql", "003", "leading"),
            ("V1__a__b.sql", "1", "a  b"),
            ("V1__좌석.sql", "1", "좌석"),
        ])
    func names(file: String, version: String, description: String) throws {
        let name = try MigrationName(fileName: file)
        #expect(name.version.text == version)
        #expect(name.description == description)
    }

    @Test(
        "A wrong name is refused by a line that names the file",
        arguments: [
            "V1_journal.sql", "V1.sql", "V__journal.sql", "V1__.sql", "v1__journal.sql", "1__journal.sql",
            "V1x__journal.sql", "V1..2__journal.sql", "V-1__journal.sql", "V1.__journal.sql", "V１__journal.sql",
            "R__views.sql", "U1__journal.sql", "beforeMigrate.sql", "V1__journal.sq", "V1__journal.SQL", ".sql", "",
            "V\(String(repeating: "9", count: 51))__long.sql", "V1__\(String(repeating: "x", count: 201)).sql",
        ])
    func wrongNames(file: String) {
        #expect {
            try MigrationName(fileName: file)
        } throws: { error in
            (error as? MigrationError)?.code == .misnamed && "\(error)".hasPrefix(file)
        }
    }

    @Test("Versions are ordered number by number, of any length")
    func ordersVersions() throws {
        let ordered = [
            "0", "1", "1.0.1", "1.1", "1.2", "1.10", "2", "10", "20261127", "123456789012345678901234567890",
        ]
        let versions = try ordered.map { try #require(MigrationVersion($0)) }
        for (index, one) in versions.enumerated() {
            for (other, two) in versions.enumerated() {
                #expect((one < two) == (index < other), "\(one) \(two)")
                #expect((one == two) == (index == other), "\(one) \(two)")
            }
        }
    }

    @Test("Leading zeros and trailing zero parts don't make another version")
    func equalVersions() throws {
        let versions = try ["1", "01", "1.0", "1_0_00"].map { try #require(MigrationVersion($0)) }
        #expect(Set(versions).count == 1)
        #expect(versions.map(\.text) == ["1", "01", "1.0", "1.0.00"])
    }

    @Test("Two files of the same version are refused")
    func repeatedVersions() throws {
        let one = try Migration(script: "a/V1__x.sql", bytes: [])
        let other = try Migration(script: "b/V1.0__y.sql", bytes: [])
        #expect {
            try MigrationSet([one, other])
        } throws: { error in
            "\(error)".hasPrefix("a/V1__x.sql and b/V1.0__y.sql have the same version")
        }
    }

    @Test("A file that isn't UTF-8 is refused, and a byte order mark is no part of the script")
    func text() throws {
        #expect(throws: MigrationError.self) { try Migration(script: "V1__x.sql", bytes: [0x2D, 0x2D, 0xFF]) }
        #expect(try Migration(script: "V1__x.sql", bytes: Array("\u{FEFF}SELECT 1".utf8)).sql == "SELECT 1")
    }
}

/// The migrations that the program ships.
@Suite struct ShippedMigrationTests {
    @Test("Every shipped file is in place, with a version of its own over all folders")
    func scripts() throws {
        let scripts = try OnsaleSchema.migrations().migrations.map(\.script)
        #expect(
            scripts.prefix(4) == [
                "journal/V1__journal.sql", "documents/V2__documents.sql", "snapshots/V3__snapshots.sql",
                "journal/V4__epochs.sql",
            ])
        #expect(try OnsaleSchema.migrations(in: "journal").migrations.map(\.script).first == "V1__journal.sql")
    }

    /// An applied file must never change; add its checksum here when you add one.
    @Test("No shipped file has changed since it was first shipped")
    func checksums() throws {
        let shipped: [String: Int32] = [
            "journal/V1__journal.sql": 1_113_981_055,
            "documents/V2__documents.sql": 590_990_498,
            "snapshots/V3__snapshots.sql": 957_283_791,
            "journal/V4__epochs.sql": 540_971_354,
            "postgresql/V5__nodes.sql": -619_202_026,
        ]
        for migration in try OnsaleSchema.migrations().migrations {
            #expect(shipped[migration.script] == migration.checksum, "\(migration.script)")
        }
    }

    @Test("No shipped file ends the transaction it is in, or has what Flyway would take for a placeholder")
    func statements() throws {
        for migration in try OnsaleSchema.migrations().migrations {
            #expect(!migration.sql.contains("${"), "\(migration.script)")
            let code = migration.sql.split(separator: "\n").map {
                $0.prefix(upTo: $0.firstRange(of: "--")?.lowerBound ?? $0.endIndex)
            }
            .joined(separator: "\n")
            for word in ["BEGIN", "COMMIT", "ROLLBACK", "END", "VACUUM", "PRAGMA"] {
                #expect(
                    !code.uppercased().split { !$0.isLetter && $0 != "_" }.contains(Substring(word)),
                    "\(migration.script): \(word)")
            }
        }
    }
}
