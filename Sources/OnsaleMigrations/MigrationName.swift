/// What a migration's file name says, in Flyway's convention: `V`, version, two underscores, description, `.sql`.
package struct MigrationName: Hashable, Sendable {
    package let version: MigrationVersion
    /// With spaces for underscores.
    package let description: String

    private static let suffix = ".sql"
    private static let descriptionMax = 200

    /// - Throws: ``MigrationError`` that says how the name should look.
    package init(fileName: String) throws(MigrationError) {
        func wrong(_ reason: String) -> MigrationError {
            MigrationError(.misnamed, "\(fileName) \(reason): a migration is named like V4__what_it_does.sql")
        }
        guard fileName.hasSuffix(MigrationName.suffix) else { throw wrong("does not end in .sql") }
        guard fileName.hasPrefix("V") else {
            throw wrong("does not begin with V, and neither repeatable migrations nor callbacks are known here")
        }
        let name = fileName.dropFirst().dropLast(MigrationName.suffix.count)
        guard let separator = MigrationName.separator(in: name) else { throw wrong("lacks __ after its version") }
        let (version, words) = (name[..<separator], name[separator...].dropFirst(2))
        guard let version = MigrationVersion(String(version)) else {
            throw wrong("has “\(version)” for a version, not numbers between dots or underscores")
        }
        guard !words.isEmpty else { throw wrong("has no description") }
        guard words.utf8.count <= MigrationName.descriptionMax else {
            throw wrong("has a description of more than \(MigrationName.descriptionMax) bytes")
        }
        self.version = version
        description = String(words.map { $0 == "_" ? " " : $0 })
    }

    /// Where the first two underscores in a row begin.
    private static func separator(in name: Substring) -> Substring.Index? {
        zip(name.indices, name.indices.dropFirst()).first { name[$0] == "_" && name[$1] == "_" }?.0
    }
}
