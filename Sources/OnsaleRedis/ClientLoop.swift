import Logging

/// What the client's thread does: connect, send, receive, and again.
struct ClientLoop {
    /// So many bytes at most are handed to hiredis ahead of the socket.
    private static let unsentBytesMax = 256 << 10

    private let limits: RedisLimits
    private let mailbox: Mailbox
    private let worker: Worker
    private let logger: Logger
    private var dialer: RedisDialer
    private var pipeline = Pipeline()

    init(
        _ address: RedisAddress, name: String, limits: RedisLimits, mailbox: Mailbox, worker: Worker, logger: Logger
    ) {
        self.limits = limits
        self.mailbox = mailbox
        self.worker = worker
        self.logger = logger
        dialer = RedisDialer(address, name: name, limits: limits, worker: worker)
    }

    mutating func run() {
        // Each absence is logged once, however often it is tried to end it.
        var isKnownAway = false
        while !worker.isStopping {
            var lasted: Int64 = 0
            do {
                let connection = try dialer.dial()
                let begun = Monotonic.now()
                mailbox.isUp(at: connection.endpoint)
                logger.info("Redis is up", metadata: ["endpoint": "\(connection.endpoint)"])
                isKnownAway = false
                defer { lasted = Monotonic.now() - begun }
                try serve(connection)
            } catch {
                if !isKnownAway, error != .stopped {
                    logger.warning("Redis is away", metadata: ["reason": "\(error)"])
                    isKnownAway = true
                }
            }
            drop()
            dialer.pause(after: lasted)
        }
        drop()
    }

    private mutating func drop() {
        pipeline.add(mailbox.isAway(stopped: worker.isStopping))
        give(pipeline.drop())
    }

    private func give(_ outcomes: [Pipeline.Outcome]) {
        guard !outcomes.isEmpty else { return }
        mailbox.settle(outcomes)
        let isStopping = worker.isStopping
        for outcome in outcomes {
            switch outcome.result {
            case .failure(.away) where isStopping, .failure(.lost) where isStopping:
                outcome.answer?(.failure(.stopped))
            default: outcome.answer?(outcome.result)
            }
        }
    }

    private mutating func serve(_ connection: RedisConnection) throws(RedisFailure) {
        var heard = Monotonic.now()
        while true {
            if worker.isStopping { throw .stopped }
            let (more, mustReplace) = mailbox.take()
            pipeline.add(more)
            if mustReplace { throw .unreachable("the Sentinels have another master") }
            var now = Monotonic.now()
            give(pipeline.expire(now: now))
            try write(to: connection, heard: heard, now: now)
            let ready = connection.wait(
                toWrite: connection.unsentBytes > 0, until: wakes(heard: heard), alarm: worker.alarm)
            now = Monotonic.now()
            if ready.isReadable {
                try connection.receive()
                if try answer(from: connection, now: now) { heard = now }
            }
            if let since = pipeline.silentSince, now - since >= limits.silenceMilliseconds {
                throw .unreachable("no answer for \(now - since) ms")
            }
        }
    }

    /// Sends what waits, as far as the socket takes it.
    private mutating func write(to connection: RedisConnection, heard: Int64, now: Int64) throws(RedisFailure) {
        if now - heard >= limits.heartbeatMilliseconds, !pipeline.isAnswerDue {
            pipeline.beat(deadline: now + limits.deadlineMilliseconds)
        }
        repeat {
            while connection.unsentBytes < ClientLoop.unsentBytesMax, let command = pipeline.send(now: now) {
                try connection.append(command)
            }
            try connection.flush()
        } while connection.unsentBytes == 0 && pipeline.hasQueued
    }

    /// Gives every complete answer to whoever waits for it.
    private mutating func answer(from connection: RedisConnection, now: Int64) throws(RedisFailure) -> Bool {
        var outcomes: [Pipeline.Outcome] = []
        // Those before a failure are good.
        defer { give(outcomes) }
        while let reply = try connection.nextReply() {
            guard let outcome = pipeline.receive(reply, now: now) else {
                if case .error(let failure) = reply { throw failure }
                throw .nonsense("an answer to nothing")
            }
            outcomes.append(outcome)
            if case .failure(.refused(let code, _)) = outcome.result, dialer.mustLeave(after: code) {
                throw .unreachable("it is no master any more")
            }
        }
        return !outcomes.isEmpty
    }

    private func wakes(heard: Int64) -> Int64 {
        var next = Int64.max
        if let deadline = pipeline.nextDeadline { next = min(next, deadline) }
        if let since = pipeline.silentSince { next = min(next, since + limits.silenceMilliseconds) }
        if !pipeline.isAnswerDue { next = min(next, heard + limits.heartbeatMilliseconds) }
        return next
    }
}
