import Foundation

/// A mail server of a test's own on a free loopback port: aiosmtpd, with what `Tests/Mail/smtp_server.py` adds.
package final class SMTPServer: Sendable {
    /// What has come, and in whose name.
    package struct Mail: Sendable {
        package let bytes: [UInt8]
        package let from: String
        package let to: [String]
        package let isEncrypted: Bool
        package let user: String?
    }

    package let port: Int
    private let folder: TemporaryFolder
    private let process: ServerProcess

    /// Needed by clients where it asks for a sign-in; the user is `mailer`.
    package static let password = "Geheim:1/ä"

    /// A new server.
    /// - Parameters:
    ///   - options: of the script.
    ///   - certificate: with its key, in a file.
    /// - Throws: ``ServerFailure``.
    package init(_ options: [String] = [], certificate: String? = nil) throws {
        folder = try TemporaryFolder("onsale-smtp")
        port = try Loopback.freePort()
        let root = #filePath.components(separatedBy: "/").dropLast(3).joined(separator: "/")
        let python =
            ProcessInfo.processInfo.environment["ONSALE_MAIL_PYTHON"] ?? root + "/.build/mail/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw ServerFailure("\(python) is missing: run `make .build/mail/installed`")
        }
        process = try ServerProcess(
            [python, root + "/Tests/Mail/smtp_server.py", "\(port)", folder.path] + options
                + (certificate.map { ["--certificate", $0] } ?? []),
            log: folder.path + "/log")
        let port = port
        try process.waitUntilReady { Loopback.answers(port: port) }
    }

    package func stop() { process.stop() }

    /// Stands still with all its connections, as long as it is not told to go on.
    package func freeze() { process.signal(SIGSTOP) }

    package func thaw() { process.signal(SIGCONT) }

    /// Everything that has come, in its order.
    /// - Throws: errors of Foundation.
    package func mails() throws -> [Mail] {
        struct Known: Decodable {
            let from: String
            let to: [String]
            let tls: Bool
            let user: String?
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try names.filter { $0.hasSuffix(".json") }.sorted().map { name in
            let path = folder.path + "/" + name
            let known = try JSONDecoder().decode(Known.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path.dropLast(5) + ".eml"))
            return Mail(
                bytes: Array(bytes), from: known.from, to: known.to, isEncrypted: known.tls, user: known.user)
        }
    }

    /// What else has happened, a line each: `connection`, `rcpt name`. The test's own look whether it is up is not
    /// counted.
    package func events() -> [String] {
        let text = (try? String(contentsOfFile: folder.path + "/events", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init).dropFirst().map(\.self)
    }

    package var connections: Int { events().count { $0 == "connection" } }
}

/// Certificates that a test makes itself.
package struct TestAuthority: Sendable {
    private let folder: TemporaryFolder
    /// The authority's own certificate.
    package var certificate: String { folder.path + "/ca.pem" }

    /// - Throws: ``ServerFailure``.
    package init() throws {
        folder = try TemporaryFolder("onsale-ca")
        try Child.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=Onsale test authority", "-keyout", folder.path + "/ca.key", "-out", certificate,
        ])
    }

    /// A server's certificate and key, in one file.
    /// - Parameter name: as in `IP:127.0.0.1` or `DNS:mail.test`.
    /// - Throws: ``ServerFailure``.
    package func issue(for name: String) throws -> String {
        let path = folder.path + "/" + name.filter { $0.isLetter || $0.isNumber }
        try Child.run([
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=mail", "-keyout", path + ".key", "-out", path + ".csr",
        ])
        try "subjectAltName=\(name)\n".write(toFile: path + ".ext", atomically: true, encoding: .utf8)
        try Child.run([
            "openssl", "x509", "-req", "-in", path + ".csr", "-CA", certificate, "-CAkey", folder.path + "/ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", path + ".ext", "-out", path + ".crt",
        ])
        try Child.run(["sh", "-c", "cat \"$1.key\" \"$1.crt\" > \"$1.pem\"", "cat", path])
        return path + ".pem"
    }
}
