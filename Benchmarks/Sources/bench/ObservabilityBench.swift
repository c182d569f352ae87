import Foundation

/// (k) What it costs to see everything: holds with metrics, JSON logs at info and traces sampled at 1 %, beside the same
/// with all of it off, and beside a collector that is gone; and the page of metrics with 50 events.
enum ObservabilityBench {
    private static let pairs = 9
    private static let eventsOnPage = 50
    private static let pages = 21

    private static let off = [
        "ONSALE_METRICS": "off", "ONSALE_LOG_LEVEL": "critical", "OTEL_TRACES_EXPORTER": "none",
    ]

    private static func on(collector port: Int) -> [String: String] {
        [
            "ONSALE_LOG_FORMAT": "json", "ONSALE_LOG_LEVEL": "info", "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(port)",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.01",
        ]
    }

    static func run(_ table: inout Table) throws {
        let collector = try SilentCollector()
        let without = try Server(off)
        defer { without.stop() }
        let with = try Server(on(collector: collector.port))
        defer { with.stop() }
        let alone = try Server(on(collector: try Programs.freePort()))
        defer { alone.stop() }
        var plain: [LoadGenerator.Result] = []
        var seen: [LoadGenerator.Result] = []
        var unheard: [LoadGenerator.Result] = []
        // In turn, and each of them first as often as last.
        for round in 0..<pairs {
            for server in [0, 1, 2].map({ ($0 + round) % 3 }) {
                switch server {
                case 0: plain.append(try without.holds())
                case 1: seen.append(try with.holds())
                default: unheard.append(try alone.holds())
                }
            }
        }
        table.add("(k) holds, nothing on", "\(Int(HTTPBench.median(plain.map(\.perSecond))))/s", "durable, over HTTP")
        table.add(
            "(k) everything on, of that", HTTPBench.ratio(seen, plain, "%.2f"), goal: "0.93",
            "metrics, JSON logs at info, traces sampled at 1 %; the collector took \(collector.bytes / 1024) KB")
        table.add(
            "(k) processor time of a hold, of that",
            String(format: "%.2f", with.microsecondsPerHold / without.microsecondsPerHold),
            String(format: "%.1f µs and %.1f µs", with.microsecondsPerHold, without.microsecondsPerHold))
        table.add("(k) with the collector gone, of that", HTTPBench.ratio(unheard, plain, "%.2f"))
        try page(of: with, &table)
    }

    private static func page(of server: Server, _ table: inout Table) throws {
        let connection = try Connection(port: server.port)
        for number in HTTPBench.events..<eventsOnPage {
            try HTTPBench.createEvent("e\(number)", ObservabilityBench.smallPlan, over: connection)
        }
        let management = try Connection(port: server.managementPort)
        var times: [Double] = []
        var size = 0
        for _ in 0..<pages {
            times.append(
                try seconds {
                    size = try management.exchange(WireRequest(method: "GET", path: "/metrics")).body.count
                })
        }
        table.add(
            "(k) `/metrics` with \(eventsOnPage) events",
            String(format: "%.1f ms, %d KB", HTTPBench.median(times) * 1000, size / 1024), goal: "20 ms, 1 MB",
            String(format: "slowest of %d: %.1f ms", pages, (times.max() ?? 0) * 1000))
    }

    private static let smallPlan =
        #"{"name":"Hall","categories":[{"name":"VIP","color":"red"}],"zones":[{"name":"Z","rows":[{"row_number":"1","position":{"x":0,"y":0},"seats":[{"seat_guid":"1","seat_number":"1","position":{"x":0,"y":0},"category":"VIP"}]}]}]}"#

    /// A server with its settings, and how many of its seats are taken.
    private final class Server {
        let port: Int
        let managementPort: Int
        private let process: Process
        private let folder = temporaryFolder()
        private let passes: [[String]]
        private var next = 0
        private var held = 0
        private var processorSeconds = 0.0

        init(_ environment: [String: String]) throws {
            port = try Programs.freePort()
            managementPort = try Programs.freePort()
            let own = [
                "ONSALE_ADMIN_TOKEN": HTTPBench.adminToken, "ONSALE_LOGIN": "open", "ONSALE_PAYMENT_URL": "sandbox",
            ]
            process = try Programs.start(
                Programs.onsale,
                ["serve", "--port", "\(port)", "--management-port", "\(managementPort)", "--data", folder],
                environment: own.merging(environment) { $1 }, errors: .nullDevice)
            _ = try Programs.waitUntilReady(port: port)
            passes = try HTTPBench.prepare(port)
        }

        func holds() throws -> LoadGenerator.Result {
            let before = try Programs.processorSeconds(process)
            let result = try HTTPBench.holds(port, passes, &next)
            processorSeconds += try Programs.processorSeconds(process) - before
            held += result.count
            return result
        }

        var microsecondsPerHold: Double { processorSeconds * 1e6 / Double(max(1, held)) }

        func stop() {
            Programs.stop(process)
            try? FileManager.default.removeItem(atPath: folder)
        }
    }
}

/// Takes whatever is exported, on a thread of its own, and says that all is well.
private final class SilentCollector: @unchecked Sendable {
    // Unchecked: only the thread writes the count, and the figure is read once everything has ended.
    let port: Int
    private(set) var bytes = 0

    init() throws {
        port = try Programs.freePort()
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(listener, 8) == 0
            }
        }
        guard isBound else { throw Failure("no collector") }
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                serve(connection)
                close(connection)
            }
        }
    }

    private func serve(_ connection: Int32) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return }
            bytes += count
            pending += buffer[..<count]
            while let end = request(in: pending) {
                pending.removeFirst(end)
                let answer = Array("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".utf8)
                guard write(connection, answer, answer.count) == answer.count else { return }
            }
        }
    }

    /// Where the first request ends; nil if it hasn't all come.
    private func request(in bytes: [UInt8]) -> Int? {
        guard let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let fields = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
        let length = fields.first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
        let end = head.upperBound + (length ?? 0)
        return end <= bytes.count ? end : nil
    }
}
