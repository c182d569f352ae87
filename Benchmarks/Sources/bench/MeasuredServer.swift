import Foundation

/// A server in a process of its own, whose processor time is read from outside.
struct MeasuredServer {
    let process: Process
    let port: Int

    private static let connectionsCount = 256
    private static let secondsMax = 60.0

    /// Processor time, in microseconds, of everything that the server does on account of `load`.
    func microseconds(of load: ([Connection]) throws -> Void) throws -> Double {
        let connections = try connect()
        let start = try secondsAtRest()
        try load(connections)
        return (try secondsAtRest() - start) * 1e6
    }

    /// Open connections. Accepting one costs as much as several requests, so each has been answered once.
    func connect() throws -> [Connection] {
        try (0..<MeasuredServer.connectionsCount).map { _ in
            let connection = try Connection(port: port)
            _ = try connection.exchange(WireRequest(method: "GET", path: "/health/ready"))
            return connection
        }
    }

    /// Asks so many requests, each of whichever connection is free.
    /// - Returns: the answers in the order of the requests; any other status than `expected` is an error.
    func ask(
        _ count: Int, over connections: [Connection], expecting expected: Int, _ request: (Int) -> WireRequest
    ) throws -> [WireAnswer] {
        var answers = [WireAnswer?](repeating: nil, count: count)
        var asking = [Int?](repeating: nil, count: connections.count)
        var askedCount = 0
        var answeredCount = 0
        let generator = LoadGenerator(
            port: port, connections: connections.count, seconds: MeasuredServer.secondsMax)
        let result = try generator.run(over: connections) { connection, answer in
            if let answer, let number = asking[connection] {
                answers[number] = answer
                answeredCount += 1
            }
            guard askedCount < count else { return (nil, false) }
            asking[connection] = askedCount
            askedCount += 1
            return (request(askedCount - 1), false)
        } until: {
            answeredCount == count
        }
        guard result.statuses == [expected: count] else {
            throw Failure("\(count) answers of \(expected) were expected, not \(result.statuses)")
        }
        return answers.compactMap(\.self)
    }

    /// The processor time once it stands still: webhooks outlast the answer to an order.
    private func secondsAtRest() throws -> Double {
        let restingShareMax = 0.01
        let pause = 0.05
        var last = try Programs.processorSeconds(process)
        for _ in 0..<100 {
            Thread.sleep(forTimeInterval: pause)
            let now = try Programs.processorSeconds(process)
            if now - last < pause * restingShareMax { return now }
            last = now
        }
        throw Failure("the server does not come to rest")
    }
}
