import Foundation

/// One run, one table: what docs/BENCHMARKS.md tells of.
@main
struct Bench {
    static func main() async throws {
        let chosen = Set(CommandLine.arguments.dropFirst())
        let wants: @Sendable (String) -> Bool = { chosen.isEmpty || chosen.contains($0) }
        var table = Table()
        if wants("a") { SaleBench.run(&table) }
        if wants("b") || wants("e") { try await JournalBench.run(&table) }
        if wants("m") { try await MemoryBench.run(&table) }
        if wants("c") || wants("d") { try await HTTPBench.run(&table, wants: wants) }
        if wants("g") { try LineBench.run(&table) }
        if wants("h") { try await LineBench.million(&table) }
        if wants("i") { try StreamBench.run(&table) }
        if wants("l") { try LobbyBench.run(&table) }
        if wants("j") { try ProcessorBench.run(&table) }
        if wants("k") { try ObservabilityBench.run(&table) }
        if wants("n") { try await PostgresBench.run(&table) }
        if wants("f") { DatabaseBench.run(&table) }
        print(table.text)
    }
}

/// The figures, as they come.
struct Table {
    private var rows: [(String, String, String, String)] = []

    mutating func add(_ name: String, _ figure: String, goal: String = "", _ remark: String = "") {
        rows.append((name, figure, goal, remark))
        FileHandle.standardError.write(Data("… \(name): \(figure) \(remark)\n".utf8))
    }

    var text: String {
        var lines = ["", "| what | figure | goal | how |", "| --- | ---: | ---: | --- |"]
        lines += rows.map { "| \($0.0) | \($0.1) | \($0.2) | \($0.3) |" }
        return lines.joined(separator: "\n")
    }

    static func perSecond(_ count: Int, _ seconds: Double) -> String {
        let rate = Double(count) / seconds
        return rate >= 1_000_000
            ? String(format: "%.2f M/s", rate / 1_000_000) : String(format: "%.0f k/s", rate / 1000)
    }

    static func milliseconds(_ microseconds: UInt64) -> String {
        String(format: "%.1f ms", Double(microseconds) / 1000)
    }
}

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    let elapsed = ContinuousClock.now - start
    return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
}
