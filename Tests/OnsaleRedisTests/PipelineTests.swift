import Synchronization
import Testing

@testable import OnsaleRedis

@Suite struct PipelineTests {
    private final class Answers: Sendable {
        private let all = Mutex<[String]>([])

        func take(_ name: String) -> Pipeline.Answer {
            { result in
                let text =
                    switch result {
                    case .success(let reply): "\(reply.text ?? "?")"
                    case .failure(let failure): "\(failure)"
                    }
                self.all.withLock { $0.append("\(name): \(text)") }
            }
        }

        var list: [String] { all.withLock { $0 } }
    }

    private func give(_ outcomes: [Pipeline.Outcome]) {
        for outcome in outcomes { outcome.answer?(outcome.result) }
    }

    private func waiting(_ name: String, _ deadline: Int64, _ answers: Answers) -> Pipeline.Waiting {
        Pipeline.Waiting(command: RedisCommand(name), deadline: deadline, answer: answers.take(name))
    }

    @Test func repliesGoToCommandsInTheirOrder() {
        let answers = Answers()
        var pipeline = Pipeline()
        pipeline.add([waiting("a", 100, answers), waiting("b", 100, answers)])
        #expect(pipeline.send(now: 0) == RedisCommand("a"))
        #expect(pipeline.send(now: 0) == RedisCommand("b"))
        #expect(pipeline.send(now: 0) == nil)
        for text in ["1", "2"] {
            pipeline.receive(.status(text), now: 1).map { give([$0]) }
        }
        #expect(answers.list == ["a: 1", "b: 2"])
        #expect(pipeline.receive(.none, now: 1) == nil)
    }

    @Test func aLateCommandFailsOnceAndItsReplyGoesToNobody() {
        let answers = Answers()
        var pipeline = Pipeline()
        pipeline.add([waiting("a", 100, answers), waiting("b", 200, answers), waiting("c", 250, answers)])
        _ = pipeline.send(now: 0)
        _ = pipeline.send(now: 0)
        #expect(pipeline.nextDeadline == 100)
        let outcomes = pipeline.expire(now: 100)
        #expect(outcomes.map(\.isLast) == [false])
        give(outcomes)
        #expect(pipeline.expire(now: 101).isEmpty)
        #expect(pipeline.nextDeadline == 200)
        pipeline.receive(.status("1"), now: 120).map { give([$0]) }
        pipeline.receive(.status("2"), now: 120).map { give([$0]) }
        #expect(answers.list == ["a: \(RedisFailure.late)", "b: 2"])
        give(pipeline.expire(now: 250))
        #expect(answers.list.last == "c: \(RedisFailure.late)")
        #expect(pipeline.send(now: 251) == nil)
    }

    @Test func whenTheConnectionIsGoneWhatWasSentIsLostAndTheRestWasNeverSent() {
        let answers = Answers()
        var pipeline = Pipeline()
        pipeline.add([waiting("a", 10, answers), waiting("b", 100, answers), waiting("c", 100, answers)])
        _ = pipeline.send(now: 0)
        _ = pipeline.send(now: 0)
        give(pipeline.expire(now: 10))
        let outcomes = pipeline.drop()
        #expect(outcomes.map(\.isLast) == [true, true, true])
        give(outcomes)
        #expect(answers.list == ["a: \(RedisFailure.late)", "b: \(RedisFailure.lost)", "c: \(RedisFailure.away)"])
        #expect(!pipeline.isAnswerDue && pipeline.nextDeadline == nil)
    }

    @Test func silenceIsCountedFromTheLastReplyWhileOneIsDue() {
        let answers = Answers()
        var pipeline = Pipeline()
        #expect(pipeline.silentSince == nil)
        pipeline.add([waiting("a", 100, answers), waiting("b", 100, answers)])
        _ = pipeline.send(now: 10)
        _ = pipeline.send(now: 20)
        #expect(pipeline.silentSince == 10)
        _ = pipeline.receive(.none, now: 30)
        #expect(pipeline.silentSince == 30)
        _ = pipeline.receive(.none, now: 40)
        #expect(pipeline.silentSince == nil)
    }

    @Test func pausesDoubleUpToALimitAndStartAnewAfterAConnectionThatLasted() {
        var generator = SystemRandomNumberGenerator()
        var backoff = Backoff(RedisLimits())
        for most: Int64 in [50, 100, 200, 400, 800, 1600, 2000, 2000] {
            #expect((most / 2...most).contains(backoff.pause(using: &generator)))
        }
        backoff.lasted(milliseconds: 100)
        #expect(backoff.pause(using: &generator) >= 1000)
        backoff.lasted(milliseconds: 60_000)
        #expect(backoff.pause(using: &generator) <= 50)
    }
}
