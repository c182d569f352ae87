/// Why a database can't be brought to this program's schema. Its description says what to do.
package struct MigrationError: Error, CustomStringConvertible {
    package enum Code: Sendable {
        /// A file's name or text is wrong.
        case misnamed
        /// Two files have the same version.
        case repeated
        /// This program's own files are not where they should be.
        case incomplete
        /// The database's history contradicts the files.
        case unfit
        /// Something is to be applied, and this run must not.
        case pending
        /// A migration failed and was rolled back.
        case failed
        /// Another process has been migrating for too long.
        case busy
        /// The database has tables of somebody else.
        case occupied
    }

    package let code: Code
    package let description: String
    package let underlying: (any Error)?

    package init(_ code: Code, _ description: String, underlying: (any Error)? = nil) {
        self.code = code
        self.description = description
        self.underlying = underlying
    }
}
