/// A file that changes the database once: what it is called, what it says.
package struct Migration: Hashable, Sendable {
    package let version: MigrationVersion
    package let description: String
    /// Where the file is in its location, with slashes; the history keeps it.
    package let script: String
    package let checksum: Int32
    /// One or more statements.
    package let sql: String

    /// What the history's column takes.
    private static let scriptMax = 1000

    /// - Parameters:
    ///   - script: the file's path in its location, with slashes.
    ///   - bytes: what is in the file.
    /// - Throws: ``MigrationError`` if the name is wrong or the file isn't UTF-8.
    package init(script: String, bytes: [UInt8]) throws(MigrationError) {
        let fileName = script.split(separator: "/").last.map(String.init) ?? script
        let name = try MigrationName(fileName: fileName)
        guard script.utf8.count <= Migration.scriptMax else {
            throw MigrationError(.misnamed, "\(fileName) has a path of more than \(Migration.scriptMax) bytes")
        }
        guard let sql = String(validating: bytes, as: UTF8.self) else {
            throw MigrationError(.misnamed, "\(script) is not UTF-8")
        }
        version = name.version
        description = name.description
        self.script = script
        checksum = MigrationChecksum.of(bytes)
        self.sql = sql.first == "\u{FEFF}" ? String(sql.dropFirst()) : sql
    }
}

extension Migration {
    /// As it is called in lines for the operator: `4 (epochs)`.
    package var title: String { "\(version) (\(description))" }
}

/// The migrations of one location, in the order of their versions, each version once.
package struct MigrationSet: Hashable, Sendable {
    package let migrations: [Migration]

    /// - Throws: ``MigrationError`` if a version comes twice.
    package init(_ migrations: [Migration]) throws(MigrationError) {
        let sorted = migrations.sorted { ($0.version, $0.script) < ($1.version, $1.script) }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.version == next.version {
            throw MigrationError(
                .repeated, "\(one.script) and \(next.script) have the same version: give the newer the next free one")
        }
        self.migrations = sorted
    }
}
