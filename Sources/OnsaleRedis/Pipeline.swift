import DequeModule

/// What waits to be sent and what waits for its answer, in order: no socket, no clock.
///
/// All have the same time to live, so the oldest is always the first to be late. What was sent keeps its place after it
/// is late, because its answer may still come.
struct Pipeline {
    typealias Answer = @Sendable (Result<RedisReply, RedisFailure>) -> Void

    struct Waiting: Sendable {
        let command: RedisCommand
        let deadline: Int64
        /// Nil where nobody wants to know.
        let answer: Answer?
        var isHeartbeat = false
    }

    private struct Sent {
        let bytes: Int
        let deadline: Int64
        let answer: Answer?
        let isHeartbeat: Bool
    }

    /// An answer to be given, once no lock is held.
    struct Outcome {
        let bytes: Int
        let answer: Answer?
        let result: Result<RedisReply, RedisFailure>
        /// False for a late command whose place is kept.
        let isLast: Bool
        /// The client's own, which nobody has put.
        let isHeartbeat: Bool
    }

    private var queued = Deque<Waiting>()
    private var sent = Deque<Sent>()
    /// How many of the first of `sent` are late already.
    private var lateCount = 0
    /// When the oldest of `sent` was first in line for its answer.
    private var waitsSince: Int64 = 0

    var isAnswerDue: Bool { !sent.isEmpty }

    var hasQueued: Bool { !queued.isEmpty }

    mutating func add(_ more: [Waiting]) { queued.append(contentsOf: more) }

    /// Asks for a sign of life.
    mutating func beat(deadline: Int64) {
        queued.append(Waiting(command: .ping, deadline: deadline, answer: nil, isHeartbeat: true))
    }

    /// The next command to send.
    mutating func send(now: Int64) -> RedisCommand? {
        guard let next = queued.popFirst() else { return nil }
        if sent.isEmpty { waitsSince = now }
        sent.append(
            Sent(
                bytes: next.command.wire.count, deadline: next.deadline, answer: next.answer,
                isHeartbeat: next.isHeartbeat))
        return next.command
    }

    /// Gives the oldest its answer; nil if none was due.
    mutating func receive(_ reply: RedisReply, now: Int64) -> Outcome? {
        guard let first = sent.popFirst() else { return nil }
        waitsSince = now
        let isLate = lateCount > 0
        if isLate { lateCount -= 1 }
        let result: Result<RedisReply, RedisFailure> =
            if case .error(let failure) = reply { .failure(failure) } else { .success(reply) }
        return Outcome(
            bytes: first.bytes, answer: isLate ? nil : first.answer, result: result, isLast: true,
            isHeartbeat: first.isHeartbeat)
    }

    /// Fails whatever is late now.
    mutating func expire(now: Int64) -> [Outcome] {
        var outcomes: [Outcome] = []
        while lateCount < sent.count, sent[lateCount].deadline <= now {
            let late = sent[lateCount]
            outcomes.append(
                Outcome(
                    bytes: 0, answer: late.answer, result: .failure(.late), isLast: false,
                    isHeartbeat: late.isHeartbeat))
            lateCount += 1
        }
        while let first = queued.first, first.deadline <= now {
            queued.removeFirst()
            outcomes.append(Pipeline.failed(first, .late))
        }
        return outcomes
    }

    /// Fails everything: the connection is gone.
    mutating func drop() -> [Outcome] {
        defer {
            sent.removeAll()
            queued.removeAll()
            lateCount = 0
        }
        let begun = sent.enumerated().map { index, sent in
            Outcome(
                bytes: sent.bytes, answer: index < lateCount ? nil : sent.answer, result: .failure(.lost), isLast: true,
                isHeartbeat: sent.isHeartbeat)
        }
        return begun + queued.map { Pipeline.failed($0, .away) }
    }

    private static func failed(_ waiting: Waiting, _ failure: RedisFailure) -> Outcome {
        Outcome(
            bytes: waiting.command.wire.count, answer: waiting.answer, result: .failure(failure), isLast: true,
            isHeartbeat: waiting.isHeartbeat)
    }

    /// When the first command that is not late yet will be.
    var nextDeadline: Int64? {
        lateCount < sent.count ? sent[lateCount].deadline : queued.first?.deadline
    }

    /// Since when an answer is due that doesn't come.
    var silentSince: Int64? { sent.isEmpty ? nil : waitsSince }
}
