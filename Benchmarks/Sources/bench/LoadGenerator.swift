import Foundation
import Histogram

/// Keeps so many connections busy from one thread, each with a request under way at all times.
struct LoadGenerator {
    struct Result {
        var count = 0
        var seconds = 0.0
        var statuses: [Int: Int] = [:]
        var latency = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)

        var perSecond: Double { Double(count) / seconds }
    }

    let port: Int
    let connections: Int
    let seconds: Double

    /// - Parameters:
    ///   - ready: open connections; without them as many are opened.
    ///   - next: the request that a connection sends next, given the answer to its last one; nil ends it. The second
    ///     part says whether the answer completes what is counted.
    func run(
        over ready: [Connection]? = nil,
        _ next: (_ connection: Int, _ answer: WireAnswer?) -> (WireRequest?, isCounted: Bool),
        until isDone: () -> Bool = { false }
    ) throws -> Result {
        var result = Result()
        let open = try ready ?? (0..<connections).map { _ in try Connection(port: port) }
        var begun: [UInt64] = []
        var watched: [pollfd] = []
        for (number, connection) in open.enumerated() {
            begun.append(DispatchTime.now().uptimeNanoseconds)
            watched.append(pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0))
            if let request = next(number, nil).0 { try connection.send(request) }
        }
        let start = DispatchTime.now().uptimeNanoseconds
        let end = start + UInt64(seconds * 1e9)
        var now = start
        while now < end, !isDone() {
            let ready = poll(&watched, nfds_t(watched.count), 1000)
            now = DispatchTime.now().uptimeNanoseconds
            guard ready > 0 else { continue }
            for number in watched.indices where watched[number].revents != 0 {
                guard let answer = try open[number].receive() else { continue }
                let (request, isCounted) = next(number, answer)
                result.statuses[answer.status, default: 0] += 1
                if isCounted {
                    let arrived = DispatchTime.now().uptimeNanoseconds
                    result.count += 1
                    _ = result.latency.record((arrived - begun[number]) / 1000)
                    begun[number] = arrived
                }
                if let request { try open[number].send(request) }
            }
        }
        result.seconds = Double(now - start) / 1e9
        return result
    }
}
