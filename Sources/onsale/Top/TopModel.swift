/// What the screen shows, drawn from the answers of `/metrics`. Whatever they don't tell is nil, never 0.
struct TopModel: Sendable, Equatable {
    struct Named: Sendable, Equatable {
        let name: String
        let value: Double
    }

    struct Process: Sendable, Equatable {
        var version: String?
        var uptimeSeconds: Double?
        /// Processor time per second: 1 is one core.
        var cores: Double?
        var residentBytes: Double?
        var loopLagP99: Double?
    }

    struct Health: Sendable, Equatable {
        /// 1 is ready.
        var parts: [Named]?
        var isProviderUp: Bool?
        var ruleBreaches: Double?
        var eventsOutOfService: Double?
    }

    struct HTTP: Sendable, Equatable {
        var requestsPerSecond, active, errorsPerSecond, p50, p99: Double?
        /// Per second, the most frequent first.
        var problems: [Named]?
    }

    struct Writer: Sendable, Equatable {
        var batchesPerSecond, requestsPerBatch, commitP50, commitP99, syncP99: Double?
        /// Commands that wait, by lane.
        var inbox: [Named]?
    }

    struct Provider: Sendable, Equatable {
        /// Per second, by outcome.
        var calls: [Named]?
        var p99, waiting, running: Double?
    }

    struct Streams: Sendable, Equatable {
        var open: [Named]?
        var bytesPerSecond, skipsPerSecond: Double?
    }

    var process = Process()
    var health = Health()
    var http = HTTP()
    var writer = Writer()
    var provider = Provider()
    var streams = Streams()
    /// The fastest selling first, `_other` last.
    var events: [TopEvent] = []
    /// The event that `--event` names, or the busiest.
    var focus: TopChart?

    /// - Parameter before: the answer to compare with; without it, there are no rates.
    init(before: TopSample?, now: TopSample) {
        let metrics = now.exposition
        let change = before.flatMap { MetricChange(from: $0, to: now) }
        process = Process(
            version: metrics.label("version", of: "onsale_build_info"),
            uptimeSeconds: metrics.sum("process_start_time_seconds").map { max(0, now.unixSeconds - $0) },
            cores: change?.rate("process_cpu_seconds_total"),
            residentBytes: metrics.sum("process_resident_memory_bytes"),
            loopLagP99: change?.quantile(0.99, of: "onsale_event_loop_lag_seconds"))
        health = Health(
            parts: metrics.named("onsale_ready", by: "part", order: ["journal", "payments", "disk"]),
            isProviderUp: metrics.sum("onsale_provider_up").map { $0 > 0 },
            ruleBreaches: metrics.sum("onsale_rule_breaches"),
            eventsOutOfService: metrics.sum("onsale_events", where: ["state": "out_of_service"]))
        http = HTTP(metrics: metrics, change: change)
        writer = Writer(
            batchesPerSecond: change?.rate("onsale_batch_requests_count"),
            requestsPerBatch: change?.mean("onsale_batch_requests"),
            commitP50: change?.quantile(0.5, of: "onsale_commit_seconds"),
            commitP99: change?.quantile(0.99, of: "onsale_commit_seconds"),
            syncP99: change?.quantile(0.99, of: "onsale_sync_seconds"),
            inbox: metrics.named(
                "onsale_inbox_depth", by: "lane", order: ["payments", "orders", "holds", "passes", "joins"]))
        provider = Provider(
            calls: change?.rates("onsale_provider_requests_total", by: "outcome"),
            p99: change?.quantile(0.99, of: "onsale_provider_request_seconds"),
            waiting: metrics.sum("onsale_saga_orders", where: ["state": "waiting"]),
            running: metrics.sum("onsale_saga_orders", where: ["state": "running"]))
        streams = Streams(
            open: metrics.named("onsale_streams", by: "kind", order: ["availability", "waiting_room"]),
            bytesPerSecond: change?.rate("onsale_stream_bytes_total"),
            skipsPerSecond: change?.rate("onsale_stream_skips_total"))
        events = TopEvent.all(metrics: metrics, change: change, before: before?.exposition)
    }
}

extension TopModel.HTTP {
    init(metrics: Exposition, change: MetricChange?) {
        let duration = "http_server_request_duration_seconds"
        requestsPerSecond = change?.rate(duration + "_count")
        active = metrics.sum("http_server_active_requests")
        errorsPerSecond = change?.rate(duration + "_count") {
            $0.labels["http_response_status_code", default: ""].hasPrefix("5")
        }
        p50 = change?.quantile(0.5, of: duration)
        p99 = change?.quantile(0.99, of: duration)
        problems = change?.rates("onsale_problems_total", by: "problem")?.filter { $0.value > 0 }
    }
}

extension TopModel {
    /// What must not be, in words; empty if all is well.
    var alarms: [String] {
        var alarms: [String] = []
        if let breaches = health.ruleBreaches, breaches != 0 {
            alarms.append(breaches == 1 ? "1 RULE BREACH" : "\(TopNumber.count(breaches)) RULE BREACHES")
        }
        if let down = health.eventsOutOfService, down != 0 { alarms.append("\(TopNumber.count(down)) out of service") }
        alarms += (health.parts ?? []).filter { $0.value != 1 }.map { "\($0.name) not ready" }
        if health.isProviderUp == false { alarms.append("provider down") }
        return alarms
    }
}

extension Exposition {
    /// A gauge by the value of a label: those of the order first, then the others by name; nil without the metric.
    fileprivate func named(_ name: String, by label: String, order: [String]) -> [TopModel.Named]? {
        guard let sums = sums(name, by: label) else { return nil }
        let others = sums.keys.filter { !order.contains($0) }.sorted()
        return (order + others).compactMap { key in sums[key].map { .init(name: key, value: $0) } }
    }
}
