package import Logging
package import Metrics
import ServiceLifecycle
import Tracing

/// Takes spans from one exporter's queue, batch by batch, and has them exported: when a batch is full, or the delay
/// after the first span is over. It sleeps while nothing is queued.
///
/// At shutdown it exports what is left, within ``shutdownSeconds``. Its own requests are never traced.
package struct SpanProcessor: Service {
    /// The longest that a shutdown waits for a collector.
    package static let shutdownSeconds = 3

    package let queue: SpanQueue
    private let exporter: any SpanExporter
    private let delay: Duration
    private let exportTime: Duration
    private let troubles: TroubleLog
    private let exported: Counter
    private let rejected: Counter
    private let failed: Counter

    package init(
        exporter: any SpanExporter, batches: TraceSettings.Batches, logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        func dropped(_ reason: String) -> Counter {
            Counter(
                label: "onsale_spans_dropped_total", dimensions: [("exporter", exporter.name), ("reason", reason)],
                factory: metrics)
        }
        self.exporter = exporter
        queue = SpanQueue(
            spansMax: batches.queueSpansMax, batchSpansMax: batches.batchSpansMax, droppedFull: dropped("queue_full"))
        delay = .milliseconds(batches.delayMilliseconds)
        exportTime = .milliseconds(batches.exportMilliseconds)
        exported = Counter(
            label: "onsale_spans_exported_total", dimensions: [("exporter", exporter.name)], factory: metrics)
        (rejected, failed) = (dropped("rejected"), dropped("failed"))
        var logger = logger
        logger[metadataKey: "exporter"] = "\(exporter.name)"
        troubles = TroubleLog(logger)
    }

    /// Exports until graceful shutdown or cancellation.
    package func run() async throws {
        await InstrumentationContext.withValue(nil) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await exportAll() }
                group.addTask {
                    try? await gracefulShutdown()
                    queue.close()
                    try? await Task.sleep(for: .seconds(SpanProcessor.shutdownSeconds))
                }
                await group.next()
                group.cancelAll()
            }
        }
        while case let left = queue.take(), !left.isEmpty {
            failed.increment(by: left.count)
        }
        await exporter.shutdown()
    }

    /// Ends once the queue is closed and empty, or the task cancelled.
    private func exportAll() async {
        while await queue.waitForSpan() {
            _ = await within(delay) { await queue.waitForBatch() }
            await exportDue()
        }
    }

    /// Exports one batch, and goes on while another is due.
    package func exportDue() async {
        repeat {
            await export(queue.take())
        } while queue.isDue && !Task.isCancelled
    }

    private func export(_ spans: [FinishedSpan]) async {
        if case let count = queue.takeDropCount(), count > 0 {
            troubles.log("Spans were dropped, for the queue was full", about: .queueFull, spans: count)
        }
        guard !spans.isEmpty else { return }
        switch await within(exportTime, { await exporter.export(spans) }) ?? .failed("out of time") {
        case .accepted(let count, let message):
            exported.increment(by: spans.count - count)
            if count > 0 || !message.isEmpty {
                rejected.increment(by: count)
                troubles.log("The collector didn't take all spans", about: .partial, spans: count, detail: message)
            }
        case .rejected(let detail):
            rejected.increment(by: spans.count)
            troubles.log("The collector refused spans", about: .rejected, spans: spans.count, detail: detail)
        case .failed(let detail):
            failed.increment(by: spans.count)
            troubles.log("Spans could not be delivered", about: .failed, spans: spans.count, detail: detail)
        }
    }
}

/// nil if the time is over first; the operation is cancelled then.
private func within<Value: Sendable>(
    _ time: Duration, _ operation: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await operation() }
        group.addTask {
            try? await Task.sleep(for: time)
            return nil
        }
        let first = await group.next()
        group.cancelAll()
        return first ?? nil
    }
}
