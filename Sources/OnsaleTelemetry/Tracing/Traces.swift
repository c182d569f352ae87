package import Logging
package import ServiceLifecycle

/// Everything there is about traces, from the settings: bootstrap ``tracer``, run ``services``.
///
/// Made after the metrics system is bootstrapped, for it makes counters. The services go first in the service group, so
/// that they end last and export what the others still do while they shut down.
package struct Traces: Sendable {
    package let tracer: OnsaleTracer
    /// None if nothing is exported.
    package var services: [any Service] { processors.isEmpty ? [] : [Exports(processors: processors)] }
    /// One for each exporter, with a queue of its own, so that one that is down doesn't hold up another.
    let processors: [SpanProcessor]

    /// - Parameters:
    ///   - version: of the program.
    ///   - logger: `onsale.traces`.
    package init(settings: TraceSettings, version: String, logger: Logger) {
        for warning in settings.warnings {
            logger.warning("A setting of traces means nothing", metadata: ["detail": "\(warning)"])
        }
        let resource = TraceResource(settings: settings, version: version)
        processors = settings.exporters.map { exporter in
            let exporter: any SpanExporter =
                switch exporter {
                case .otlp:
                    OTLPExporter(settings: settings.otlp, resource: resource, transport: CollectorConnection())
                case .zipkin:
                    ZipkinExporter(settings: settings.zipkin, resource: resource, transport: CollectorConnection())
                case .console: ConsoleExporter()
                }
            return SpanProcessor(exporter: exporter, batches: settings.batches, logger: logger)
        }
        tracer = OnsaleTracer(
            propagator: TracePropagator(settings.propagators),
            sampler: SpanSampler(root: settings.sampler.root, isParentBased: settings.sampler.isParentBased),
            queues: processors.map(\.queue))
    }

    /// Runs all processors as one service: a group shuts services down one by one, and the collectors that are away
    /// would add up.
    private struct Exports: Service {
        let processors: [SpanProcessor]

        func run() async throws {
            try await withThrowingDiscardingTaskGroup { group in
                for processor in processors {
                    group.addTask { try await processor.run() }
                }
            }
        }
    }
}
