import Foundation

/// (f) What the databases that others build on do here, where they are installed: `databases.sh` has measured it.
enum DatabaseBench {
    static func run(_ table: inout Table) {
        guard let path = ProcessInfo.processInfo.environment["ONSALE_DATABASE_FIGURES"],
            let figures = try? String(contentsOfFile: path, encoding: .utf8)
        else { return }
        for line in figures.split(separator: "\n") {
            let parts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 3 { table.add("(f) " + parts[0], parts[1], parts[2]) }
        }
    }
}
