import Foundation

/// (f) What the databases that others build on do here, where they are installed.
enum DatabaseBench {
    static func run(_ table: inout Table) {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../databases.sh")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [script.standardized.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        do { try process.run() } catch { return }
        let output = String(decoding: (try? pipe.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 3 { table.add("(f) " + parts[0], parts[1], parts[2]) }
        }
    }
}
