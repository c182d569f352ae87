import Foundation
import Metrics
import Synchronization

/// Writes log lines from a thread of its own, so that whoever logs never waits for a full pipe or a slow disk.
///
/// At most four megabytes wait, beside as many being written. What comes on top is dropped, and a line says how much.
final class LogWriter: Sendable {
    private static let bytesMax = 4 << 20

    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isSleeping = false
        /// Lines taken from `waiting` are being written.
        var isWriting = false
    }

    private let descriptor: Int32
    private let droppedLine: @Sendable (_ count: Int) -> [UInt8]
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    /// - Parameter droppedLine: the line that says how many were dropped.
    init(descriptor: Int32, droppedLine: @escaping @Sendable (_ count: Int) -> [UInt8]) {
        self.descriptor = descriptor
        self.droppedLine = droppedLine
        let thread = Thread { [self] in run() }
        thread.name = "onsale.log"
        thread.start()
    }

    /// - Parameter isUrgent: whether to wait, at most a second, until the line is out.
    func write(_ line: [UInt8], isUrgent: Bool) {
        let (isTaken, mustWake) = state.withLock { state in
            guard state.waiting.count + line.count <= LogWriter.bytesMax else {
                state.dropped += 1
                return (false, false)
            }
            state.waiting += line
            defer { state.isSleeping = false }
            return (true, state.isSleeping)
        }
        if !isTaken { LogWriter.droppedLines.increment() }
        if mustWake { bell.signal() }
        if isUrgent { flush() }
    }

    static func startCounting() { _ = droppedLines }

    private static let droppedLines = Counter(label: "onsale_log_lines_dropped_total")

    /// Waits until everything is written, at most a second.
    func flush() {
        let until = DispatchTime.now().uptimeNanoseconds + 1_000_000_000
        while state.withLock({ !$0.waiting.isEmpty || $0.isWriting }), DispatchTime.now().uptimeNanoseconds < until {
            usleep(500)
        }
    }

    private func run() {
        while true {
            let (lines, dropped) = state.withLock { state in
                defer {
                    state.waiting.removeAll(keepingCapacity: state.waiting.count < 1 << 16)
                    state.dropped = 0
                }
                state.isWriting = !state.waiting.isEmpty || state.dropped > 0
                state.isSleeping = !state.isWriting
                return (state.waiting, state.dropped)
            }
            if lines.isEmpty, dropped == 0 {
                bell.wait()
                continue
            }
            if !put(lines) { lose(lines) }
            if dropped > 0 { _ = put(droppedLine(dropped)) }
        }
    }

    private func lose(_ lines: [UInt8]) {
        LogWriter.droppedLines.increment(by: Int64(lines.count { $0 == UInt8(ascii: "\n") }))
    }

    /// - Returns: false if it can't be written.
    private func put(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                offset += count
            } else if errno == EAGAIN {
                usleep(5000)
            } else if errno != EINTR {
                // Nobody reads it any more, or there is no room.
                return false
            }
        }
        return true
    }
}
