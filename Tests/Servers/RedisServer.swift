import Foundation
import Synchronization

/// A Redis of a test's own, on a free loopback port in a temporary folder, that keeps nothing on disk.
package final class RedisServer: Sendable {
    package let port: Int
    private let folder: TemporaryFolder
    private let process: Mutex<ServerProcess>
    private let command: [String]
    private let password: String?

    /// A new server.
    /// - Parameters:
    ///   - settings: more settings, each a name and its values: `["maxmemory", "3mb"]`.
    ///   - password: needed by clients.
    /// - Throws: ``ServerFailure``.
    package convenience init(_ settings: [[String]] = [], password: String? = nil) throws {
        let folder = try TemporaryFolder("onsale-redis")
        let secret = password.map { [["requirepass", $0], ["masterauth", $0]] } ?? []
        try self.init(
            "redis-server", [["save", ""], ["appendonly", "no"]] + secret + settings, folder: folder,
            password: password)
    }

    /// A replica of another one.
    package convenience init(of master: RedisServer) throws {
        try self.init([
            ["replicaof", "127.0.0.1", "\(master.port)"], ["repl-diskless-sync-delay", "0"],
        ])
    }

    /// A Sentinel that watches a master by that name, and decides alone.
    package convenience init(watching master: RedisServer, as name: String) throws {
        let folder = try TemporaryFolder("onsale-sentinel")
        let lines = [
            "sentinel monitor \(name) 127.0.0.1 \(master.port) 1",
            "sentinel down-after-milliseconds \(name) 1000",
            "sentinel failover-timeout \(name) 3000",
        ]
        let file = folder.path + "/sentinel.conf"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        try self.init("redis-sentinel", [], folder: folder, file: file, password: nil)
    }

    private init(
        _ program: String, _ settings: [[String]], folder: TemporaryFolder, file: String? = nil, password: String?
    ) throws {
        self.folder = folder
        self.password = password
        port = try Loopback.freePort()
        let all = [["port", "\(port)"], ["bind", "127.0.0.1"], ["dir", folder.path]] + settings
        command =
            [program] + (file.map { [$0] } ?? []) + all.flatMap { ["--\($0[0])"] + $0.dropFirst() }
        process = Mutex(try ServerProcess(command, log: folder.path + "/log"))
        try waitUntilReady()
    }

    private func waitUntilReady() throws {
        try process.withLock { $0 }.waitUntilReady { (try? run("PING")) == "PONG" }
    }

    /// Runs a command by redis-cli, past any proxy.
    /// - Returns: what it printed.
    /// - Throws: ``ServerFailure``.
    @discardableResult
    package func run(_ words: String...) throws -> String {
        let secret = password.map { ["--no-auth-warning", "-a", $0] } ?? []
        return try Child.run(["redis-cli", "-h", "127.0.0.1", "-p", "\(port)"] + secret + words)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Stands still with all its connections, as long as it is not told to go on.
    package func freeze() { process.withLock { $0 }.signal(SIGSTOP) }

    package func thaw() { process.withLock { $0 }.signal(SIGCONT) }

    /// Ends it as a crash does.
    package func crash() {
        let running = process.withLock { $0 }
        running.signal(SIGKILL)
        running.stop()
    }

    /// Starts it again, empty, on the same port.
    /// - Throws: ``ServerFailure``.
    package func restart() throws {
        let next = try ServerProcess(command, log: folder.path + "/log")
        process.withLock { $0 = next }
        try waitUntilReady()
    }

    package func stop() { process.withLock { $0 }.stop() }
}

/// Runs `body` with a Redis of its own, and stops it afterward.
package func withRedis<Value>(
    _ settings: [[String]] = [], password: String? = nil, _ body: (RedisServer) async throws -> Value
) async throws -> Value {
    let server = try RedisServer(settings, password: password)
    defer { server.stop() }
    return try await body(server)
}
