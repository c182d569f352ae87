import Foundation
import Synchronization

/// A TCP proxy on a loopback port, with a thread of its own, that does to connections what networks do.
package final class FaultProxy: Sendable {
    /// What happens once, to the first connection that it fits.
    package enum Fault: Sendable {
        /// The request with these bytes is passed on; when its answer has come, it is dropped and both sides are cut.
        case dropAnswer(to: [UInt8])
        /// The request with these bytes is not passed on, and both sides are cut.
        case dropRequest(with: [UInt8])
        /// The n-th answer from now on, 1 being the next, over all connections, is dropped, and both sides are cut.
        case dropAnswerNumber(Int)
    }

    struct Rules {
        var isBlackhole = false
        var refuses = false
        var delayMilliseconds: Int64 = 0
        var fault: Fault?
        var answers = 0
        var faults = 0
        /// Raised by each cut; connections of an earlier one end.
        var generation = 0
        var connections = 0
        var isStopped = false
    }

    /// Where clients connect.
    package let port: Int
    let target: Int
    let rules = Mutex(Rules())
    private let wake: (read: Int32, write: Int32)

    /// A proxy to a port of this machine. It passes everything until told otherwise.
    /// - Throws: ``ServerFailure``.
    package init(to target: Int) throws {
        let (listener, port) = try Loopback.listen(backlog: 128)
        self.port = port
        self.target = target
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ServerFailure("no pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wake = (ends[0], ends[1])
        _ = fcntl(listener, F_SETFL, O_NONBLOCK)
        let thread = Thread { [weak self, wake] in
            var loop = FaultProxyLoop(listener: listener, wake: wake.read)
            while let proxy = self, loop.turn(proxy) {}
            loop.end()
            close(wake.write)
        }
        thread.name = "fault-proxy"
        thread.start()
    }

    /// Passes everything again.
    package func pass() {
        change {
            $0.isBlackhole = false
            $0.refuses = false
            $0.delayMilliseconds = 0
            $0.fault = nil
        }
    }

    /// Resets all connections, on both sides. New ones are treated as before.
    package func cut() {
        change { $0.generation += 1 }
    }

    /// Resets all connections and closes new ones at once, until it is told to pass again.
    package func refuse() {
        change {
            $0.refuses = true
            $0.generation += 1
        }
    }

    /// Accepts connections and keeps them, but passes nothing, until it is told to pass again.
    package func blackhole() {
        change { $0.isBlackhole = true }
    }

    /// Passes everything later, by so much in each direction.
    package func delay(milliseconds: Int) {
        change { $0.delayMilliseconds = Int64(milliseconds) }
    }

    /// Does this once.
    package func inject(_ fault: Fault) {
        change {
            $0.fault = fault
            $0.answers = 0
        }
    }

    /// How many injected faults have happened.
    package var faults: Int { rules.withLock { $0.faults } }

    /// How many connections are open.
    package var connections: Int { rules.withLock { $0.connections } }

    /// Ends all connections and the thread.
    package func stop() {
        change { $0.isStopped = true }
    }

    private func change(_ body: (inout sending Rules) -> Void) {
        let wasStopped = rules.withLock { rules in
            defer { body(&rules) }
            return rules.isStopped
        }
        // The loop closes the pipe when it has stopped.
        var byte: UInt8 = 1
        if !wasStopped { _ = write(wake.write, &byte, 1) }
    }
}

/// Runs `body` with a proxy to a port of this machine, and stops it afterward.
package func withFaultProxy<Value>(
    to port: Int, _ body: (FaultProxy) async throws -> Value
) async throws -> Value {
    let proxy = try FaultProxy(to: port)
    defer { proxy.stop() }
    return try await body(proxy)
}
