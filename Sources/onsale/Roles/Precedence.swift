import Foundation

/// Who goes first where the processors don't suffice.
enum Precedence {
    /// How far a process of services stands back (nice).
    private static let niceness: Int32 = 10

    /// Lets whatever else runs on this machine, above all a sale, go before this process. Threads inherit that from the one
    /// that starts them.
    static func standBack() {
        #if os(Linux)
            // There it is each thread's own.
            for thread in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [] {
                guard let id = id_t(thread) else { continue }
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id, niceness)
            }
        #endif
    }
}
