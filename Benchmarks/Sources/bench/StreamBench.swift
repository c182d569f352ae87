import Foundation

/// (i) Fifteen thousand streams: what one costs, how fast all hear of a change; and ten thousand connections at once.
enum StreamBench {
    private static let streams = 15_000

    static func run(_ table: inout Table) throws {
        raiseOpenFileLimit()
        let data = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        let (server, port) = try LineBench.startServer(data)
        defer { Programs.stop(server) }
        try LineBench.createEvent(port, "show", waitingRoom: false)
        try storm(port, &table)
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
            "(i) an idle stream", String(format: "%.2f KB", each), goal: "0.5 KB", "resident, with \(streams) open")
        try changes(port, open, &table)
    }

    /// Ten thousand connections within a second, each with a request.
    private static func storm(_ port: Int, _ table: inout Table) throws {
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
            "(i) 10,000 connections at once", String(format: "slowest answer %.2f s", waits.max() ?? 0), goal: "2 s",
            String(format: "opened in %.2f s; %d answered, %d refused or reset", opening, waits.count, failed))
    }

    /// How long after a hold is answered each stream has heard of it, while holds of others run at half load.
    private static func changes(_ port: Int, _ open: [Connection], _ table: inout Table) throws {
        try LineBench.createEvent(port, "other", waitingRoom: false)
        let pass = try passes(port, "show")
        let otherPass = try passes(port, "other")
        var latencies: [Double] = []
        let isOver = Flag()
        let load = Thread {
            var number = 0
            let connection = try? Connection(port: port)
            while !isOver.isSet {
                number += 1
                _ = try? connection?.exchange(
                    .init(
                        method: "POST", path: "/v1/events/other/holds", token: otherPass,
                        body: #"{"seats":["\#(number / 50 % 200)-\#(number % 50)"]}"#))
            }
        }
        load.start()
        for round in 0..<12 {
            try drain(open, seconds: 1.5)
            let sent = DispatchTime.now().uptimeNanoseconds
            _ = try Connection(port: port).exchange(
                .init(
                    method: "POST", path: "/v1/events/show/holds", token: pass, body: #"{"seats":["\#(round)-7"]}"#))
            try receive(open) { latencies.append(Double($0 - sent) / 1e6) }
        }
        isOver.set()
        latencies.sort()
        guard !latencies.isEmpty else { throw Failure("no stream heard of anything") }
        table.add(
            "(i) a change to \(streams) streams", String(format: "p99 %.0f ms", latencies[latencies.count * 99 / 100]),
            goal: "250 ms",
            String(
                format: "from sending the hold; p50 %.0f ms, %d heard of %d; another event's holds at the same time",
                latencies[latencies.count / 2], latencies.count, 12 * streams))
    }

    private static func passes(_ port: Int, _ event: String) throws -> String {
        let connection = try Connection(port: port)
        let session = try connection.exchange(
            .init(method: "POST", path: "/v1/sessions", body: #"{"email":"holder@bench.example"}"#))
        let joined = try connection.exchange(
            .init(method: "POST", path: "/v1/events/\(event)/waiting-room", token: session.member("token")))
        let pass = try connection.exchange(
            .init(
                method: "POST", path: "/v1/events/\(event)/waiting-room/pass",
                body: #"{"ticket":"\#(joined.member("ticket") ?? "")"}"#))
        return pass.member("pass") ?? ""
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

/// Set by one thread, read by another.
private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}
