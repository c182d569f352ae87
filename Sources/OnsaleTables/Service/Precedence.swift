import Foundation

/// Who goes first where the processors don't suffice: a sale, before what follows it.
///
/// On Linux those that stand back are scheduled as idle (`sched(7)`): whoever else wakes up has the processor at once.
/// A mere niceness wouldn't do: beside threads of niceness 10 a crowd's holds had a third of their pace, as each of their
/// steps waited for the end of somebody's slice.
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
        #endif
    }

    #if os(Linux)
        /// `SCHED_IDLE` of Linux' `sched.h`, which Swift doesn't see.
        private static let idle: Int32 = 5

        private static func standBack(_ thread: pid_t) {
            var parameters = sched_param()
            _ = sched_setscheduler(thread, idle, &parameters)
        }
    #endif
}
