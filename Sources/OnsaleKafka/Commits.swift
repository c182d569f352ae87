import CRdKafka
import Logging
import OnsaleBus

/// A member's commits that Kafka hasn't confirmed yet.
struct Commits {
    private static let againMilliseconds: Int64 = 100

    private struct Commit {
        var offsets: [Lane: Int64]
        let deadline: Int64
        let answer: Promise<Void>
        /// When it is sent, again or for the first time; nil while an answer is due.
        var sendAt: Int64?
    }

    private var open: [UInt: Commit] = [:]
    private var newest: UInt = 0

    init() {}

    mutating func add(_ offsets: [Lane: Int64], deadline: Int64, answer: Promise<Void>) {
        newest += 1
        open[newest] = Commit(offsets: offsets, deadline: deadline, answer: answer, sendAt: 0)
    }

    /// When something is to be done.
    var due: Int64? { open.values.lazy.map { min($0.sendAt ?? $0.deadline, $0.deadline) }.min() }

    /// Sends what is due.
    /// - Parameter held: the lanes that the member has, without those of which it doesn't know yet that others had them.
    mutating func sendDue(to client: KafkaClient, held: Set<Lane>) {
        let now = Monotonic.now()
        for (number, var commit) in open.sorted(by: { $0.key < $1.key }) {
            if commit.deadline <= now {
                settle(number, .failure(BusError(.unavailable, "Kafka did not confirm a commit in time")))
                continue
            }
            guard let at = commit.sendAt, at <= now else { continue }
            commit.offsets = commit.offsets.filter { held.contains($0.key) }
            commit.sendAt = nil
            open[number] = commit
            if commit.offsets.isEmpty {
                settle(number, .success(()))
                continue
            }
            let code = Lanes.withList(commit.offsets) { list in
                rd_kafka_commit_queue(
                    client.handle, list, client.queue, nil, UnsafeMutableRawPointer(bitPattern: number))
            }
            if code != RD_KAFKA_RESP_ERR_NO_ERROR { fail(number, code) }
        }
    }

    /// Those are others' now, and what they commit must not be undone, even if a lane comes back.
    mutating func drop(_ lanes: [Lane]) {
        for lane in lanes {
            for number in open.keys { open[number]?.offsets[lane] = nil }
        }
    }

    /// Kafka's answer.
    mutating func hear(_ event: borrowing KafkaEvent, logger: Logger) {
        if event.code == RD_KAFKA_RESP_ERR_NO_ERROR {
            settle(event.number, .success(()))
        } else {
            logger.info("Kafka didn't take a commit", metadata: ["reason": "\(BusError.text(event.code))"])
            fail(event.number, event.code)
        }
    }

    mutating func failAll(_ error: BusError) {
        for number in open.keys { settle(number, .failure(error)) }
    }

    /// Tries again, perhaps as a member of the group's next generation, unless that is hopeless.
    private mutating func fail(_ number: UInt, _ code: rd_kafka_resp_err_t) {
        if BusError.isForGood(code) {
            settle(number, .failure(BusError(code, "A commit was refused")))
        } else {
            open[number]?.sendAt = Monotonic.now() + Commits.againMilliseconds
        }
    }

    private mutating func settle(_ number: UInt, _ result: Result<Void, any Error>) {
        open.removeValue(forKey: number)?.answer.fulfil(result)
    }
}
