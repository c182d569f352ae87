import Foundation
import Synchronization

/// A server that a test started. It ends when it is stopped, when nobody refers to it any more, and when the test's
/// process ends in whatever way: a small guard, its parent, waits for the end of a pipe that this process holds.
package final class ServerProcess: Sendable {
    /// The server's own process.
    package let pid: Int32
    /// The file with all it has written.
    package let log: String
    private let guardian: Child
    private let isStopped = Mutex(false)

    private static let guardScript = """
        log=$1 signal=$2
        shift 2
        "$@" </dev/null >>"$log" 2>&1 &
        child=$!
        echo $child
        exec 3<&0
        {
            while read -r line <&3; do :; done
            kill -s "$signal" $child
            kill -s CONT $child
            for turn in 1 2 3 4 5 6 7 8 9 10; do
                kill -0 $child || exit
                sleep 1
            done
            kill -s KILL $child
        } 2>/dev/null &
        watcher=$!
        wait $child
        echo ended
        kill $watcher 2>/dev/null
        """

    /// Starts a program.
    /// - Parameters:
    ///   - command: its path or name, and its arguments.
    ///   - log: where its output goes.
    ///   - stopSignal: asks it to stop: `TERM`, `INT`, …; after 10 s it is killed.
    /// - Throws: ``ServerFailure``.
    package init(_ command: [String], log: String, stopSignal: String = "TERM") throws {
        guardian = try Child("/bin/sh", ["-c", ServerProcess.guardScript, "guard", log, stopSignal] + command)
        self.log = log
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(guardian.output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        guard let pid = Int32(String(decoding: line, as: UTF8.self)) else {
            throw ServerFailure("\(command.first ?? "") was not started")
        }
        self.pid = pid
    }

    deinit { stop() }

    /// Whether it has not ended yet.
    package var isRunning: Bool {
        if isStopped.withLock({ $0 }) { return false }
        var ready = pollfd(fd: guardian.output, events: Int16(POLLIN), revents: 0)
        return poll(&ready, 1, 0) == 0
    }

    /// Sends it a signal: `SIGKILL`, `SIGSTOP`, `SIGHUP`, …
    package func signal(_ signal: Int32) {
        if isRunning { kill(pid, signal) }
    }

    /// Stops it and waits until it has ended, at most some 11 s.
    package func stop() {
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        close(guardian.input)
        guardian.wait()
        close(guardian.output)
    }

    /// Waits until `isReady` is true.
    /// - Throws: ``ServerFailure`` with the end of its log, when it ends before or takes longer than `seconds`.
    package func waitUntilReady(seconds: Int = 60, _ isReady: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !isReady() {
            guard isRunning, ContinuousClock.now < deadline else {
                throw ServerFailure("the server does not answer; its log ends:\n\(logEnd)")
            }
            usleep(20_000)
        }
    }

    /// The last lines of its log.
    package var logEnd: String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    /// The command as another user if we are root, since PostgreSQL refuses to run as root; unchanged otherwise.
    package static func command(_ command: [String], as user: String) -> [String] {
        guard geteuid() == 0 else { return command }
        return ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"] + command
    }
}
