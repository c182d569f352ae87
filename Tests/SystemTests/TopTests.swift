import Seeded
import Testing

@testable import onsale

/// What `onsale top` reads out of `/metrics`.
@Suite struct TopTests {
    private static func exposition(_ text: String) -> Exposition { Exposition(Array(text.utf8)) }

    private static func change(_ before: String, _ after: String, seconds: Double = 2) throws -> MetricChange {
        try #require(MetricChange(from: TopExample.sample(0, before), to: TopExample.sample(seconds, after)))
    }

    // MARK: The format

    @Test("The text format is read as it is written: escapes, blanks, timestamps, infinity")
    func format() {
        let read = Self.exposition(
            """
            # HELP http_requests_total The number of requests.
            # TYPE http_requests_total counter
            http_requests_total{method="post",code="200"} 1027 1395066363000
              http_requests_total { method = "post" , code="400" , }   3\t
            # a comment

            path{dir="C:\\\\DIR\\\\",say="a \\"b\\"\\nc}, {"} 1.458255915e9
            plain 12.47
            up:down +Inf
            low -Inf
            none NaN
            """)
        #expect(read.linesPassedOver == 0)
        #expect(read.kinds == ["http_requests_total": "counter"])
        #expect(read.sums("http_requests_total", by: "code") == ["200": 1027, "400": 3])
        #expect(read.label("dir", of: "path") == "C:\\DIR\\")
        #expect(read.label("say", of: "path") == "a \"b\"\nc}, {")
        #expect(read.sum("path") == 1.458255915e9)
        #expect(read.sum("plain") == 12.47)
        #expect(read.samples["up:down"]?.first?.value == .infinity)
        #expect(read.samples["low"]?.first?.value == -.infinity)
        #expect(read.sum("none") == nil, "NaN is no number to show")
        #expect(read.sum("absent") == nil)
        #expect(read.sum("http_requests_total", where: ["code": "500"]) == 0)
    }

    @Test(
        "A line that isn't in the format is passed over, and the next one is read",
        arguments: [
            "x", "x y", "1x 1", "x{ 1", "x{a} 1", "x{a=1} 1", "x{a=\"1} 1", "x{a=\"\\q\"} 1", "x{a=\"1\" b=\"2\"} 1",
            "x{a=\"1\",a=\"2\"} 1", "x{1a=\"\"} 1", "x{,} 1", "x 1 y", "x 1 2 3", "x 1 2.5", "{a=\"b\"} 1", "é 1",
            "x{\(String(repeating: "a=\"\",", count: 40))} 1",
            "x{" + (0...Exposition.labelsMax).map { "l\($0)=\"\"" }.joined(separator: ",") + "} 1",
        ])
    func broken(line: String) {
        let read = Self.exposition(line + "\nnext 1\n")
        #expect(read.linesPassedOver == 1)
        #expect(read.samples["x"] == nil)
        #expect(read.sum("next") == 1)
    }

    @Test("Whatever comes instead of metrics, each line is a sample, a comment or passed over", arguments: 0..<200)
    func hostile(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var bytes = Array(TopExample.text(second: 2).utf8)
        if seed % 4 == 0 { bytes = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) } }
        for _ in 0..<Int.random(in: 1...400, using: &random) {
            let index = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.insert(contentsOf: bytes[index...].prefix(40), at: index)
            case 2: bytes[index] = Array("\"\\{},= \n".utf8).randomElement(using: &random) ?? 0
            default: bytes.removeSubrange(index..<min(bytes.count - 1, index + 3))
            }
        }
        let read = Exposition(bytes)
        let lines = bytes.split(separator: UInt8(ascii: "\n")).count
        #expect(read.samples.values.reduce(0) { $0 + $1.count } + read.linesPassedOver <= lines)

        let now = TopSample(seconds: 2, unixSeconds: 2, exposition: read)
        let model = TopModel(before: TopExample.sample(0, TopExample.text(second: 0)), now: now)
        let lines80 = TopScreen(model: model, footer: .init(), columns: 80, rows: 24, intervalSeconds: 2).lines()
        #expect(lines80.map(\.width) == Array(repeating: 80, count: 24))
        #expect(lines80.allSatisfy { !$0.text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 } })
    }

    @Test("Of too many samples, the first ones are kept and the others counted")
    func manySamples() {
        let read = Exposition(Array(String(repeating: "x 1\n", count: 107).utf8), samplesMax: 100)
        #expect(read.sum("x") == 100)
        #expect(read.linesPassedOver == 7)
    }

    // MARK: Rates and quantiles

    @Test("A counter's rate is its growth by the time, over its series")
    func rate() throws {
        let change = try Self.change("x{a=\"1\"} 10\nx{a=\"2\"} 5\n", "x{a=\"1\"} 30\nx{a=\"2\"} 5\nx{a=\"3\"} 4\n")
        #expect(change.rate("x") == 12, "a new series counts from 0")
        #expect(change.rate("x", where: ["a": "1"]) == 10)
        #expect(change.rate("x", where: ["a": "9"]) == 0)
        #expect(change.rate("y") == nil)
        #expect(change.rates("x", by: "a")?.map(\.name) == ["1", "3", "2"])
        #expect(MetricChange(from: TopExample.sample(1, "x 1"), to: TopExample.sample(1, "x 2")) == nil)
    }

    @Test("A counter that was set back counts from 0, and after a restart all do")
    func counterReset() throws {
        #expect(try Self.change("x 1000\n", "x 6\n").rate("x") == 3)
        let start = "process_start_time_seconds"
        let change = try Self.change("x 1000\n\(start) 1\n", "x 1010\n\(start) 2\n")
        #expect(change.rate("x") == 505)
        let orders = try Self.change(
            "x{event=\"a\"} 8\nx{event=\"_other\"} 9\n\(start) 1\n",
            "x{event=\"a\"} 10\nx{event=\"b\"} 4\nx{event=\"_other\"} 12\n\(start) 2\n")
        #expect(orders.rates("x", by: "event")?.map(\.value) == [6, 5, 2])
        let unknown = try Self.change("x 1000\n\(start) 1\n", "x 1010\n")
        #expect(unknown.rate("x") == 5, "a start that isn't told is no restart")
    }

    @Test("An event that is new, or has just got a label of its own, has done what its counters say")
    func newLabel() throws {
        let change = try Self.change(
            "x{event=\"_other\"} 9000\nx{event=\"a\"} 10\n",
            "x{event=\"_other\"} 9004\nx{event=\"b\"} 12\n", seconds: 4)
        #expect(change.rates("x", by: "event") == [.init(name: "b", value: 3), .init(name: "_other", value: 1)])
        #expect(change.rate("x") == 4, "of an event whose label ended nobody inherits")
    }

    @Test("Quantiles are those calculated by hand")
    func quantiles() {
        func quantile(_ quantile: Double, _ counts: [(Double, Double)]) -> Double? {
            HistogramBucket.quantile(
                quantile, of: counts.map { .init(upperBound: $0.0, cumulativeCount: $0.1) })
        }
        let counts = [(1.0, 10.0), (2, 30), (4, 35), (Double.infinity, 40)]
        #expect(quantile(0.5, counts) == 1.5, "rank 20, half way through the 20 between 1 and 2")
        #expect(quantile(0.1, counts) == 0.4, "rank 4 of the 10 between 0 and 1")
        #expect(quantile(0.8, counts) == 2.8, "rank 32, 2 of the 5 between 2 and 4")
        #expect(quantile(0.99, counts) == 4, "in the last bucket, the greatest finite bound")
        #expect(quantile(0.5, counts.reversed()) == 1.5)
        #expect(quantile(0.5, [(1, 0), (2, 8), (.infinity, 8)]) == 1.5)
        #expect(quantile(0.5, [(-1, 8), (.infinity, 8)]) == -1)
        #expect(quantile(0.75, [(1, 4), (2, 2), (3, 8), (.infinity, 8)]) == 2.5, "a count that falls is flat")
        #expect(quantile(0.5, [(1, 0), (.infinity, 0)]) == nil)
        #expect(quantile(0.5, [(1, 5), (2, 9)]) == nil, "without +Inf the total is unknown")
        #expect(quantile(0.5, []) == nil)
    }

    @Test("A quantile is that of the interval alone, over all series, and a mean too")
    func quantileOfInterval() throws {
        func text(_ a: Int, _ b: Int, _ all: Int, sum: Int) -> String {
            """
            h_bucket{r="a",le="1"} \(a)\nh_bucket{r="a",le="2"} \(all)\nh_bucket{r="a",le="+Inf"} \(all)
            h_bucket{r="b",le="1"} \(b)\nh_bucket{r="b",le="2"} \(b)\nh_bucket{r="b",le="+Inf"} \(b)
            h_sum \(sum)\nh_count \(all)
            """
        }
        let change = try Self.change(text(1000, 0, 1000, sum: 500), text(1000, 10, 1030, sum: 560))
        #expect(change.quantile(0.5, of: "h") == 1 + 10.0 / 30)
        #expect(change.mean("h") == 2)
        #expect(change.quantile(0.5, of: "other") == nil)
        let idle = try Self.change(text(7, 7, 9, sum: 1), text(7, 7, 9, sum: 1))
        #expect(idle.quantile(0.5, of: "h") == nil)
        #expect(idle.mean("h") == nil)
    }
}
