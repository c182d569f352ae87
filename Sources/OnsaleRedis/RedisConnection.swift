import CHiredis
import Foundation

/// One connection, through hiredis, without blocking. It belongs to the thread that made it; a class because it frees
/// what hiredis has allocated.
final class RedisConnection {
    struct Readiness {
        let isReadable: Bool
        let isWritable: Bool
    }

    let endpoint: RedisAddress.Endpoint
    private let limits: RedisLimits
    private let builder: ReplyBuilder
    private let context: UnsafeMutablePointer<redisContext>

    /// Connects, until the deadline at most, not counting the time that the resolver of names takes.
    init(
        to endpoint: RedisAddress.Endpoint, limits: RedisLimits, until deadline: Int64, worker: Worker
    ) throws(RedisFailure) {
        self.endpoint = endpoint
        self.limits = limits
        builder = ReplyBuilder(limits)
        guard let context = redisConnectNonBlock(endpoint.host, Int32(endpoint.port)) else {
            throw .unreachable("out of memory")
        }
        self.context = context
        if context.pointee.err != 0 { throw failure() }
        _ = fcntl(context.pointee.fd, F_SETFD, FD_CLOEXEC)
        redisReaderFree(context.pointee.reader)
        context.pointee.reader = builder.makeReader()
        guard context.pointee.reader != nil else { throw .unreachable("out of memory") }
        while !wait(toWrite: true, until: deadline, alarm: worker.alarm).isWritable {
            if worker.isStopping { throw .stopped }
            if Monotonic.now() >= deadline { throw .unreachable("no connection in time") }
        }
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = getsockopt(context.pointee.fd, SOL_SOCKET, SO_ERROR, &error, &size)
        if error != 0 { throw .unreachable(String(cString: strerror(error))) }
    }

    deinit { redisFree(context) }

    /// How many bytes wait to be written, at most: hiredis tells only when all are.
    private(set) var unsentBytes = 0

    func append(_ command: RedisCommand) throws(RedisFailure) {
        let result = command.wire.withUnsafeBytes { wire in
            redisAppendFormattedCommand(context, wire.bindMemory(to: CChar.self).baseAddress, wire.count)
        }
        if result != REDIS_OK { throw failure() }
        unsentBytes += command.wire.count
    }

    /// Writes what the socket takes now.
    func flush() throws(RedisFailure) {
        if unsentBytes == 0 { return }
        var isDone: Int32 = 0
        if redisBufferWrite(context, &isDone) != REDIS_OK { throw failure() }
        if isDone != 0 { unsentBytes = 0 }
    }

    /// Reads what is there, up to some kilobytes.
    func receive() throws(RedisFailure) {
        if redisBufferRead(context) != REDIS_OK { throw failure() }
    }

    /// The next complete answer among what was read.
    func nextReply() throws(RedisFailure) -> RedisReply? {
        var object: UnsafeMutableRawPointer?
        if redisGetReplyFromReader(context, &object) != REDIS_OK { throw failure() }
        guard object == nil else { return builder.take() }
        // What is announced costs nothing yet, but what has come of it is kept.
        guard let reader = context.pointee.reader, reader.pointee.len - reader.pointee.pos <= limits.replyBytesMax
        else { throw .nonsense("an answer of too many bytes") }
        return nil
    }

    /// Waits until there is something to read, or room to write if that is wanted, or the alarm.
    func wait(toWrite: Bool, until deadline: Int64, alarm: Alarm) -> Readiness {
        var waited = [
            pollfd(fd: context.pointee.fd, events: Int16(toWrite ? POLLIN | POLLOUT : POLLIN), revents: 0),
            pollfd(fd: alarm.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let count = poll(&waited, 2, Monotonic.timeout(until: deadline))
        guard count > 0 else { return Readiness(isReadable: false, isWritable: false) }
        if waited[1].revents != 0 { alarm.hush() }
        let events = Int32(waited[0].revents)
        // After an error or the end, the next read or write says which.
        let isBroken = events & Int32(POLLERR | POLLHUP | POLLNVAL) != 0
        return Readiness(
            isReadable: isBroken || events & Int32(POLLIN) != 0, isWritable: isBroken || events & Int32(POLLOUT) != 0)
    }

    /// One command and its answer, before anything else uses the connection; throws what Redis refuses.
    func exchange(_ command: RedisCommand, until deadline: Int64, worker: Worker) throws(RedisFailure) -> RedisReply {
        try append(command)
        try flush()
        while true {
            if let reply = try nextReply() {
                if case .error(let failure) = reply { throw failure }
                return reply
            }
            if worker.isStopping { throw .stopped }
            if Monotonic.now() >= deadline { throw .late }
            let ready = wait(toWrite: unsentBytes > 0, until: deadline, alarm: worker.alarm)
            if ready.isWritable { try flush() }
            if ready.isReadable { try receive() }
        }
    }

    private func failure() -> RedisFailure {
        if let exceeded = builder.exceeded { return .nonsense(exceeded) }
        let text = withUnsafeBytes(of: context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return context.pointee.err == REDIS_ERR_PROTOCOL ? .nonsense(text) : .unreachable(text)
    }
}
