import CoreMetrics
import Foundation
import OnsaleCorrelation
import Seeded
import Synchronization
import Testing
import Tracing

@testable import OnsaleTelemetry

struct MetricRegistryTests {
    private static let dropped = "onsale_metric_series_dropped_total"

    private let registry = MetricRegistry(catalog: [
        MetricDescriptor(.counter, "a_total", "A."), MetricDescriptor(.gauge, "b", "B."),
        MetricDescriptor(.histogram, "c_seconds", "C.", buckets: [1, 2, 4]),
        MetricDescriptor(.gauge, "swift_heap_bytes", "D."),
    ])

    private func values(_ format: ExpositionFormat = .text) throws -> [String: Double] {
        try ExpositionReader(registry.exposition(format), format).values
    }

    @Test("A family of the catalog is there before anything was recorded")
    func beginsWhole() throws {
        let reader = try ExpositionReader(registry.exposition(.text), .text)
        #expect(
            reader.families.map { "\($0.type) \($0.name)" } == [
                "counter a_total", "gauge b", "histogram c_seconds", "counter " + MetricRegistryTests.dropped,
                "gauge swift_heap_bytes",
            ])
    }

    @Test("One name used for two kinds crashes nobody: the second records nothing, and is counted")
    func kindsClash() throws {
        registry.makeCounter(label: "a_total", dimensions: []).increment(by: 2)
        registry.makeMeter(label: "a_total", dimensions: []).set(99.0)
        registry.makeTimer(label: "a_total", dimensions: []).recordNanoseconds(99)
        registry.makeRecorder(label: "a_total", dimensions: [], aggregate: true).record(99.0)
        registry.makeRecorder(label: "a_total", dimensions: [], aggregate: false).record(99.0)
        registry.makeCounter(label: "c_seconds", dimensions: []).increment(by: 99)
        registry.makeFloatingPointCounter(label: "b", dimensions: []).increment(by: 99)
        let values = try values()
        #expect(values["a_total"] == 2)
        #expect(values[MetricRegistryTests.dropped] == 6)
        #expect(values.values.allSatisfy { $0 < 99 })
    }

    @Test("The same name with the same labels, in any order, is one series")
    func isOneSeries() throws {
        registry.makeCounter(label: "a_total", dimensions: [("x", "1"), ("y", "2")]).increment(by: 1)
        registry.makeCounter(label: "a_total", dimensions: [("y", "2"), ("x", "1")]).increment(by: 1)
        registry.makeFloatingPointCounter(label: "a_total", dimensions: [("x", "1"), ("y", "2")]).increment(by: 0.5)
        // Of two values for one label the last one is taken.
        registry.makeCounter(label: "a_total", dimensions: [("x", "9"), ("y", "2"), ("x", "1")]).increment(by: 1)
        #expect(try values()["a_total{x=1,y=2}"] == 3.5)
    }

    @Test("Beyond the most series of a family, new ones are dropped and counted, and old ones go on")
    func isLimited() throws {
        let extra = 5
        for number in 0..<MetricRegistry.seriesMax + extra {
            registry.makeCounter(label: "a_total", dimensions: [("n", "\(number)")]).increment(by: 1)
        }
        registry.makeCounter(label: "a_total", dimensions: [("n", "0")]).increment(by: 1)
        registry.makeMeter(label: "b", dimensions: []).set(1.0)
        let values = try values()
        #expect(values.keys.count { $0.hasPrefix("a_total{") } == MetricRegistry.seriesMax)
        #expect(values["a_total{n=0}"] == 2 && values["b"] == 1)
        #expect(values[MetricRegistryTests.dropped] == Double(extra))
    }

    @Test("What collectors tell counts against the same limit")
    func collectorsAreLimited() throws {
        registry.collect { sink in
            for number in 0..<MetricRegistry.seriesMax + 3 { sink.tell("b", ["n": "\(number)"], number) }
            sink.tell("nobody_knows_it", 1)
        }
        let values = try values()
        #expect(values.keys.count { $0.hasPrefix("b{") } == MetricRegistry.seriesMax)
        _ = registry.exposition(.text)
        #expect(try self.values()[MetricRegistryTests.dropped] ?? 0 >= 4)
    }

    @Test("What a collector tells is there as long as it is told, and no longer")
    func collects() throws {
        let isOn = Toggle()
        registry.collect { [isOn] sink in
            if isOn.value.load(ordering: .relaxed) { sink.tell("b", ["part": "disk"], 1) }
            sink.tell("a_total", 0.25)
        }
        #expect(try values()["b{part=disk}"] == 1)
        isOn.value.store(false, ordering: .relaxed)
        let values = try values()
        #expect(values["b{part=disk}"] == nil && values["a_total"] == 0.25)
    }

    @Test("Metrics of libraries get a name that clashes with none of ours, and there can't be many of them")
    func strangers() throws {
        registry.makeCounter(label: "pool.connections", dimensions: []).increment(by: 1)
        registry.makeMeter(label: "heap_bytes", dimensions: []).set(77.0)
        for number in 0..<300 { registry.makeCounter(label: "s\(number)", dimensions: []).increment(by: 1) }
        let values = try values()
        #expect(values["swift_pool_connections_total"] == 1)
        // That is the name of ours.
        #expect(values["swift_heap_bytes"] == nil)
        #expect(values.keys.count { $0.hasPrefix("swift_s") } < 100)
        #expect(values[MetricRegistryTests.dropped] ?? 0 > 200)
    }

    @Test("A counter counts up alone: what is negative, infinite or no number is left out")
    func countersRise() throws {
        let counter = registry.makeFloatingPointCounter(label: "a_total", dimensions: [])
        for amount in [1.5, -1, .nan, .infinity, -.infinity, 0, -0.0, 2] { counter.increment(by: amount) }
        registry.makeCounter(label: "a_total", dimensions: []).increment(by: -7)
        registry.makeCounter(label: "a_total", dimensions: []).increment(by: .min)
        #expect(try values()["a_total"] == 3.5)
    }

    @Test("A bound belongs to its bucket, and every observation falls into one")
    func histograms() throws {
        let recorder = registry.makeRecorder(label: "c_seconds", dimensions: [], aggregate: true)
        for value in [1, 1.0.nextUp, 2, 4, 4.0.nextUp, -3, 0, .nan, .infinity, -.infinity] { recorder.record(value) }
        registry.makeTimer(label: "c_seconds", dimensions: []).recordNanoseconds(2_000_000_000)
        let values = try values()
        #expect(values["c_seconds_bucket{le=1.0}"] == 3)
        #expect(values["c_seconds_bucket{le=2.0}"] == 6)
        #expect(values["c_seconds_bucket{le=4.0}"] == 7)
        #expect(values["c_seconds_bucket{le=+Inf}"] == 8)
        #expect(values["c_seconds_count"] == 8)
        #expect(values["c_seconds_sum"] == 1 + 1.0.nextUp + 2 + 4 + 4.0.nextUp - 3 + 2)
    }

    @Test("A destroyed series is gone, and begins at zero if it comes back")
    func destroys() throws {
        let counter = registry.makeCounter(label: "a_total", dimensions: [("n", "1")])
        let other = registry.makeCounter(label: "a_total", dimensions: [("n", "2")])
        counter.increment(by: 1)
        other.increment(by: 1)
        registry.destroyCounter(counter)
        // Whoever still has it may use it.
        counter.increment(by: 1)
        #expect(try values()["a_total{n=1}"] == nil)
        #expect(try values()["a_total{n=2}"] == 1)
        registry.makeCounter(label: "a_total", dimensions: [("n", "1")]).increment(by: 1)
        #expect(try values()["a_total{n=1}"] == 1)
    }

    /// Runs `body` on threads of their own, since of tasks there may never be two at a time.
    private func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<count {
            Thread {
                body()
                done.signal()
            }.start()
        }
        for _ in 0..<count { done.wait() }
    }

    @Test("Many tasks that record at once, while others read, lose nothing")
    func losesNothing() async throws {
        let (tasks, times) = (8, 1000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask { [registry] in
                    for time in 0..<times {
                        // Found anew each time, by as many tasks.
                        registry.makeCounter(label: "a_total", dimensions: [("n", "\(time % 7)")]).increment(by: 1)
                        registry.makeRecorder(label: "c_seconds", dimensions: [], aggregate: true)
                            .record(Double((task + time) % 6))
                    }
                }
            }
            group.addTask { [registry] in
                for _ in 0..<50 { _ = try ExpositionReader(registry.exposition(.openMetrics), .openMetrics) }
            }
            try await group.waitForAll()
        }
        onThreads(tasks) { [registry] in
            let gauge = registry.makeMeter(label: "b", dimensions: [])
            let counter = registry.makeCounter(label: "a_total", dimensions: [("n", "all")])
            for _ in 0..<times * 10 {
                gauge.increment(by: 1)
                counter.increment(by: 1)
            }
        }
        let values = try values()
        let all = Double(tasks * times)
        #expect(values["b"] == all * 10 && values["a_total{n=all}"] == all * 10)
        let found = values.filter { $0.key.hasPrefix("a_total{") && $0.key != "a_total{n=all}" }
        #expect(found.values.reduce(0, +) == all && values["c_seconds_count"] == all)
        let sum = (0..<tasks).flatMap { task in (0..<times).map { (task + $0) % 6 } }.reduce(0, +)
        #expect(values["c_seconds_sum"] == Double(sum))
    }

    @Test(
        "Whatever is registered, with whatever labels, can be read, and no series is there twice",
        arguments: 1...30 as ClosedRange<UInt64>)
    func isAlwaysReadable(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let names = [
            "a_total", "b", "c_seconds", "x", "x_total", "x.total", "x_sum", "x_count", "x_bucket", "swift_x", "1x", "",
            "ü", "x\n", "onsale_metric_series_dropped", "__name__",
        ]
        let labels = ["le", "exported_le", "a", "a b", "a_b", "__a", "_a", "", "ü", "1", "quantile"]
        let odd = ["", "v", "\"", "\\", "\n", "\\n", "é", "e\u{301}", "}", ",", "\r\n", "\u{301}", "a=\"b\"", "{}"]
        var context = InstrumentationContext.topLevel
        context.traceContext = try Sample.context()
        context.isRecorded = true
        for _ in 0..<400 {
            let name = names.randomElement(using: &random) ?? ""
            let dimensions = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                (labels.randomElement(using: &random) ?? "", odd.randomElement(using: &random) ?? "")
            }
            let value = Double.random(in: 0..<9, using: &random)
            let kind = Int.random(in: 0..<5, using: &random)
            let record = {
                switch kind {
                case 0: registry.makeCounter(label: name, dimensions: dimensions).increment(by: 1)
                case 1: registry.makeFloatingPointCounter(label: name, dimensions: dimensions).increment(by: value)
                case 2: registry.makeMeter(label: name, dimensions: dimensions).set(value)
                case 3: registry.makeTimer(label: name, dimensions: dimensions).recordNanoseconds(Int64(value * 1e9))
                default: registry.makeRecorder(label: name, dimensions: dimensions, aggregate: true).record(value)
                }
            }
            if random.happens(0.3) { InstrumentationContext.withValue(context) { record() } } else { record() }
        }
        for format in [ExpositionFormat.text, .openMetrics] {
            _ = try ExpositionReader(registry.exposition(format), format)
        }
    }

    @Test("A very long label is cut, and no character with it")
    func cutsLabels() throws {
        let long = String(repeating: "é", count: 200)
        registry.makeCounter(label: "a_total", dimensions: [("n", "x" + long)]).increment(by: 1)
        let reader = try ExpositionReader(registry.exposition(.text), .text)
        let value = try #require(reader.families.first?.samples.first?["n"])
        #expect(value == "x" + String(repeating: "é", count: 127))
    }
}

/// A flag that is on at first.
private final class Toggle: Sendable {
    let value = Atomic(true)
}
