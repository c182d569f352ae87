import Foundation
import Metrics
import NIOPosix
import OnsaleEngine
import OnsaleHTTP
import OnsaleMonitoring
import OnsaleStreams
import OnsaleTelemetry

/// Where the metrics of a running server come from.
struct Monitor: Sendable {
    let engine = EngineMetrics()
    let loop: LoopMetrics
    private let metrics: MetricRegistry

    init(_ observability: Observability, database: String) {
        metrics = observability.metrics
        loop = LoopMetrics(tracer: observability.traces.tracer, database: database)
    }

    /// Tells from now on, to whoever asks, how everything stands.
    func watch(
        _ engine: Engine, _ service: OnsaleService, _ broadcaster: Broadcaster, _ readiness: Readiness
    ) {
        let disk = readiness.disk
        metrics.collect { [events = self.engine] sink in
            events.collect(engine.loadedViews(), now: engine.now(), into: &sink)
            let counts = engine.eventCounts
            sink.tell("onsale_events", ["state": "loaded"], counts.loaded)
            sink.tell("onsale_events", ["state": "resting"], counts.resting)
            sink.tell("onsale_events", ["state": "out_of_service"], counts.outOfService)
            let payments = engine.payments
            sink.tell("onsale_saga_orders", ["state": "running"], payments.running)
            sink.tell("onsale_saga_orders", ["state": "waiting"], payments.waiting)
            sink.tell("onsale_provider_up", engine.provider.isUp ? 1 : 0)
        }
        metrics.collect { sink in
            sink.tell("http_server_active_requests", service.activeRequests)
            for (kind, figures) in Monitor.streams(broadcaster) {
                sink.tell("onsale_streams", ["kind": kind], figures.listeners)
                sink.tell("onsale_stream_messages_total", ["kind": kind], figures.messages)
                sink.tell("onsale_stream_bytes_total", ["kind": kind], figures.bytes)
                sink.tell("onsale_stream_skips_total", ["kind": kind], figures.skips)
            }
            sink.tell("onsale_streams_refused_total", broadcaster.refused)
        }
        metrics.collect { sink in
            for part in readiness.known { sink.tell("onsale_ready", ["part": part.name], part.isWell ? 1 : 0) }
            if case .free(let bytes) = disk.state { sink.tell("onsale_disk_free_bytes", bytes) }
            // For the next who asks; nobody waits for a disk here.
            disk.begin()
            sink.tell("onsale_journal_bytes", disk.journalBytes)
            sink.tell("onsale_build_info", ["version": Onsale.version, "build": ServerInfo.build], 1)
            ProcessFigures.collect(into: &sink)
        }
        disk.begin()
        LoopLag().watch(MultiThreadedEventLoopGroup.singleton)
    }

    /// By the contract's kinds, all of them from the start.
    private static func streams(_ broadcaster: Broadcaster) -> [(kind: String, figures: Broadcaster.Figures)] {
        let figures = broadcaster.figures
        return [
            ("availability", figures["seats"] ?? Broadcaster.Figures()),
            ("waiting_room", figures["room"] ?? Broadcaster.Figures()),
        ]
    }
}

extension ProviderHealth {
    /// Before the first call it gets the benefit of the doubt.
    fileprivate var isUp: Bool { self == .well || self == .unknown }
}
