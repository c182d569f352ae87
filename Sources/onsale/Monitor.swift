import Foundation
import Metrics
import NIOPosix
import OnsaleCluster
import OnsaleEngine
import OnsaleHTTP
import OnsaleMonitoring
import OnsaleRedis
import OnsaleStreams
import OnsaleTelemetry
import Synchronization

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

    /// The same for what follows a sale.
    func watch(_ services: any ServicePictures) {
        metrics.collect { sink in
            for service in services.pictures() {
                sink.tell("onsale_service_up", ["service": service.name], service.trouble == nil ? 1 : 0)
                for (state, count) in service.counts {
                    sink.tell("onsale_service_items", ["service": service.name, "state": state], count)
                }
            }
        }
    }

    /// The same for what nodes tell each other.
    func watch(_ engine: Engine, _ sharing: NodeRedis.Running) {
        let answered = Mutex(0)
        metrics.collect { sink in
            let heard = engine.heardRows
            sink.tell("onsale_rows_heard_total", ["outcome": "replayed"], heard.replayed)
            sink.tell("onsale_rows_heard_total", ["outcome": "read"], heard.read)
            sink.tell("onsale_rows_heard_total", ["outcome": "known"], heard.known)
            sink.tell("onsale_rows_heard_total", ["outcome": "dropped"], heard.dropped)
            sink.tell("onsale_rows_heard_total", ["outcome": "rejected"], sharing.listener?.rejectedMessages ?? 0)
            let presence = sharing.rounds.figures
            sink.tell("onsale_presence_written_total", ["outcome": "written"], presence.written)
            sink.tell("onsale_presence_written_total", ["outcome": "failed"], presence.unwritten)
            sink.tell("onsale_presence_read_total", ["source": "redis"], presence.readInRedis)
            sink.tell("onsale_presence_read_total", ["source": "node"], presence.readAtNodes)
            sink.tell("onsale_presence_read_total", ["source": "none"], presence.unread)
            guard let connection = sharing.connection else { return }
            sink.tell("onsale_redis_up", connection.client.state == .up ? 1 : 0)
            let figures = connection.client.figures
            for (outcome, count) in figures.failed {
                sink.tell("onsale_redis_requests_total", ["outcome": outcome], count)
            }
            // One command may count twice as failed, and a counter must not fall.
            let ok = answered.withLock { answered in
                answered = max(answered, figures.answered)
                return answered
            }
            sink.tell("onsale_redis_requests_total", ["outcome": "ok"], ok)
            let documents = connection.documents.figures
            sink.tell("onsale_shared_documents_total", ["outcome": "found"], documents.found)
            sink.tell("onsale_shared_documents_total", ["outcome": "missing"], documents.missing)
        }
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

extension RedisFigures {
    /// Commands that have failed, by how.
    fileprivate var failed: [(outcome: String, count: Int)] {
        [
            ("away", away), ("full", full), ("late", late), ("refused", refused),
            ("failed", max(0, failures - away - full - late - refused)),
        ]
    }

    /// Commands that were answered well.
    fileprivate var answered: Int { max(0, commands - queue - (failures - away - full)) }
}

extension ProviderHealth {
    /// Before the first call it gets the benefit of the doubt.
    fileprivate var isUp: Bool { self == .well || self == .unknown }
}
