import Foundation
import OnsaleValues
import Testing

@testable import OnsaleWaitingRoom

@Suite struct LineTests {
    @Test("Random histories never exceed the cap, admit anyone ahead of a smaller present number, or repeat a number")
    func randomHistories() {
        let seeds = ProcessInfo.processInfo.environment["ONSALE_LINE_SEEDS"].flatMap(UInt64.init) ?? 10_000
        for seed in 0..<seeds {
            var history = LineHistory(seed: seed)
            history.run()
            #expect(history.faults.isEmpty, "seed \(seed): \(history.faults.joined(separator: "; "))")
            if !history.faults.isEmpty { return }
        }
    }

    @Test("Of a million simulated people, those who stay are all admitted, and estimates are close though 30 % leave")
    func simulatedMillion() {
        var simulation = LineSimulation(people: 1_000_000, cap: 20_000, seed: 1)
        let result = simulation.run()
        print(
            "simulated line: \(result.admitted) admitted in \(result.seconds) s; estimates' error:",
            "median \(result.error(percentile: 50)), p95 \(result.error(percentile: 95)) of \(result.errors.count)")
        #expect(result.forgotten == 0)
        #expect(result.admitted >= 700_000)
        #expect(result.error(percentile: 50) <= 0.10)
        #expect(result.error(percentile: 95) <= 0.25)
    }

    // MARK: Unused passes and places

    private static let buyers = (0..<5).map { BuyerID(high: 7, low: UInt64($0)) }

    private func line(cap: Int, idle: Int = 60, front: Int = 60) -> Line {
        Line(
            schedule: OnsaleSchedule(
                lobbyOpensAt: nil, opensAt: Timestamp(seconds: 0), closesAt: nil, hasWaitingRoom: true,
                maxActiveShoppers: cap, passSeconds: 600, passIdleSeconds: idle, frontSeconds: front))
    }

    /// The outcome of a command, and its facts.
    private func ask<Command: LineCommand>(
        _ line: inout Line, _ command: Command, at second: Int64
    ) -> (Result<Command.Answer, LineRefusal>, [LineFact]) {
        var facts: [LineFact] = []
        line.advance(to: Timestamp(seconds: second), placesLeft: 1000, facts: &facts)
        let outcome = line.ask(command, at: Timestamp(seconds: second), placesLeft: 1000, facts: &facts)
        return (outcome, facts)
    }

    @Test("A holder passed over can return to the front for a while; later the old ticket gets a place at the end")
    func comesBackLate() {
        for (returnsAt, isLate) in [(Int64(50), false), (Int64(200), true)] {
            var line = line(cap: 1)
            _ = ask(&line, JoinLine(Self.buyers[0]), at: 0)
            // Place 1 is called at once, and its holder doesn't come.
            _ = ask(&line, JoinLine(Self.buyers[1]), at: 21)
            _ = ask(&line, JoinLine(Self.buyers[2]), at: returnsAt - 1)
            let (outcome, facts) = ask(&line, ClaimPass(of: 1, buyer: Self.buyers[0]), at: returnsAt)
            #expect(facts.contains(.moved(.init(place: 1, to: 4))) == isLate)
            if isLate {
                guard case .failure(.notAdmitted) = outcome else {
                    Issue.record("\(outcome)")
                    continue
                }
                let (again, _) = ask(&line, JoinLine(Self.buyers[0]), at: returnsAt)
                guard case .success((let place, isNew: false)) = again else {
                    Issue.record("\(again)")
                    continue
                }
                #expect(place.id == 4 && place.number == 4)
            }
            #expect(line.breaches().isEmpty && line.fault == nil)
        }
    }

    @Test("A line that comes back to a process counts nobody as absent who was present elsewhere meanwhile")
    func forgetsAttendance() {
        for forgets in [true, false] {
            var line = line(cap: 1)
            for buyer in Self.buyers[..<3] { _ = ask(&line, JoinLine(buyer), at: 0) }
            _ = ask(&line, ClaimPass(of: 1, buyer: Self.buyers[0]), at: 1)
            if forgets { line.forgetAttendance() }
            // The first pass has ended, and the one behind asks first.
            _ = ask(&line, JoinLine(Self.buyers[2]), at: 700)
            let (behind, _) = ask(&line, ClaimPass(of: 3, buyer: Self.buyers[2]), at: 701)
            let (before, _) = ask(&line, ClaimPass(of: 2, buyer: Self.buyers[1]), at: 702)
            let isServed = [before, behind].map { (try? $0.get()) != nil }
            #expect(isServed == [forgets, !forgets])
            #expect(line.breaches().isEmpty && line.fault == nil)
        }
    }

    @Test("Lowering the cap withdraws calls at once, and admissions stay within it")
    func lowersCap() {
        var line = line(cap: 4)
        for buyer in Self.buyers { _ = ask(&line, JoinLine(buyer), at: 0) }
        _ = ask(&line, ClaimPass(of: 1, buyer: Self.buyers[0]), at: 1)
        let change = ScheduleChange(lobbyOpensAt: nil, opensAt: nil, closesAt: nil, maxActiveShoppers: 2)
        let (_, facts) = ask(&line, ChangeSchedule(change), at: 2)
        #expect(facts.suffix(2) == [.callWithdrawn(.init(place: 4)), .callWithdrawn(.init(place: 3))])
        for place in 2...4 as ClosedRange<UInt32> {
            _ = ask(&line, ClaimPass(of: PlaceID(place), buyer: Self.buyers[Int(place) - 1]), at: 3)
        }
        #expect(line.activeShoppers == 2)
    }

    @Test("An idle pass ends; a pass whose holder has a hold or an order does not")
    func idlePass() {
        var line = line(cap: 2, idle: 60)
        for buyer in Self.buyers.prefix(3) { _ = ask(&line, JoinLine(buyer), at: 0) }
        for place in 1...2 as ClosedRange<UInt32> {
            _ = ask(&line, ClaimPass(of: PlaceID(place), buyer: Self.buyers[Int(place) - 1]), at: 1)
        }
        #expect(line.nextDue() == Timestamp(seconds: 61))
        var facts: [LineFact] = []
        while let pass = line.duePass(at: Timestamp(seconds: 61)) {
            line.settleDuePass(isIdle: pass.id == 1, now: Timestamp(seconds: 61), facts: &facts)
        }
        #expect(facts == [.passEnded(.init(pass: 1, why: .idle))] && line.activeShoppers == 1)
        // The other holder's hold ends; the idle time starts there.
        line.noteEnd(of: Self.buyers[1], at: Timestamp(seconds: 100))
        #expect(line.duePass(at: Timestamp(seconds: 159)) == nil)
        #expect(line.duePass(at: Timestamp(seconds: 160))?.id == 2)
    }

    @Test("Downtime doesn't count as idle time: passes survive a restart")
    func downtime() throws {
        var line = line(cap: 2, idle: 60)
        _ = ask(&line, JoinLine(Self.buyers[0]), at: 0)
        _ = ask(&line, ClaimPass(of: 1, buyer: Self.buyers[0]), at: 1)
        var writer = ByteWriter()
        line.encodeSnapshot(into: &writer)
        var reader = ByteReader(writer.bytes)
        var restored = try Line(snapshot: &reader)
        var facts: [LineFact] = []
        restored.advance(to: Timestamp(seconds: 500), placesLeft: 1000, facts: &facts)
        #expect(restored.duePass(at: Timestamp(seconds: 500)) == nil && restored.activeShoppers == 1)
        #expect(restored.duePass(at: Timestamp(seconds: 560))?.id == 1)
    }
}
