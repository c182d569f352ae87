import Foundation
import Synchronization

/// The proxy's thread, one turn at a time.
struct FaultProxyLoop {
    private let listener: Int32
    private let wake: Int32
    private var connections: [FaultProxyConnection] = []

    init(listener: Int32, wake: Int32) {
        self.listener = listener
        self.wake = wake
    }

    /// Waits for something to do, at most 100 ms, and does it.
    /// - Returns: false when the proxy has been stopped.
    mutating func turn(_ proxy: FaultProxy) -> Bool {
        let rules = proxy.rules.withLock { $0 }
        if rules.isStopped { return false }
        var polled = [
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
        ]
        for connection in connections { polled += connection.interests(isBlackhole: rules.isBlackhole) }
        poll(&polled, nfds_t(polled.count), connections.contains(where: \.isWaitingForTime) ? 1 : 100)
        if polled[0].revents != 0 {
            var buffer = [UInt8](repeating: 0, count: 64)
            _ = read(wake, &buffer, buffer.count)
            // Whatever was changed counts before any more bytes are passed.
            return true
        }
        for index in connections.indices {
            let ready = (polled[2 + 2 * index].revents != 0, polled[3 + 2 * index].revents != 0)
            connections[index].turn(ready, proxy)
        }
        if polled[1].revents != 0 { accept(proxy) }
        connections.removeAll { connection in
            let isOver = connection.isOver || connection.generation != proxy.rules.withLock { $0.generation }
            if isOver { connection.reset() }
            return isOver
        }
        let count = connections.count
        proxy.rules.withLock { $0.connections = count }
        return true
    }

    private mutating func accept(_ proxy: FaultProxy) {
        let client = Foundation.accept(listener, nil, nil)
        guard client >= 0 else { return }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        let (refuses, generation) = proxy.rules.withLock { ($0.refuses, $0.generation) }
        if refuses {
            close(client)
        } else {
            connections.append(FaultProxyConnection(client: client, generation: generation))
        }
    }

    /// Closes everything.
    mutating func end() {
        for connection in connections { connection.reset() }
        connections = []
        close(listener)
        close(wake)
    }
}
