import Logging
import NIOCore
import Synchronization

/// Logs the same trouble at most once a minute: a collector that is away for an hour is 60 lines, not thousands. A
/// class, for it remembers when it last spoke.
final class TroubleLog: Sendable {
    enum Trouble: Hashable, Sendable {
        case queueFull, partial, rejected, failed
    }

    private struct Silence {
        let until: NIODeadline
        /// Spans of which nothing was said since.
        var spans = 0
    }

    private let logger: Logger
    private let silences = Mutex<[Trouble: Silence]>([:])

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// - Parameter detail: may come from outside.
    func log(_ message: Logger.Message, about trouble: Trouble, spans: Int, detail: String = "") {
        let now = NIODeadline.now()
        let silent: Int? = silences.withLock { silences in
            if let silence = silences[trouble], now < silence.until {
                silences[trouble]?.spans += spans
                return nil
            }
            let silent = silences[trouble]?.spans ?? 0
            silences[trouble] = Silence(until: now + .minutes(1))
            return silent
        }
        guard let silent else { return }
        var metadata: Logger.Metadata = ["spans": "\(spans + silent)"]
        if !detail.isEmpty {
            metadata["detail"] = "\(SpanLimits.cut(detail))"
        }
        logger.warning(message, metadata: metadata)
    }
}
