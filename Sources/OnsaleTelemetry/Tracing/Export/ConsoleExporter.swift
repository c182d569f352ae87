import Foundation
import OnsaleCorrelation

/// Prints a line a span on standard output, for looking by hand.
package struct ConsoleExporter: SpanExporter {
    package let name = TraceSettings.Exporter.console.rawValue

    package init() {}

    package func export(_ spans: [FinishedSpan]) async -> ExportOutcome {
        let lines = spans.map { ConsoleExporter.line($0) + "\n" }.joined()
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(lines.utf8))
            return .accepted(rejected: 0, message: "")
        } catch {
            return .failed("\(error)")
        }
    }

    package func shutdown() async {}

    static func line(_ span: FinishedSpan) -> String {
        let status =
            switch span.status {
            case .unset: "unset"
            case .ok: "ok"
            case .error(let message): "error \(JSONText.string(message).text)"
            }
        let parent = span.parent.map(HexDigits.text) ?? "-"
        let attributes = JSONText.object(span.attributes.map { ($0.key, $0.value.json) })
        return "span \(span.context.traceID.text) \(span.context.spanText) \(parent) \(span.kind) "
            + "\((span.end - span.start) / 1000)us \(status) \(JSONText.string(span.name).text) \(attributes.text)"
    }
}
