import Foundation
import Metrics
import OnsaleCorrelation
package import OnsaleEngine
package import OnsaleTelemetry
import Synchronization
import Tracing

/// Measures the writer loop at work, and makes its batches spans.
package final class LoopMetrics: LoopObserver {
    private struct Progress {
        var number: UInt64 = 0
        var began: UInt64 = 0
        var decided: UInt64 = 0
    }

    private let tracer: OnsaleTracer
    private let database: String
    private let depths: [Gauge]
    private let requests = Recorder(label: "onsale_batch_requests")
    private let deciding = Metrics.Timer(label: "onsale_decide_seconds")
    private let committing = Metrics.Timer(label: "onsale_commit_seconds")
    /// The latest batches, by number. Only the writer's thread uses it.
    private let progress = Mutex([Progress](repeating: Progress(), count: LoopMetrics.batchesMax))
    /// More than may ever be under way.
    private static let batchesMax = 16

    /// - Parameter database: the name of the database system, as OpenTelemetry's semantic conventions have it.
    package init(tracer: OnsaleTracer, database: String = "sqlite") {
        self.tracer = tracer
        self.database = database
        depths = Lane.allCases.map { Gauge(label: "onsale_inbox_depth", dimensions: [("lane", "\($0)")]) }
    }

    private static func slot(_ number: UInt64) -> Int { Int(number % UInt64(batchesMax)) }

    private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    package func batchBegins(_ number: UInt64, depths: [Int]) {
        for (gauge, depth) in zip(self.depths, depths) { gauge.record(depth) }
        let began = LoopMetrics.now
        progress.withLock { $0[LoopMetrics.slot(number)] = Progress(number: number, began: began) }
    }

    package func batchIsDecided(_ number: UInt64) {
        let decided = LoopMetrics.now
        progress.withLock { $0[LoopMetrics.slot(number)].decided = decided }
    }

    package func batchIsDurable(_ batch: BatchSummary) {
        let end = LoopMetrics.now
        let progress = progress.withLock { $0[LoopMetrics.slot(batch.number)] }
        guard progress.number == batch.number, batch.requests > 0 || batch.rows > 0, progress.decided >= progress.began,
            end >= progress.decided
        else {
            return
        }
        requests.record(batch.requests)
        deciding.recordNanoseconds(progress.decided - progress.began)
        if batch.rows > 0 { committing.recordNanoseconds(end - progress.decided) }
        if let span = batch.span { trace(batch, as: span, progress, end: end) }
    }

    /// The batch as a trace of its own, with a link to each traced request in it.
    private func trace(_ batch: BatchSummary, as span: TraceContext, _ progress: Progress, end: UInt64) {
        let wall = SpanClock.system.wall()
        let decided = wall - (end - progress.decided)
        let began = wall - (end - progress.began)
        tracer.record(
            "journal.batch", as: span, parent: nil, startNanoseconds: began, endNanoseconds: wall,
            attributes: [
                .init("onsale.batch.requests", .int(Int64(batch.requests))),
                .init("onsale.batch.facts", .int(Int64(batch.facts))),
                .init("onsale.batch.rows", .int(Int64(batch.rows))),
            ], links: batch.waits.map { .init(context: $0, attributes: []) })
        tracer.record("journal.decide", parent: span, startNanoseconds: began, endNanoseconds: decided)
        guard batch.rows > 0 else { return }
        tracer.record(
            "journal.append", parent: span, kind: .client, startNanoseconds: decided, endNanoseconds: wall,
            attributes: [.init("db.system.name", .string(database)), .init("db.operation.name", .string("INSERT"))])
    }
}
