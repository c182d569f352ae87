import Foundation
import Logging

/// How many connections the system allows us.
enum OpenFileLimit {
    /// Open files that aren't connections: the journal, the provider, the rest.
    private static let reserve = 600
    private static let connectionsWanted = 19_000

    /// Raises the limit as far as possible, and warns if it is still too low.
    static func connectionsMax(logger: Logger) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1000 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        let files = Int(clamping: limit.rlim_cur)
        let connections = max(100, min(connectionsWanted, files - reserve))
        if connections < connectionsWanted {
            logger.warning(
                "The limit on open files is too low for all connections; raise it with ulimit -n",
                metadata: [
                    "openFiles": "\(files)", "connections": "\(connections)",
                    "wanted": "\(connectionsWanted + reserve)",
                ])
        }
        return connections
    }
}
