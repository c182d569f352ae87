/// Why a server of a test could not be started or reached.
package struct ServerFailure: Error, CustomStringConvertible {
    /// What went wrong, for whoever reads the test's output.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
