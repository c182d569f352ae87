import Foundation

/// A folder that is removed when nobody refers to it any more, and when the test's process ends in whatever way.
package final class TemporaryFolder: Sendable {
    package let path: String
    private let guardian: Child

    /// A new folder under the system's own for temporary files.
    /// - Parameter user: whose it becomes if we are root.
    /// - Throws: ``ServerFailure``, or an error of Foundation's.
    package init(_ name: String = "onsale-test", owner user: String? = nil) throws {
        path = NSTemporaryDirectory() + "\(name)-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Servers that end at the same moment may still write into it, so it tries again.
        let script = """
            while read -r line; do :; done
            for turn in 1 2 3 4 5 6 7 8 9 10 11 12; do
                rm -rf -- "$1" 2>/dev/null
                [ -e "$1" ] || exit 0
                sleep 1
            done
            """
        guardian = try Child("/bin/sh", ["-c", script, "guard", path])
        if let user, geteuid() == 0 { try Child.run(["chown", "\(user):", path]) }
    }

    deinit {
        close(guardian.input)
        guardian.wait()
        close(guardian.output)
    }
}
