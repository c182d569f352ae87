import Foundation

/// Who goes first where the processors don't suffice: a sale, before what follows it.
///
/// On Linux those that stand back are scheduled as idle: whoever else wakes up has the processor at once. Between sessions
/// the processors are shared evenly, whatever the threads in them are (autogroup), so a process's session stands back
/// too. See `sched(7)`.
package enum Precedence {
    /// Lets everything else on this machine go before the calling thread, for ever.
    package static func standBack() {
        #if os(Linux)
            standBack(0)
        #endif
    }

    /// Lets everything else on this machine go before this process. Threads inherit that from the one that starts them.
    package static func standBackAsProcess() {
        #if os(Linux)
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
            for thread in threads.compactMap({ pid_t($0) }) { standBack(thread) }
            // Where there is none, or it may not be changed, nothing is lost but precedence.
            try? FileHandle(forWritingAtPath: "/proc/self/autogroup")?.write(contentsOf: Data("\(nicest)".utf8))
        #endif
    }

    #if os(Linux)
        /// `SCHED_IDLE` of Linux' `sched.h`, which Swift doesn't see.
        private static let idle: Int32 = 5
        private static let nicest: Int32 = 19

        private static func standBack(_ thread: pid_t) {
            var parameters = sched_param()
            _ = sched_setscheduler(thread, idle, &parameters)
            // Of no weight beside that, but the system's figures tell it from others by it.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(thread), nicest)
        }
    #endif
}
