import Foundation
import Logging
import Metrics
import OnsaleMonitoring
import OnsaleTelemetry
import Synchronization
import Tracing

/// Logs, metrics and traces of the process. They are set up once, before anything that uses them is made.
struct Observability: Sendable {
    let logs: LogSystem
    let metrics: MetricRegistry
    let traces: Traces
    /// What is on, for `/info`.
    let features: [(name: String, value: String)]

    /// - Throws: ``SetupError`` for a setting that means nothing.
    static func start(_ settings: Settings) throws(SetupError) -> Observability {
        let logs = try bootstrapLogs(settings)
        let metrics = MetricRegistry(catalog: MetricCatalog.all)
        let hasMetrics = try settings.flag(.metrics, default: true)
        if hasMetrics { MetricsSystem.bootstrap(metrics) }
        logs.startCounting()
        let traceSettings = TraceSettings(environment: ProcessInfo.processInfo.environment)
        let traces = Traces(
            settings: traceSettings, version: Onsale.version, logger: Logger(label: "onsale.traces"))
        InstrumentationSystem.bootstrap(traces.tracer)
        let exporters = traceSettings.exporters.map { "\($0)" }.joined(separator: ", ")
        return Observability(
            logs: logs, metrics: metrics, traces: traces,
            features: [
                ("metrics", hasMetrics ? "on" : "off"), ("traces", exporters.isEmpty ? "off" : exporters),
                ("logFormat", logs.format.rawValue),
            ])
    }

    /// Only the logs, for commands that end by themselves.
    @discardableResult
    static func bootstrapLogs(_ settings: Settings) throws(SetupError) -> LogSystem {
        let logs = LogSystem(
            format: try settings.word(.logFormat, LogFormat.text, of: [.text, .json]),
            level: try settings.word(.logLevel, Logger.Level.notice, of: Logger.Level.allCases),
            scrubber: .process)
        Scrubber.process.hide(settings.secrets)
        LoggingSystem.bootstrap({ logs.handler($0, $1) }, metadataProvider: .correlation)
        // What is still to be written must not be lost with the process.
        LogFlush.logs.withLock { $0 = logs }
        atexit { LogFlush.logs.withLock { $0 }?.flush() }
        return logs
    }
}

/// Where a C function finds the logs.
private enum LogFlush {
    static let logs = Mutex<LogSystem?>(nil)
}

extension Settings {
    /// One of a few words.
    /// - Throws: ``SetupError`` for any other.
    func word<Word: RawRepresentable<String>>(
        _ name: Name, _ fallback: Word, of words: [Word]
    ) throws(SetupError) -> Word {
        guard let text = text(name) else { return fallback }
        guard let word = words.first(where: { $0.rawValue == text.lowercased() }) else {
            let known = words.map(\.rawValue).joined(separator: ", ")
            throw SetupError("\(name.rawValue) is one of \(known), not “\(text)”.")
        }
        return word
    }

    /// The secrets that were given, which no log line may contain.
    /// Secret settings, and what URLs among them have of passwords.
    fileprivate var secrets: [String] {
        let texts = Name.allCases.filter(\.isSecret).compactMap(text)
        let passwords = texts.compactMap { URLComponents(string: $0)?.password }
        return texts + passwords + passwords.compactMap(\.removingPercentEncoding)
    }
}
