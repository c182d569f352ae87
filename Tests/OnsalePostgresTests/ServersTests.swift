import Foundation
import Servers
import Testing

/// The servers that other tests stand on.
@Suite(.timeLimit(.minutes(2))) struct ServersTests {
    @Test("A server of a test's own answers, and every test has an empty database")
    func answers() async throws {
        let server = try PostgresServer.shared.get()
        try await server.withDatabase { name in
            let tables = try server.run(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database: name)
            #expect(tables == "0")
            #expect(try server.run("SHOW fsync", database: name) == "on")
        }
    }

    @Test("A stopped server and its folder are gone")
    func leavesNothing() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let path = try #require(folder?.path)
        let server = try ServerProcess(["sleep", "600"], log: path + "/log")
        #expect(server.isRunning)
        #expect(kill(server.pid, 0) == 0)
        server.stop()
        #expect(!server.isRunning)
        #expect(kill(server.pid, 0) != 0)
        folder = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A server that was killed is seen to have ended, and one that never answers is reported with its log")
    func endsByItself() throws {
        let folder = try TemporaryFolder()
        let server = try ServerProcess(["sleep", "600"], log: folder.path + "/log")
        server.signal(SIGKILL)
        while server.isRunning { usleep(1000) }
        let broken = try ServerProcess(["sh", "-c", "echo no such port; exit 1"], log: folder.path + "/log2")
        #expect {
            try broken.waitUntilReady { false }
        } throws: { error in
            "\(error)".contains("no such port")
        }
    }
}
