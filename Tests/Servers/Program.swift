import Foundation

/// An installed program, run to its end. Foundation's own `Process` must not be used beside servers: they would inherit
/// its pipes, and whoever reads those would wait for the servers' end.
package enum Program {
    /// - Returns: what it wrote to its output.
    /// - Throws: ``ServerFailure`` if it could not be started or failed.
    package static func run(_ command: [String]) throws -> String {
        // The shell finds the program.
        let child = try Child("/bin/sh", ["-c", "exec \"$@\"", "run"] + command)
        close(child.input)
        let output = child.readToEnd()
        close(child.output)
        let status = child.wait()
        guard status == 0 else { throw ServerFailure("\(command.joined(separator: " ")) ended with \(status)") }
        return output
    }
}
