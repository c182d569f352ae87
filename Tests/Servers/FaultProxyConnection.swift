import Foundation
import Synchronization

/// One connection through the proxy.
struct FaultProxyConnection {
    /// Bytes on their way, with the moment from which they may go on.
    private struct Way {
        var chunks: [(bytes: [UInt8], due: ContinuousClock.Instant)] = []
        /// The end of what went by before, for needles that lie across two chunks.
        var tail: [UInt8] = []
        var hasEnded = false
        var isOpen: Bool { chunks.reduce(0) { $0 + $1.bytes.count } < 1 << 20 && !hasEnded }
    }

    let generation: Int
    private let client: Int32
    private var server: Int32 = -1
    private var toServer = Way()
    private var toClient = Way()
    /// The request that an injected fault waits for has gone by on this connection.
    private var dropsNextAnswer = false
    private var isAnswering = false
    private(set) var isOver = false

    init(client: Int32, generation: Int) {
        self.client = client
        self.generation = generation
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        FaultProxyConnection.sendAtOnce(client)
    }

    /// Whether bytes wait for a moment rather than for a socket.
    var isWaitingForTime: Bool { !toServer.chunks.isEmpty || !toClient.chunks.isEmpty }

    /// What to poll: client, server. A black hole reads nothing.
    func interests(isBlackhole: Bool) -> [pollfd] {
        let reads = Int16(POLLIN)
        let idle = isBlackhole || isOver
        return [
            pollfd(fd: idle || !toServer.isOpen ? -1 : client, events: reads, revents: 0),
            pollfd(fd: idle || !toClient.isOpen ? -1 : server, events: reads, revents: 0),
        ]
    }

    /// Reads what is ready and writes what is due.
    mutating func turn(_ ready: (client: Bool, server: Bool), _ proxy: FaultProxy) {
        let rules = proxy.rules.withLock { $0 }
        guard !rules.isBlackhole, !isOver else { return }
        if server < 0 {
            guard let descriptor = try? Loopback.connect(port: proxy.target) else { return isOver = true }
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            FaultProxyConnection.sendAtOnce(descriptor)
            server = descriptor
        }
        let due = ContinuousClock.now + .milliseconds(rules.delayMilliseconds)
        if ready.client, let bytes = FaultProxyConnection.read(client, &toServer) {
            isAnswering = false
            if requestIsLost(bytes, proxy) { return isOver = true }
            toServer.chunks.append((bytes, due))
        }
        if ready.server, let bytes = FaultProxyConnection.read(server, &toClient) {
            if answerIsLost(proxy) { return isOver = true }
            toClient.chunks.append((bytes, due))
        }
        let isServerThere = FaultProxyConnection.write(&toServer, to: server)
        let isClientThere = FaultProxyConnection.write(&toClient, to: client)
        if !isServerThere || !isClientThere { isOver = true }
        if toServer.hasEnded || toClient.hasEnded, !isWaitingForTime { isOver = true }
    }

    /// Closes both sides so that they see a reset rather than an end.
    func reset() {
        for descriptor in [client, server] where descriptor >= 0 {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
            close(descriptor)
        }
    }

    // MARK: Faults

    private mutating func requestIsLost(_ bytes: [UInt8], _ proxy: FaultProxy) -> Bool {
        let seen = toServer.tail + bytes
        toServer.tail = Array(seen.suffix(255))
        let (isLost, dropsAnswer) = proxy.rules.withLock { rules in
            switch rules.fault {
            case .dropRequest(let needle) where seen.firstRange(of: needle) != nil:
                rules.fault = nil
                rules.faults += 1
                return (true, false)
            case .dropAnswer(let needle) where seen.firstRange(of: needle) != nil:
                rules.fault = nil
                return (false, true)
            default: return (false, false)
            }
        }
        if dropsAnswer { dropsNextAnswer = true }
        return isLost
    }

    private mutating func answerIsLost(_ proxy: FaultProxy) -> Bool {
        let isFirst = !isAnswering
        isAnswering = true
        let drops = dropsNextAnswer
        return proxy.rules.withLock { rules in
            if drops {
                rules.faults += 1
                return true
            }
            guard isFirst, case .dropAnswerNumber(let number) = rules.fault else { return false }
            rules.answers += 1
            guard rules.answers == number else { return false }
            rules.fault = nil
            rules.faults += 1
            return true
        }
    }

    // MARK: Bytes

    private static func read(_ descriptor: Int32, _ way: inout Way) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        if count > 0 { return Array(buffer[..<count]) }
        if count == 0 || (errno != EAGAIN && errno != EINTR) { way.hasEnded = true }
        return nil
    }

    /// Writes what is due; false when the other side is gone.
    private static func write(_ way: inout Way, to descriptor: Int32) -> Bool {
        while let first = way.chunks.first, first.due <= .now {
            let count = first.bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count == first.bytes.count {
                way.chunks.removeFirst()
            } else if count >= 0 {
                way.chunks[0].bytes.removeFirst(count)
            } else {
                return errno == EAGAIN || errno == EINTR
            }
        }
        return true
    }

    private static func sendAtOnce(_ descriptor: Int32) {
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }
}
