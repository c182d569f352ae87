@testable import onsale

/// A server that sells, as its metrics tell.
enum TopExample {
    static func sample(_ seconds: Double, _ text: String) -> TopSample {
        TopSample(
            seconds: seconds, unixSeconds: 1_800_000_000 + seconds, exposition: Exposition(Array(text.utf8)))
    }

    /// What `/metrics` answers so long after the start.
    static func text(second: Int) -> String {
        var lines: [String] = []
        func add(_ name: String, _ labels: String, _ value: Int) { lines.append("\(name){\(labels)} \(value)") }
        func histogram(_ name: String, _ labels: String = "", perSecond: Int, mean: Int = 1) {
            for (bound, share) in [("0.001", 2), ("0.01", 4), ("0.1", 5), ("+Inf", 5)] {
                add(name + "_bucket", labels + "le=\"\(bound)\"", perSecond * second * share / 5)
            }
            add(name + "_count", labels, perSecond * second)
            add(name + "_sum", labels, perSecond * second * mean)
        }
        histogram("http_server_request_duration_seconds", "http_response_status_code=\"201\",", perSecond: 5000)
        histogram("http_server_request_duration_seconds", "http_response_status_code=\"503\",", perSecond: 5)
        add("http_server_active_requests", "", 321)
        for (problem, rate) in [("seat-taken", 640), ("rate-limited", 55), ("not-found", 1), ("card-declined", 3)] {
            add("onsale_problems_total", "problem=\"\(problem)\"", rate * second)
        }
        let events =
            [("show", 20_000, 40), ("a-very-long-name-of-it", 5000, 30), ("_other", 100, 50)]
            + (1...9).map { ("club-\($0)", 300, 10 - $0) }
        for (event, capacity, rate) in events {
            let sold = min(capacity, capacity / 4 + rate * second)
            let held = min(capacity - sold, 12)
            for (state, count) in [("free", capacity - sold - held), ("held", held), ("sold", sold)] {
                add("onsale_seats", "event=\"\(event)\",state=\"\(state)\"", count)
            }
            add("onsale_orders_total", "event=\"\(event)\",state=\"confirmed\"", sold / 2)
            add("onsale_event_phase", "event=\"\(event)\",phase=\"open\"", 1)
            add("onsale_event_phase", "event=\"\(event)\",phase=\"lobby\"", 0)
            add("onsale_waiting", "event=\"\(event)\"", rate * 3000)
            add("onsale_active_shoppers", "event=\"\(event)\"", 480)
            add("onsale_shoppers_max", "event=\"\(event)\"", rate > 30 ? 2000 : 500)
            add("onsale_line_numbers_per_second", "event=\"\(event)\"", rate)
        }
        for (outcome, rate) in [("ok", 140), ("declined", 6), ("failed", 0)] {
            add("onsale_provider_requests_total", "outcome=\"\(outcome)\"", rate * second)
        }
        histogram("onsale_provider_request_seconds", perSecond: 150)
        histogram("onsale_batch_requests", perSecond: 200, mean: 28)
        histogram("onsale_commit_seconds", perSecond: 200)
        histogram("onsale_sync_seconds", perSecond: 200)
        histogram("onsale_event_loop_lag_seconds", perSecond: 100)
        add("onsale_saga_orders", "state=\"running\"", 14)
        add("onsale_saga_orders", "state=\"waiting\"", 3)
        for lane in ["payments", "orders", "holds", "passes", "joins"] {
            add("onsale_inbox_depth", "lane=\"\(lane)\"", lane == "holds" ? 1204 : 0)
        }
        for part in ["journal", "payments", "disk"] { add("onsale_ready", "part=\"\(part)\"", 1) }
        add("onsale_streams", "kind=\"availability\"", 2301)
        add("onsale_streams", "kind=\"waiting_room\"", 11_876)
        add("onsale_stream_bytes_total", "kind=\"availability\"", 12_300_000 * second)
        add("onsale_stream_skips_total", "kind=\"availability\"", 3 * second)
        add("onsale_build_info", "version=\"0.1.0\",build=\"1\"", 1)
        lines += ["onsale_provider_up 1", "onsale_rule_breaches 0", "process_resident_memory_bytes 251234567"]
        lines += ["process_cpu_seconds_total \(Double(second) * 1.4)", "process_start_time_seconds 1799988480"]
        return lines.joined(separator: "\n") + "\n"
    }

    static func screen(columns: Int, rows: Int) -> TopScreen {
        var history = SoldHistory()
        var last: TopSample?
        var model: TopModel?
        for second in stride(from: 0, through: 4, by: 2) {
            let now = sample(Double(second), text(second: second))
            var next = TopModel(before: last, now: now)
            history.add(next.events, at: now.unixSeconds)
            next.focus = history.chart(of: "show", intervalSeconds: 2)
            (model, last) = (next, now)
        }
        return TopScreen(
            model: model, footer: .init(lastSample: "22:00:04", note: nil, keys: "q quits"), columns: columns,
            rows: rows,
            intervalSeconds: 2)
    }

    /// What 80 columns and 24 rows show of it.
    static let picture = [
        "onsale 0.1.0  up 3 h 12 min  CPU 140%  RSS 251 MB  event loop p99 95.5 ms",
        "ready journal yes payments yes disk yes  provider up  rule breaches 0",
        "",
        "HTTP     5,005 requests/s  active 321  5.0 errors/s  p50 3.3 ms  p99 95.5 ms",
        "         problems seat-taken 640, rate-limited 55, card-declined 3.0",
        "Writer   200 batches/s of 28  commit p50 3.3 ms p99 95.5 ms  sync p99 95.5 ms",
        "         inbox payments 0  orders 0  holds 1,204  passes 0  joins 0",
        "Provider calls/s ok 140, declined 6.0",
        "         p99 95.5 ms  orders running 14  waiting 3",
        "Streams  availability 2,301  waiting room 11,876  12.3 MB/s  3.0 skips/s",
        "",
        "event      phase    free  held   sold    %     ord/s dec/s   wait shop/cap  /min",
        "show       open   14,828    12  5,160  26% ▊      20     0 120000   480/2k 2,400",
        "a-very-lo… open    3,618    12  1,370  27% ▊      15     0 90,000  480/500 1,800",
        "club-1     open      177    12    111  37% █     4.5     0 27,000  480/500   540",
        "club-2     open      181    12    107  36% █     4.0     0 24,000  480/500   480",
        "club-3     open      185    12    103  34% █     3.5     0 21,000  480/500   420",
        "club-4     open      189    12     99  33% ▉     3.0     0 18,000  480/500   360",
        "club-5     open      193    12     95  32% ▉     2.5     0 15,000  480/500   300",
        "club-6     open      197    12     91  30% ▉     2.0     0 12,000  480/500   240",
        "and 4 more",
        "",
        "show             sold/2 s ██ 80",
        "22:00:04  q quits",
    ]
}
