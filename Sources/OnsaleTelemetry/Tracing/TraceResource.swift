import Foundation

/// Who makes the spans: OpenTelemetry's resource. <https://opentelemetry.io/docs/specs/semconv/resource/>
package struct TraceResource: Sendable {
    static let scopeName = "onsale"

    package let serviceName: String
    /// The program's version.
    package let version: String
    package let attributes: [FinishedSpan.Attribute]

    /// For this process. What the environment says goes first, but not about the SDK, which is ours.
    package init(settings: TraceSettings, version: String) {
        let sdk: [(String, FinishedSpan.Value)] = [
            ("telemetry.sdk.name", .string("onsale")), ("telemetry.sdk.language", .string("swift")),
            ("telemetry.sdk.version", .string(version)),
        ]
        var values: [String: FinishedSpan.Value] = [
            "service.version": .string(version),
            "service.instance.id": .string(UUID().uuidString.lowercased()),
            "process.pid": .int(Int64(ProcessInfo.processInfo.processIdentifier)),
            "host.name": .string(ProcessInfo.processInfo.hostName),
        ]
        for pair in settings.resource {
            values[pair.key] = .string(pair.value)
        }
        values["service.name"] = .string(settings.serviceName)
        values.merge(sdk) { $1 }
        serviceName = settings.serviceName
        self.version = version
        attributes = values.sorted { $0.key < $1.key }
            .map { SpanLimits.cut(FinishedSpan.Attribute($0.key, $0.value)) }
    }

    var userAgent: String { "onsale/\(version)" }
}
