import Foundation
import Histogram

/// One line of progress while the rehearsal runs.
struct LiveProgress: Sendable {
    private static let barWidth = 24

    private let measurements: Measurements
    private let line: @Sendable (_ state: Measurements.State, _ requestsPerSecond: Int) -> String

    init(
        _ measurements: Measurements,
        line: @escaping @Sendable (_ state: Measurements.State, _ requestsPerSecond: Int) -> String
    ) {
        self.measurements = measurements
        self.line = line
    }

    /// For a crowd without a line.
    init(fans: Int, _ measurements: Measurements, _ history: History) {
        self.init(measurements) { state, rate in
            let done = history.fansDone
            let filled = LiveProgress.barWidth * done / max(1, fans)
            let bar =
                String(repeating: "█", count: filled) + String(repeating: "░", count: LiveProgress.barWidth - filled)
            let p50 = RehearsalReport.time(state.recent.valueAtPercentile(50))
            let p99 = RehearsalReport.time(state.recent.valueAtPercentile(99))
            return "\(bar) fans \(done)/\(fans)  sold \(state.sold)  \(rate) requests/s  errors \(state.errors)  "
                + "p50 \(p50)  p99 \(p99)"
        }
    }

    /// Shows progress until cancelled: in place on a terminal, otherwise a line every five seconds.
    func show() async {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var requestsBefore = 0
        var secondBefore = 0.0
        while !Task.isCancelled {
            try? await Task.sleep(for: isTerminal ? .milliseconds(500) : .seconds(5))
            let state = measurements.takeRecent()
            let second = measurements.elapsedSeconds
            let rate = Double(state.requests - requestsBefore) / max(0.001, second - secondBefore)
            write(line(state, Int(rate)), isTerminal)
            (requestsBefore, secondBefore) = (state.requests, second)
        }
        if isTerminal { write("", true) }
    }

    private func write(_ line: String, _ isTerminal: Bool) {
        let text = isTerminal ? "\r\u{1b}[K" + line : line + "\n"
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}
