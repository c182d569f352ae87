import Logging

/// What a subscription's thread does: connect, subscribe, receive, and again.
struct SubscriptionLoop {
    /// So many names go into one command.
    private static let namesMax = 500

    private let limits: RedisLimits
    private let wanted: WantedChannels
    private let worker: Worker
    private let logger: Logger
    private let receive: @Sendable (RedisSubscription.Event) -> Void
    private var dialer: RedisDialer
    /// What the connection has been told to listen to.
    private var told: Set<String> = []
    /// What was listened to at some time, so that hearing of it again is a gap.
    private var known: Set<String> = []

    init(
        _ address: RedisAddress, name: String, limits: RedisLimits, wanted: WantedChannels, worker: Worker,
        logger: Logger, receive: @escaping @Sendable (RedisSubscription.Event) -> Void
    ) {
        self.limits = limits
        self.wanted = wanted
        self.worker = worker
        self.logger = logger
        self.receive = receive
        dialer = RedisDialer(address, name: name, limits: limits, worker: worker)
    }

    mutating func run() {
        var isKnownAway = false
        while !worker.isStopping {
            var lasted: Int64 = 0
            do {
                let connection = try dialer.dial()
                let begun = Monotonic.now()
                let channels = wanted.isUp(at: connection.endpoint)
                logger.info("Listening to Redis", metadata: ["endpoint": "\(connection.endpoint)"])
                isKnownAway = false
                defer {
                    lasted = Monotonic.now() - begun
                    wanted.isAway()
                    if !worker.isStopping { receive(.away) }
                }
                try serve(connection, channels)
            } catch {
                if !isKnownAway, error != .stopped {
                    logger.warning("Not listening to Redis", metadata: ["reason": "\(error)"])
                    isKnownAway = true
                }
            }
            dialer.pause(after: lasted)
        }
    }

    private mutating func serve(_ connection: RedisConnection, _ channels: Set<String>) throws(RedisFailure) {
        told = []
        try tell("PSUBSCRIBE", wanted.patterns, on: connection)
        try follow(channels, on: connection)
        var heard = Monotonic.now()
        var hasAsked = false
        while true {
            if worker.isStopping { throw .stopped }
            if wanted.mustReplace { throw .unreachable("the Sentinels have another master") }
            if let channels = wanted.changed() { try follow(channels, on: connection) }
            var now = Monotonic.now()
            if !hasAsked, now - heard >= limits.heartbeatMilliseconds {
                try connection.append(.ping)
                hasAsked = true
            }
            try connection.flush()
            let due = heard + limits.heartbeatMilliseconds + (hasAsked ? limits.silenceMilliseconds : 0)
            let ready = connection.wait(toWrite: connection.unsentBytes > 0, until: due, alarm: worker.alarm)
            now = Monotonic.now()
            if ready.isReadable {
                try connection.receive()
                if try answer(from: connection) {
                    // `receive` may have taken its time.
                    heard = Monotonic.now()
                    hasAsked = false
                    continue
                }
            }
            if hasAsked, now - heard >= limits.heartbeatMilliseconds + limits.silenceMilliseconds {
                throw .unreachable("no sign of life for \(now - heard) ms")
            }
        }
    }

    private mutating func follow(_ channels: Set<String>, on connection: RedisConnection) throws(RedisFailure) {
        let ended = told.subtracting(channels)
        known.subtract(ended)
        try tell("UNSUBSCRIBE", Array(ended), on: connection)
        try tell("SUBSCRIBE", Array(channels.subtracting(told)), on: connection)
        told = channels
    }

    private func tell(_ verb: String, _ names: [String], on connection: RedisConnection) throws(RedisFailure) {
        var rest = names[...]
        while !rest.isEmpty {
            let some = rest.prefix(SubscriptionLoop.namesMax)
            rest = rest.dropFirst(SubscriptionLoop.namesMax)
            try connection.append(RedisCommand([Array(verb.utf8)] + some.map { Array($0.utf8) }))
        }
    }

    /// Passes on what has come; false if nothing was complete.
    private mutating func answer(from connection: RedisConnection) throws(RedisFailure) -> Bool {
        var messages = 0
        var bytes = 0
        var hasHeard = false
        defer { if messages > 0 { wanted.count(messages: messages, bytes: bytes) } }
        while !worker.isStopping, let reply = try connection.nextReply() {
            hasHeard = true
            guard let event = try event(reply) else { continue }
            if case .message(_, let payload) = event {
                messages += 1
                bytes += payload.count
            }
            receive(event)
        }
        return hasHeard
    }

    /// What a push means; nil for what only answers ourselves.
    private mutating func event(_ reply: RedisReply) throws(RedisFailure) -> RedisSubscription.Event? {
        if case .error(let failure) = reply { throw failure }
        // Before anything is subscribed to, a PING is answered like anywhere else.
        if reply == .status("PONG") { return nil }
        guard case .array(let parts) = reply, let kind = parts.first?.text else { throw .nonsense("no message") }
        switch (kind, parts.count) {
        case ("message", 3):
            guard let channel = parts[1].text, case .bytes(let payload) = parts[2] else { break }
            return .message(channel: channel, payload: payload)
        case ("pmessage", 4):
            guard let channel = parts[2].text, case .bytes(let payload) = parts[3] else { break }
            return .message(channel: channel, payload: payload)
        case ("subscribe", 3), ("psubscribe", 3):
            guard let name = parts[1].text else { break }
            return known.insert(name).inserted ? .subscribed(name) : .resubscribed(name)
        case ("unsubscribe", 3), ("punsubscribe", 3), ("pong", 2): return nil
        default: break
        }
        throw .nonsense("no message")
    }
}
