package import Logging
import Synchronization

/// The log levels by logger, which an operator may change while the program runs.
///
/// Labels are dotted: a logger without a level of its own has that of the nearest name above (`onsale.http` that of
/// `onsale`), and at the top the level the program was started with.
package final class LogLevels: Sendable {
    package struct Setting: Sendable, Equatable {
        /// What was set for this label alone; nil if nothing.
        package let level: Logger.Level?
        package let effective: Logger.Level
    }

    /// There is no logger of this name, nor of any below it.
    package struct UnknownLabel: Error {}

    /// The level in force for one label. Reading it is cheap enough for every log statement.
    final class Effective: Sendable {
        private let index: Atomic<Int>

        init(_ level: Logger.Level) { index = Atomic(LogLevels.index(of: level)) }

        var level: Logger.Level { Logger.Level.allCases[index.load(ordering: .relaxed)] }

        fileprivate func set(_ level: Logger.Level) { index.store(LogLevels.index(of: level), ordering: .relaxed) }
    }

    private struct State {
        var known: [String: Effective] = [:]
        var set: [String: Logger.Level] = [:]
    }

    private static let labelsMax = 1000
    private let initial: Logger.Level
    private let state = Mutex(State())

    package init(_ initial: Logger.Level) {
        self.initial = initial
    }

    private static func index(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }

    /// The level of a logger, followed as it changes.
    func effective(_ label: String) -> Effective {
        state.withLock { state in
            if let known = state.known[label] { return known }
            let effective = Effective(level(of: label, state))
            // Some library's logger has no name, and can't be named in a request.
            if !label.isEmpty, state.known.count < LogLevels.labelsMax { state.known[label] = effective }
            return effective
        }
    }

    private func level(of label: String, _ state: State) -> Logger.Level {
        var name = Substring(label)
        while true {
            if let level = state.set[String(name)] { return level }
            guard let dot = name.lastIndex(of: ".") else { return initial }
            name = name[..<dot]
        }
    }

    /// Sets a label's level, or with nil lets it follow the name above again.
    package func set(_ level: Logger.Level?, for label: String) throws(UnknownLabel) {
        let isKnown = state.withLock { state in
            guard state.known.keys.contains(where: { $0 == label || $0.hasPrefix(label + ".") }) else { return false }
            state.set[label] = level
            for (label, effective) in state.known { effective.set(self.level(of: label, state)) }
            return true
        }
        if !isKnown { throw UnknownLabel() }
    }

    /// Every logger, and every name above one, sorted.
    package var all: [(label: String, setting: Setting)] {
        state.withLock { state in
            var labels = Set(state.known.keys)
            for label in state.known.keys {
                var name = Substring(label)
                while let dot = name.lastIndex(of: ".") {
                    name = name[..<dot]
                    labels.insert(String(name))
                }
            }
            return labels.sorted().map { ($0, Setting(level: state.set[$0], effective: level(of: $0, state))) }
        }
    }
}
