package import OnsaleTelemetry

/// Every metric of the program. docs/OPERATIONS.md has the same list in words; a test holds the two together.
package enum MetricCatalog {
    private static let latency = MetricDescriptor.latencyBuckets

    package static let all: [MetricDescriptor] = [
        // HTTP
        .init(
            .histogram, "http_server_request_duration_seconds",
            "How long requests took, from their head to their answer.", buckets: latency),
        .init(.gauge, "http_server_active_requests", "Requests being answered."),
        .init(.counter, "onsale_problems_total", "Problems answered, by the slug of their type."),
        .init(.counter, "onsale_forwarded_requests_total", "Requests passed on to other nodes, by what came of them."),
        .init(
            .histogram, "onsale_forward_added_seconds",
            "How much longer answers took because the request came to another node than the owner.", buckets: latency),
        // The other nodes
        .init(.gauge, "onsale_redis_up", "1 while Redis is reached."),
        .init(.counter, "onsale_redis_requests_total", "Commands to Redis, by what came of them."),
        .init(.counter, "onsale_rows_heard_total", "Rows that other nodes told of, by what became of them."),
        .init(.counter, "onsale_presence_written_total", "Sets of listeners, one an event, written for other nodes."),
        .init(.counter, "onsale_presence_read_total", "Sets of listeners at other nodes, by where they were read."),
        .init(.counter, "onsale_shared_documents_total", "Documents looked for in Redis before the database."),
        // The sale
        .init(.gauge, "onsale_seats", "Seats and standing places of an event, by what has become of them."),
        .init(.counter, "onsale_holds_total", "Holds made, and how they ended."),
        .init(.counter, "onsale_orders_total", "Orders that came into a state."),
        .init(.gauge, "onsale_open_orders", "Orders with something left to do, by their state."),
        .init(.gauge, "onsale_gross_minor_units", "Money captured, in the currency's minor units."),
        .init(.gauge, "onsale_refunded_minor_units", "Money that has gone back, in the currency's minor units."),
        .init(.gauge, "onsale_event_phase", "1 for the phase an event is in."),
        // The line
        .init(.gauge, "onsale_waiting", "People in line without a pass."),
        .init(.gauge, "onsale_active_shoppers", "Live passes."),
        .init(.gauge, "onsale_shoppers_max", "How many passes may live at a time."),
        .init(.gauge, "onsale_line_numbers_per_second", "How fast the line advances, as measured."),
        .init(.counter, "onsale_joins_total", "Places in line given."),
        .init(.counter, "onsale_calls_total", "Calls of numbers, and calls that nobody followed."),
        .init(.counter, "onsale_passes_total", "Passes granted and ended."),
        // Payments
        .init(.counter, "onsale_saga_steps_total", "Steps of payments that are done."),
        .init(.counter, "onsale_compensations_total", "Steps of payments that had to be undone."),
        .init(.gauge, "onsale_saga_orders", "Orders that need something from the provider."),
        .init(.counter, "onsale_provider_requests_total", "Calls to the payment provider, by what came of them."),
        .init(
            .histogram, "onsale_provider_request_seconds", "How long calls to the payment provider took.",
            buckets: latency),
        .init(.gauge, "onsale_provider_up", "1 while the payment provider answers and accepts our key."),
        // What follows a sale
        .init(.gauge, "onsale_service_up", "1 while a service gets on, by service."),
        .init(.gauge, "onsale_service_items", "What a service has to do or has done, by service and state."),
        // The writer
        .init(.counter, "onsale_facts_total", "Facts journaled, by kind."),
        .init(.gauge, "onsale_inbox_depth", "Requests that waited when the last batch began, by lane."),
        .init(
            .histogram, "onsale_batch_requests", "Requests answered with one batch.",
            buckets: MetricDescriptor.countBuckets),
        .init(.histogram, "onsale_decide_seconds", "How long it took to decide a batch.", buckets: latency),
        .init(
            .histogram, "onsale_commit_seconds", "How long it took to write a batch to disk, sync included.",
            buckets: latency),
        .init(.histogram, "onsale_sync_seconds", "How long the sync of a batch took.", buckets: latency),
        .init(.gauge, "onsale_rule_breaches", "Events whose totals contradict each other. Must be 0."),
        .init(.gauge, "onsale_events", "Events, by what they are doing."),
        // Streams
        .init(.gauge, "onsale_streams", "Open live streams."),
        .init(.counter, "onsale_stream_messages_total", "Messages sent on live streams."),
        .init(.counter, "onsale_stream_bytes_total", "Bytes sent on live streams."),
        .init(.counter, "onsale_stream_skips_total", "Times that a slow reader had to skip forward."),
        .init(.counter, "onsale_streams_refused_total", "Live streams refused because all were taken."),
        // The process
        .init(
            .histogram, "onsale_event_loop_lag_seconds", "How late event loops ran what was due.", buckets: latency),
        .init(.gauge, "onsale_ready", "1 for each part of the server that can work."),
        .init(.gauge, "onsale_disk_free_bytes", "Room left for the data folder."),
        .init(.gauge, "onsale_journal_bytes", "Size of the journal, its write-ahead log included."),
        .init(.counter, "onsale_log_lines_total", "Lines logged."),
        .init(.counter, "onsale_log_lines_dropped_total", "Lines dropped because standard error was too slow."),
        .init(.counter, "onsale_spans_exported_total", "Spans that an exporter delivered."),
        .init(.counter, "onsale_spans_dropped_total", "Spans that were not delivered."),
        .init(.gauge, "onsale_build_info", "1, with what is running as labels."),
        .init(.counter, "process_cpu_seconds_total", "Processor time used."),
        .init(.gauge, "process_resident_memory_bytes", "Memory in use."),
        .init(.gauge, "process_virtual_memory_bytes", "Address space in use."),
        .init(.gauge, "process_open_fds", "Open file descriptors."),
        .init(.gauge, "process_max_fds", "How many file descriptors may be open."),
        .init(.gauge, "process_start_time_seconds", "When the process started, in seconds since 1970."),
        .init(.gauge, "process_threads", "Threads of the process."),
        .init(.gauge, "swift_heap_allocated_bytes", "Memory that the program has allocated and not freed."),
    ]
}
