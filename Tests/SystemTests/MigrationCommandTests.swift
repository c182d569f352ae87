import Foundation
import Testing

/// `onsale info | validate | migrate | repair` on data folders, as an operator runs them.
@Suite(.timeLimit(.minutes(2))) struct MigrationCommandTests {
    /// Runs `body` with a folder that an earlier version, without a history of migrations, has written.
    private func withOldFolder(_ body: (String) async throws -> Void) async throws {
        let kept = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../OnsaleEngineTests/Journals/2026-11-24-script.tar.gz")
        try await withFolder { folder in
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            tar.arguments = ["tar", "-xzf", kept.path, "-C", folder]
            try tar.run()
            tar.waitUntilExit()
            try #require(tar.terminationStatus == 0)
            try await body(folder)
        }
    }

    private func run(_ command: String, _ folder: String) async throws -> (status: Int32, lines: [String]) {
        let (status, output) = try await Program.run([command, "--data", folder])
        return (status, output.split(separator: "\n").map(String.init))
    }

    @Test("An old folder is told to be migrated, is migrated, and then all is well")
    func migrates() async throws {
        try await withOldFolder { folder in
            let before = try await run("validate", folder)
            #expect(before.status == 1)
            #expect(
                before.lines.prefix(2) == [
                    "journal.sqlite: Migration 1 (journal) has not been applied yet. Run `onsale migrate`.",
                    "journal.sqlite: Migration 4 (epochs) has not been applied yet. Run `onsale migrate`.",
                ])
            #expect(before.lines.contains { $0.hasPrefix("services/mail.sqlite: Migration 1 (mail) has not been") })
            #expect(!FileManager.default.fileExists(atPath: folder + "/services"))
            let listed = try await run("info", folder)
            #expect(listed.status == 0)
            #expect(listed.lines.contains { $0.contains("epochs") && $0.contains("pending") })
            let migrated = try await run("migrate", folder)
            #expect(migrated.status == 0)
            #expect(
                migrated.lines.prefix(2) == [
                    "journal.sqlite: applied 1 (journal)", "journal.sqlite: applied 4 (epochs)",
                ])
            let again = try await run("migrate", folder)
            #expect(again.status == 0)
            #expect(again.lines.count == 1)
            #expect(again.lines.first?.hasPrefix("Nothing to do: journal.sqlite is at version ") == true)
            #expect(migrated.lines.contains("services/mail.sqlite: applied 1 (mail)"))
            let after = try await run("validate", folder)
            #expect(after.status == 0)
            #expect(after.lines == ["Everything fits."])
            let repaired = try await run("repair", folder)
            #expect(repaired.status == 0)
            #expect(repaired.lines == ["Nothing to repair."])
        }
    }

    @Test(
        "A folder without a journal is said to be one, and stays empty",
        arguments: ["info", "validate", "migrate", "repair"])
    func noJournal(command: String) async throws {
        try await withFolder { folder in
            let result = try await run(command, folder)
            #expect(result.status == 2)
            #expect(result.lines == ["onsale: there is no journal in \(folder)"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }

    @Test("A server that must not migrate says what is pending, and does not start")
    func serverRefuses() async throws {
        try await withFolder { folder in
            let result = try await Program.run(
                ["serve", "--demo", "--port", "0", "--management-port", "0", "--data", folder],
                environment: ["ONSALE_MIGRATE": "off"])
            #expect(result.status == 2)
            #expect(result.output.contains("journal.sqlite: Migration 1 (journal) has not been applied yet"))
        }
    }
}
