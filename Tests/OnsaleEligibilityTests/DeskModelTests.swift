import OnsaleValues
import Seeded
import Testing

@testable import OnsaleEligibility

/// Random days of a desk: endpoints that answer, fail, hang or lie about their time; restarts; withdrawals.
@Suite struct DeskModelTests {
    private struct Flight {
        let call: EligibilityDesk.Call
        let endsAt: Timestamp
        /// Nil if it comes to nothing.
        let answer: EligibilityAnswer?
    }

    /// What the store keeps.
    private struct Known {
        let ask: EligibilityAsk
        var attempts = 0
        var decision: EligibilityDecision?
        var isWithdrawn = false
    }

    private final class World {
        var random: SeededRandom
        let settings: EligibilitySettings
        var desk: EligibilityDesk
        var known: [String: Known] = [:]
        var flights: [Flight] = []
        var now = monday
        var problems: [String] = []
        var made = 0
        var answeredCount = 0

        init(seed: UInt64) {
            random = SeededRandom(seed: seed)
            settings = EligibilitySettings(
                unanswered: seed % 2 == 0 ? .grant : .refuse, retryMillisecondsMax: 8000,
                callsPerEndpointMax: Int.random(in: 1...3, using: &random),
                callsMax: Int.random(in: 2...6, using: &random), openMax: Int.random(in: 5...40, using: &random))
            desk = EligibilityDesk(settings)
        }

        /// All open orders that the store has and the desk may not have.
        func refill() {
            let open = known.values.filter { $0.decision == nil && !$0.isWithdrawn }
            for one in open.sorted(by: { $0.ask.order < $1.ask.order }) {
                guard desk.open(one.ask, attempts: one.attempts) else { return }
            }
        }

        func decide(_ decision: EligibilityDecision, byAnswer answer: EligibilityAnswer?) {
            let order = decision.ask.order
            guard let one = known[order], one.decision == nil, !one.isWithdrawn else {
                problems.append("\(order) was decided once more")
                return
            }
            known[order]?.decision = decision
            if let answer {
                answeredCount += 1
                if now >= one.ask.deadline { problems.append("\(order) was answered late") }
                if decision.outcome != (answer.isEligible ? .granted : .refused) {
                    problems.append("\(order) is wrong")
                }
            } else {
                if now < one.ask.deadline { problems.append("\(order) was given up early") }
                let wanted: EligibilityDecision.Outcome = settings.unanswered == .grant ? .granted : .refused
                if decision.outcome != wanted { problems.append("\(order) isn't what the policy says") }
            }
        }

        func arrive() throws {
            made += 1
            let host = Int.random(in: 0..<4, using: &random)
            let name = "ord_\(made)"
            known[name] = Known(
                ask: try ask(
                    name, url: "https://h\(host).example/", at: now,
                    deadlineSeconds: Int.random(in: 1...90, using: &random)))
        }

        func step() throws {
            now = Timestamp(milliseconds: now.milliseconds + Int64.random(in: 1...3000, using: &random))
            if random.happens(0.4) { try arrive() }
            if random.happens(0.03), let name = known.keys.sorted().randomElement(using: &random) {
                if known[name]?.decision == nil { known[name]?.isWithdrawn = true }
                desk.withdraw(name)
            }
            if random.happens(0.02) {
                desk = EligibilityDesk(settings)
                flights = []
            }
            finish()
            giveUp()
            for call in desk.calls(at: now) { begin(call) }
            check()
        }

        /// Lets the policy decide what is overdue; others take the room.
        func giveUp() {
            while true {
                refill()
                let decisions = desk.overdue(at: now)
                if decisions.isEmpty { return }
                for decision in decisions { decide(decision, byAnswer: nil) }
            }
        }

        private func finish() {
            let ended = flights.filter { $0.endsAt <= now }
            flights.removeAll { $0.endsAt <= now }
            for flight in ended.shuffled(using: &random) {
                guard let decision = desk.answered(flight.call, flight.answer, at: now) else { continue }
                guard let answer = flight.answer else {
                    problems.append("nothing is no answer")
                    continue
                }
                decide(decision, byAnswer: answer)
            }
        }

        private func begin(_ call: EligibilityDesk.Call) {
            let order = call.ask.order
            guard let one = known[order], one.decision == nil, !one.isWithdrawn else {
                problems.append("\(order) was asked about for nothing")
                return
            }
            if call.attempt != one.attempts + 1 { problems.append("\(order): attempt \(call.attempt)") }
            if now.milliseconds + call.timeoutMilliseconds > one.ask.deadline.milliseconds {
                problems.append("\(order) may be answered past its deadline")
            }
            known[order]?.attempts = call.attempt
            // The first host is down; some calls end long after their time, or never.
            let isDown = call.ask.url.contains("h0")
            let span = random.happens(0.1) ? 40_000 : Int64.random(in: 1...9000, using: &random)
            guard !random.happens(0.03) else { return }
            flights.append(
                Flight(
                    call: call, endsAt: Timestamp(milliseconds: now.milliseconds + span),
                    answer: isDown || random.happens(0.5) ? nil : random.happens(0.5) ? yes : no))
        }

        private func check() {
            if desk.count > settings.openMax { problems.append("the desk is too full") }
            if desk.callCount > settings.callsMax { problems.append("too many calls") }
            let open = known.values.filter { $0.decision == nil && !$0.isWithdrawn }
            if desk.count != min(open.count, settings.openMax) { problems.append("the desk lost an order") }
            // Nothing that has its place is left undecided past its deadline.
            if open.count <= settings.openMax, open.contains(where: { $0.ask.deadline <= now }) {
                problems.append("an order is past its deadline")
            }
        }
    }

    @Test("Every order is decided once, in time, by an answer or by the policy", arguments: 1...100)
    func days(seed: UInt64) throws {
        let world = World(seed: seed)
        for _ in 0..<250 { try world.step() }
        world.now = world.now.adding(seconds: 90)
        world.giveUp()
        #expect(world.problems.isEmpty, "seed \(seed): \(world.problems.prefix(5))")
        #expect(world.known.values.allSatisfy { $0.decision != nil || $0.isWithdrawn })
        #expect(world.desk.count == 0 && world.answeredCount > 0)
    }
}
