import Foundation

/// (i) Fifteen thousand streams: what one costs, how fast all hear of a change; and ten thousand connections at once.
enum StreamBench {
    private static let streams = 15_000

    static func run(_ table: inout Table) throws {
        raiseOpenFileLimit()
        try run(&table, way: "sockets", goal: "0.5 KB")
        // The fallback: sockets stay with their channels.
        try run(&table, way: "channels", goal: "8 KB")
    }

    private static func run(_ table: inout Table, way: String, goal: String) throws {
        let data = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        let (server, port) = try LineBench.startServer(data, environment: ["ONSALE_STREAMS": way])
        defer { Programs.stop(server) }
        try LineBench.createEvent(port, "show", waitingRoom: false)
        try storm(port, way, &table)
        // What a connection leaves behind in the allocator is not the stream's: another crowd has come and gone before.
        let before = Programs.residentKilobytes(server)
        var open: [Connection] = []
        for _ in 0..<streams {
            let connection = try Connection(port: port)
            try connection.send(.init(method: "GET", path: "/v1/events/show/availability/stream"))
            open.append(connection)
        }
        try drain(open, seconds: 4)
        let each = Double(Programs.residentKilobytes(server) - before) / Double(streams)
        table.add(
            "(i) an idle stream, \(way)", String(format: "%.2f KB", each), goal: goal,
            "resident, with \(streams) open")
        try changes(port, open, way, &table)
    }

    /// Ten thousand connections within a second, each with a request.
    private static func storm(_ port: Int, _ way: String, _ table: inout Table) throws {
        var open: [Connection] = []
        var begun: [UInt64] = []
        var waits: [Double] = []
        let start = DispatchTime.now().uptimeNanoseconds
        for _ in 0..<10_000 {
            begun.append(DispatchTime.now().uptimeNanoseconds)
            let connection = try Connection(port: port)
            try connection.send(.init(method: "GET", path: "/v1/events/show/waiting-room"))
            open.append(connection)
        }
        let opening = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        var watched = open.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var failed = 0
        while waits.count + failed < open.count, DispatchTime.now().uptimeNanoseconds - start < 20_000_000_000 {
            guard poll(&watched, nfds_t(watched.count), 1000) > 0 else { continue }
            for number in watched.indices where watched[number].revents != 0 {
                do {
                    guard try open[number].receive()?.status == 200 else { continue }
                    waits.append(Double(DispatchTime.now().uptimeNanoseconds - begun[number]) / 1e9)
                } catch {
                    failed += 1
                }
                watched[number].fd = -1
            }
        }
        table.add(
            "(i) 10,000 connections at once, \(way)", String(format: "slowest answer %.2f s", waits.max() ?? 0),
            goal: "2 s",
            String(format: "opened in %.2f s; %d answered, %d refused or reset", opening, waits.count, failed))
    }

    /// How long after a hold is answered each stream has heard of it, while holds of others run at half of what the
    /// server takes with the streams open.
    private static func changes(_ port: Int, _ open: [Connection], _ way: String, _ table: inout Table) throws {
        try LineBench.createEvent(port, "other", waitingRoom: false)
        let pass = try pass(port, "show", buyer: 0)
        let load = try HalfLoad(port: port, passes: (0..<64).map { try Self.pass(port, "other", buyer: $0) })
        load.start()
        defer { load.stop() }
        var latencies: [Double] = []
        for round in 0..<12 {
            try drain(open, seconds: 1.5)
            let sent = DispatchTime.now().uptimeNanoseconds
            _ = try Connection(port: port).exchange(
                .init(
                    method: "POST", path: "/v1/events/show/holds", token: pass, body: #"{"seats":["\#(round)-7"]}"#))
            try receive(open) { latencies.append(Double($0 - sent) / 1e6) }
        }
        let rate = load.stop()
        latencies.sort()
        guard !latencies.isEmpty else { throw Failure("no stream heard of anything") }
        table.add(
            "(i) a change to \(streams) streams, \(way)",
            String(format: "p99 %.0f ms", latencies[latencies.count * 99 / 100]), goal: "250 ms",
            String(
                format:
                    "from sending the hold; p50 %.0f ms, %d heard of %d; %.0f other holds a second, of %.0f at most",
                latencies[latencies.count / 2], latencies.count, 12 * streams, rate, load.most))
    }

    private static func pass(_ port: Int, _ event: String, buyer: Int) throws -> String {
        let connection = try Connection(port: port)
        let session = try connection.exchange(
            .init(method: "POST", path: "/v1/sessions", body: #"{"email":"holder\#(buyer)@bench.example"}"#))
        let joined = try connection.exchange(
            .init(method: "POST", path: "/v1/events/\(event)/waiting-room", token: session.member("token")))
        let pass = try connection.exchange(
            .init(
                method: "POST", path: "/v1/events/\(event)/waiting-room/pass", token: session.member("token"),
                body: #"{"ticket":"\#(joined.member("ticket") ?? "")"}"#))
        guard let text = pass.member("pass") else { throw Failure("no pass: \(pass.status)") }
        return text
    }

    /// Waits until every stream has said something, and tells when.
    private static func receive(_ open: [Connection], _ heard: (UInt64) -> Void) throws {
        var watched = open.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var left = open.count
        let end = DispatchTime.now().uptimeNanoseconds + 5_000_000_000
        while left > 0, DispatchTime.now().uptimeNanoseconds < end {
            guard poll(&watched, nfds_t(watched.count), 500) > 0 else { continue }
            let now = DispatchTime.now().uptimeNanoseconds
            for number in watched.indices where watched[number].revents != 0 {
                _ = open[number].discard()
                watched[number].fd = -1
                left -= 1
                heard(now)
            }
        }
    }

    /// Reads away what the streams say, for so long.
    private static func drain(_ open: [Connection], seconds: Double) throws {
        var watched = open.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
        while DispatchTime.now().uptimeNanoseconds < end {
            guard poll(&watched, nfds_t(watched.count), 200) > 0 else { continue }
            for number in watched.indices where watched[number].revents != 0 {
                guard open[number].discard() else { throw Failure("a stream was closed") }
            }
        }
    }

    private static func raiseOpenFileLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// Holds of standing places, at half of the rate that the server takes.
private final class HalfLoad: @unchecked Sendable {
    private let connections: [Connection]
    private let requests: [WireRequest]
    private let lock = NSLock()
    private var isOver = false
    private var count = 0
    private var begun: UInt64 = 0
    private var ended: UInt64 = 0
    private let hasEnded = DispatchSemaphore(value: 0)
    /// What the server takes in a second from as many connections that never rest.
    let most: Double

    init(port: Int, passes: [String]) throws {
        let requests = passes.map {
            WireRequest(
                method: "POST", path: "/v1/events/other/holds", token: $0, body: #"{"area":"Floor","quantity":1}"#)
        }
        let full = try LoadGenerator(port: port, connections: passes.count, seconds: 3).run { number, answer in
            (requests[number], answer != nil)
        }
        guard full.statuses.keys.sorted() == [201] else { throw Failure("holds: \(full.statuses)") }
        most = full.perSecond
        self.requests = requests
        connections = try passes.map { _ in try Connection(port: port) }
    }

    func start() {
        begun = DispatchTime.now().uptimeNanoseconds
        Thread { [self] in
            while !lock.withLock({ isOver }) {
                for (connection, request) in zip(connections, requests) { try? connection.send(request) }
                for connection in connections { _ = try? connection.answer() }
                count += connections.count
                let due = begun + UInt64(Double(count) / (most / 2) * 1e9)
                let now = DispatchTime.now().uptimeNanoseconds
                if due > now { Thread.sleep(forTimeInterval: Double(due - now) / 1e9) }
            }
            ended = DispatchTime.now().uptimeNanoseconds
            hasEnded.signal()
        }.start()
    }

    /// - Returns: how many holds there were in a second.
    @discardableResult
    func stop() -> Double {
        lock.withLock { isOver = true }
        hasEnded.wait()
        hasEnded.signal()
        return Double(count) / Double(ended - begun) * 1e9
    }
}
