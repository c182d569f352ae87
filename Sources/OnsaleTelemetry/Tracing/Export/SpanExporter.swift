/// Sends batches of spans to one place. It is called by one task at a time, and must end soon when that is cancelled.
package protocol SpanExporter: Sendable {
    /// For metrics and logs, such as `otlp`.
    var name: String { get }

    func export(_ spans: [FinishedSpan]) async -> ExportOutcome

    /// Gives back what it holds, after the last export.
    func shutdown() async
}

package enum ExportOutcome: Sendable, Equatable {
    /// Taken, but for `rejected` of them; the collector may have said something.
    case accepted(rejected: Int, message: String)
    /// Refused, for good.
    case rejected(String)
    /// Not delivered, after all attempts.
    case failed(String)
}
