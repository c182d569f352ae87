import OnsaleMigrations
import Testing

/// A row as a case of a table of tests: its version, what the file said, how it ended.
private func row(
    _ rank: Int32, _ version: String?, _ description: String, _ sql: String = "", type: String = "SQL",
    success: Bool = true
) -> HistoryRow {
    HistoryRow(
        rank: rank, version: version, description: description, type: type, script: "V\(version ?? "")__x.sql",
        checksum: MigrationChecksum.of(Array(sql.utf8)), installedBy: "somebody", installedOn: nil, executionTime: 1,
        success: success)
}

private func file(_ version: String, _ description: String, _ sql: String = "") throws -> Migration {
    try Migration(script: "V\(version)__\(description).sql", bytes: Array(sql.utf8))
}

struct PlanCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let history: [HistoryRow]
    /// Version and state of each entry.
    let expected: [String]
    /// How each finding goes on after the migration's title.
    var findings: [String] = []
}

@Suite struct MigrationPlanTests {
    /// The files of all cases: 1 (one), 2 (two), 3.1 (three).
    private static func files() throws -> MigrationSet {
        try MigrationSet([file("3_1", "three", "C"), file("1", "one", "A"), file("2", "two", "B")])
    }

    static let cases: [PlanCase] = [
        PlanCase(testDescription: "nothing applied", history: [], expected: ["1 pending", "2 pending", "3.1 pending"]),
        PlanCase(
            testDescription: "half applied", history: [row(1, "1", "one", "A")],
            expected: ["1 applied", "2 pending", "3.1 pending"]),
        PlanCase(
            testDescription: "all applied, rows in any order",
            history: [row(3, "3.1", "three", "C"), row(1, "1", "one", "A"), row(2, "2", "two", "B")],
            expected: ["1 applied", "2 applied", "3.1 applied"]),
        PlanCase(
            testDescription: "a version written otherwise is the same", history: [row(1, "01.0", "one", "A")],
            expected: ["1 applied", "2 pending", "3.1 pending"]),
        PlanCase(
            testDescription: "edited", history: [row(1, "1", "one", "a")],
            expected: ["1 edited", "2 pending", "3.1 pending"],
            findings: ["1 (one) has changed since it was applied (checksum -390611389 then, -740712821 now)"]),
        PlanCase(
            testDescription: "renamed", history: [row(1, "1", "uno", "A")],
            expected: ["1 edited", "2 pending", "3.1 pending"],
            findings: ["1 (one) has changed since it was applied (it was called “uno”)"]),
        PlanCase(
            testDescription: "of another type", history: [row(1, "1", "one", "A", type: "JDBC")],
            expected: ["1 edited", "2 pending", "3.1 pending"],
            findings: ["1 (one) has changed since it was applied (it was of type JDBC)"]),
        PlanCase(
            testDescription: "missing", history: [row(1, "1", "one", "A"), row(2, "1.5", "gone")],
            expected: ["1 applied", "1.5 missing", "2 pending", "3.1 pending"],
            findings: ["1.5 (gone) has been applied, but this program has no such file"]),
        PlanCase(
            testDescription: "future", history: [row(1, "1", "one", "A"), row(2, "9", "later")],
            expected: ["1 applied", "2 out of order", "3.1 out of order", "9 future"],
            findings: [
                "2 (two) has not been applied, although newer ones have",
                "3.1 (three) has not been applied, although newer ones have",
                "9 (later) has been applied by a newer version of onsale",
            ]),
        PlanCase(
            testDescription: "out of order", history: [row(1, "2", "two", "B")],
            expected: ["1 out of order", "2 applied", "3.1 pending"],
            findings: ["1 (one) has not been applied, although newer ones have"]),
        PlanCase(
            testDescription: "failed", history: [row(1, "1", "one", "A", success: false)],
            expected: ["1 failed", "2 pending", "3.1 pending"], findings: ["1 (one) has failed half way"]),
        PlanCase(
            testDescription: "failed, then applied",
            history: [row(1, "1", "one", "A", success: false), row(2, "1", "one", "A")],
            expected: ["1 applied", "2 pending", "3.1 pending"]),
        PlanCase(
            testDescription: "deleted, and there is no file",
            history: [row(1, "1", "one", "A"), row(2, "1.5", "gone"), row(3, "1.5", "gone", type: "DELETE")],
            expected: ["1 applied", "1.5 deleted", "2 pending", "3.1 pending"]),
        PlanCase(
            testDescription: "deleted, and the file is back",
            history: [row(1, "1", "one", "A"), row(2, "2", "two", "B"), row(3, "2", "two", "B", type: "DELETE")],
            expected: ["1 applied", "2 pending", "3.1 pending"]),
        PlanCase(
            testDescription: "undone by Flyway",
            history: [row(1, "1", "one", "A"), row(2, "1", "one", type: "UNDO_SQL")],
            expected: ["1 pending", "2 pending", "3.1 pending"]),
        PlanCase(
            testDescription: "begun by Flyway's baseline",
            history: [row(1, "2", "<< Flyway Baseline >>", type: "BASELINE")],
            expected: ["2 baseline", "1 below baseline", "2 below baseline", "3.1 pending"]),
        PlanCase(
            testDescription: "schema and repeatable rows of Flyway's",
            history: [row(0, nil, "<< Flyway Schema Creation >>", type: "SCHEMA"), row(1, nil, "views")],
            expected: ["- foreign", "- foreign", "1 pending", "2 pending", "3.1 pending"]),
        PlanCase(
            testDescription: "a version that is none", history: [row(1, "one", "x")],
            expected: ["one foreign", "1 pending", "2 pending", "3.1 pending"],
            findings: ["The history names a version “one”, which is no version"]),
    ]

    @Test("Files and history side by side", arguments: cases)
    func plan(example: PlanCase) throws {
        let plan = MigrationPlan(try MigrationPlanTests.files(), history: example.history)
        #expect(plan.entries.map { "\($0.version ?? "-") \($0.state.rawValue)" } == example.expected)
        let found = plan.findings.map { $0.description.replacing("Migration ", with: "", maxReplacements: 1) }
        #expect(found.count == example.findings.count, "\(found)")
        for (sentence, beginning) in zip(found, example.findings) { #expect(sentence.hasPrefix(beginning)) }
        #expect(
            plan.pending.map { "\($0.version) pending" }
                == plan.entries.filter { $0.state == .pending }.map {
                    "\($0.version ?? "") pending"
                })
    }

    @Test("A database of which this program has no file at all is of the future")
    func empty() throws {
        let plan = MigrationPlan(try MigrationSet([]), history: [row(1, "1", "one")])
        #expect(plan.entries.map(\.state) == [.future])
    }
}
