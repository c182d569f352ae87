/// Debian's own Python.
package enum Python {
    /// Runs a script to its end.
    /// - Returns: what it wrote.
    /// - Throws: ``ServerFailure`` with that if it failed.
    @discardableResult
    package static func run(_ script: String, _ arguments: String...) throws -> String {
        try Child.run(["/usr/bin/python3", script] + arguments)
    }
}
