import ArgumentParser
import Foundation

/// Options that can also be set in the environment: what is typed wins.
enum Settings {
    static func text(_ typed: String?, _ variable: String, default fallback: String) -> String {
        typed ?? environment(variable) ?? fallback
    }

    static func number(_ typed: Int?, _ variable: String, default fallback: Int) throws -> Int {
        if let typed { return typed }
        guard let text = environment(variable) else { return fallback }
        guard let number = Int(text) else { throw ValidationError("\(variable) must be a number, not “\(text)”.") }
        return number
    }

    static func port(_ typed: Int?, _ variable: String, default fallback: Int) throws -> Int {
        let port = try number(typed, variable, default: fallback)
        guard (0...65535).contains(port) else { throw ValidationError("A port is from 0 to 65535, not \(port).") }
        return port
    }

    static func flag(_ typed: Bool, _ variable: String) -> Bool {
        typed || ["1", "true", "yes"].contains(environment(variable)?.lowercased())
    }

    /// A variable that is set to something.
    static func environment(_ variable: String) -> String? {
        ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension FileHandle {
    /// A line for whoever looks at the terminal.
    static func say(_ line: String) {
        try? standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }

    static func complain(_ line: String) {
        try? standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
