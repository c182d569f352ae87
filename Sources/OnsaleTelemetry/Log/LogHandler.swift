package import Logging
import Metrics
import OnsaleCorrelation
import Tracing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How a log line is written.
package enum LogFormat: String, Sendable {
    case text
    case json
}

/// Where the program's log lines come from: one format, one writer, levels that can change, secrets taken out.
package struct LogSystem: Sendable {
    package let levels: LogLevels
    package let format: LogFormat
    private let writer: LogWriter
    private let scrubber: Scrubber

    /// - Parameters:
    ///   - scrubber: takes secrets out of every line.
    ///   - descriptor: where lines go; standard error.
    package init(format: LogFormat, level: Logger.Level, scrubber: Scrubber = Scrubber(), descriptor: Int32 = 2) {
        self.format = format
        levels = LogLevels(level)
        self.scrubber = scrubber
        writer = LogWriter(descriptor: descriptor) { dropped in
            var line = LogLine(format: format, scrubber: scrubber)
            line.write(
                time: LogSystem.now(), level: .warning, label: "onsale.log",
                message: "Log lines were dropped, because standard error takes them too slowly",
                metadata: ["lines": "\(dropped)"])
            return line.bytes
        }
    }

    /// Counts lines from now on. Call it once the metrics system is there.
    package func startCounting() {
        _ = LogSystem.lines
        LogWriter.startCounting()
    }

    /// Waits until what was logged is written, at most a second.
    package func flush() { writer.flush() }

    package func handler(_ label: String, _ provider: Logger.MetadataProvider?) -> any LogHandler {
        Handler(label: label, system: self, effective: levels.effective(label), metadataProvider: provider)
    }

    private struct Handler: LogHandler {
        let label: String
        let system: LogSystem
        let effective: LogLevels.Effective
        var metadataProvider: Logger.MetadataProvider?
        var metadata: Logger.Metadata = [:]
        /// Set on one logger in the code, against which no operator can do anything.
        private var own: Logger.Level?

        init(
            label: String, system: LogSystem, effective: LogLevels.Effective, metadataProvider: Logger.MetadataProvider?
        ) {
            self.label = label
            self.system = system
            self.effective = effective
            self.metadataProvider = metadataProvider
        }

        var logLevel: Logger.Level {
            get { own ?? effective.level }
            set { own = newValue }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            // What the statement says goes before what its surroundings say.
            var metadata = metadata
            if let provided = metadataProvider?.get() { metadata.merge(provided) { _, new in new } }
            if let stated = event.metadata { metadata.merge(stated) { _, new in new } }
            system.write(event.level, label, "\(event.message)", metadata)
        }
    }

    private func write(_ level: Logger.Level, _ label: String, _ message: String, _ metadata: Logger.Metadata) {
        var line = LogLine(format: format, scrubber: scrubber)
        line.write(time: LogSystem.now(), level: level, label: label, message: message, metadata: metadata)
        LogSystem.lines[level]?.increment()
        // What ends the process comes next, so it must be out before.
        writer.write(line.bytes, isUrgent: level == .critical)
    }

    private static let lines: [Logger.Level: Counter] = Dictionary(
        uniqueKeysWithValues: Logger.Level.allCases.map { level in
            (level, Counter(label: "onsale_log_lines_total", dimensions: [("level", level.rawValue)]))
        })

    private static func now() -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now
    }
}

extension Logger.MetadataProvider {
    /// What the work in progress is about.
    package static var correlation: Logger.MetadataProvider {
        Logger.MetadataProvider {
            guard let context = InstrumentationContext.current else { return [:] }
            var metadata: Logger.Metadata = [:]
            if let trace = context.traceContext {
                metadata["trace_id"] = .string(trace.traceID.text)
                metadata["span_id"] = .string(trace.spanText)
            }
            if let labels = context.correlation?.labels {
                if let requestID = labels.requestID { metadata["request_id"] = .string(requestID) }
                if let event = labels.event { metadata["event"] = .string(event) }
                if let buyer = labels.buyer { metadata["buyer"] = .string(buyer) }
                if let order = labels.order { metadata["order"] = .string(order) }
            }
            return metadata
        }
    }
}
