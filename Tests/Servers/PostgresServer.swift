import Foundation
import Synchronization

/// A PostgreSQL server of a test's own, on a free loopback port in a temporary folder, that syncs as a real one does.
package final class PostgresServer: Sendable {
    package let port: Int
    /// The superuser's password; connections over TCP need it.
    package static let password = "geheim-9f3"
    private let folder: TemporaryFolder
    private let process: Mutex<ServerProcess>
    private let databases = Mutex(0)
    private let settings: [String]

    private static let user = "postgres"

    /// One server for the whole test process, started when first asked for.
    package static let shared = Result { try PostgresServer() }

    /// A new server.
    /// - Parameter settings: more settings, `name=value`.
    /// - Throws: ``ServerFailure``.
    package init(settings: [String] = []) throws {
        folder = try TemporaryFolder("onsale-postgres", owner: PostgresServer.user)
        port = try Loopback.freePort()
        self.settings = settings
        let secret = folder.path + "/password"
        try PostgresServer.password.write(toFile: secret, atomically: true, encoding: .utf8)
        try Child.run(["chmod", "644", secret])
        try Child.run(
            ServerProcess.command(
                [
                    PostgresServer.program("initdb"), "-D", folder.path + "/data", "-U", "postgres", "-E", "UTF8",
                    "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile=\(secret)", "--no-sync",
                ], as: PostgresServer.user))
        process = Mutex(try PostgresServer.start(folder: folder.path, port: port, settings: settings))
        try waitUntilReady()
    }

    private static func start(folder: String, port: Int, settings: [String]) throws -> ServerProcess {
        let all =
            [
                "port=\(port)", "listen_addresses=127.0.0.1", "unix_socket_directories=\(folder)", "fsync=on",
                "shared_buffers=64MB", "max_connections=200",
            ] + settings
        return try ServerProcess(
            ServerProcess.command(
                [program("postgres"), "-D", folder + "/data"] + all.flatMap { ["-c", $0] }, as: user),
            log: folder + "/log", stopSignal: "INT")
    }

    private func waitUntilReady() throws {
        try process.withLock { $0 }.waitUntilReady {
            (try? Child.run([PostgresServer.program("pg_isready"), "-q", "-h", folder.path, "-p", "\(port)"])) != nil
        }
    }

    /// Stops it at once, as a crash does, and starts it again.
    /// - Throws: ``ServerFailure``.
    package func crashAndRestart() throws {
        let running = process.withLock { $0 }
        running.signal(SIGQUIT)
        try restart(after: running)
    }

    /// Ends all sessions in order and starts again.
    /// - Throws: ``ServerFailure``.
    package func restart() throws {
        try restart(after: process.withLock { $0 })
    }

    private func restart(after running: ServerProcess) throws {
        running.stop()
        let next = try PostgresServer.start(folder: folder.path, port: port, settings: settings)
        process.withLock { $0 = next }
        try waitUntilReady()
    }

    /// Stops it.
    package func stop() {
        process.withLock { $0 }.stop()
    }

    /// The last lines of its log.
    package var logEnd: String { process.withLock { $0 }.logEnd }

    /// Runs SQL by psql as superuser, past any proxy.
    /// - Returns: the rows, one a line, columns parted by `|`.
    /// - Throws: ``ServerFailure`` with what psql said.
    @discardableResult
    package func run(_ sql: String, database: String = "postgres") throws -> String {
        try Child.run([
            "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder.path, "-p", "\(port)", "-U",
            "postgres", "-d", database, "-c", sql,
        ]).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The URL of a database of this server; `port` may be that of a proxy.
    package func url(database: String, port: Int? = nil) -> String {
        "postgresql://postgres:\(PostgresServer.password)@127.0.0.1:\(port ?? self.port)/\(database)"
    }

    /// Runs `body` with the name of a new database, and drops it afterward.
    package func withDatabase<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let number = databases.withLock { number in
            number += 1
            return number
        }
        let name = "test\(number)"
        try run("CREATE DATABASE \(name) TEMPLATE template0")
        defer { _ = try? run("DROP DATABASE \(name) WITH (FORCE)") }
        return try await body(name)
    }

    /// Debian keeps the server's programs out of the path.
    private static func program(_ name: String) -> String {
        for version in (15...18).reversed() {
            let path = "/usr/lib/postgresql/\(version)/bin/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        return name
    }
}

/// Runs `body` with the URL of an empty database of the shared server, and drops it afterward.
package func withPostgres<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let server = try PostgresServer.shared.get()
    return try await server.withDatabase { try await body(server.url(database: $0)) }
}
