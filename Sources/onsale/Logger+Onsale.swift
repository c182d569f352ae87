import Foundation
import Logging

extension Logger {
    /// A logger to standard error, at the level in `ONSALE_LOG_LEVEL` (default: notice).
    static func onsale(_ label: String) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Settings().text(.logLevel).flatMap { Logger.Level(rawValue: $0) } ?? .notice
        return logger
    }
}
