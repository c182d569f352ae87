import OnsaleValues
import Seeded
import Testing

@testable import OnsaleEngine

struct ProviderGateTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)
    private static let later = start.adding(seconds: 60)

    @Test("Two probes in a row without an answer close the gate, one doesn't")
    func probes() {
        let gate = Gate()
        #expect(!gate.noteUnansweredProbe(at: ProviderGateTests.start))
        #expect(gate.isOpen && gate.health == .unknown)
        #expect(gate.noteUnansweredProbe(at: ProviderGateTests.later))
        #expect(!gate.isOpen && gate.health == .away(since: ProviderGateTests.later))
        // It is no news any more, and away since then.
        #expect(!gate.noteUnansweredProbe(at: ProviderGateTests.later.adding(seconds: 60)))
        #expect(gate.health == .away(since: ProviderGateTests.later))
    }

    @Test("Any answer in between starts the count of probes anew", arguments: [true, false])
    func answersBetween(isProbe: Bool) {
        let gate = Gate()
        for _ in 0..<5 {
            #expect(!gate.noteUnansweredProbe(at: ProviderGateTests.start))
            #expect(!gate.noteAnswer(isProbe: isProbe))
            #expect(gate.isOpen && gate.health == .well)
        }
    }

    @Test("Orders' calls without an answer close it at the eighth in a row; probes don't count among them")
    func silence() {
        let gate = Gate()
        #expect(!gate.noteUnansweredProbe(at: ProviderGateTests.start))
        for _ in 0..<7 { #expect(!gate.noteSilence(at: ProviderGateTests.start)) }
        #expect(gate.isOpen)
        #expect(gate.noteSilence(at: ProviderGateTests.later))
        #expect(gate.health == .away(since: ProviderGateTests.later))
        // Nor do they count among the probes.
        let other = Gate()
        for _ in 0..<7 { #expect(!other.noteSilence(at: ProviderGateTests.start)) }
        #expect(!other.noteUnansweredProbe(at: ProviderGateTests.start) && other.isOpen)
    }

    @Test("An answered probe opens it on trial: one more silence closes it, an order's answer ends the trial")
    func opensOnTrial() {
        let gate = Gate()
        for _ in 0..<2 { _ = gate.noteUnansweredProbe(at: ProviderGateTests.start) }
        #expect(gate.noteAnswer(isProbe: true))
        #expect(gate.isOpen && gate.isOnTrial)
        #expect(gate.noteSilence(at: ProviderGateTests.later))
        #expect(!gate.isOpen)
        #expect(gate.noteAnswer(isProbe: true))
        #expect(gate.noteAnswer(isProbe: false))
        #expect(gate.isOpen && !gate.isOnTrial)
        for _ in 0..<7 { #expect(!gate.noteSilence(at: ProviderGateTests.later)) }
    }

    @Test("On trial, too, it takes two probes")
    func probesOnTrial() {
        let gate = Gate()
        for _ in 0..<2 { _ = gate.noteUnansweredProbe(at: ProviderGateTests.start) }
        _ = gate.noteAnswer(isProbe: true)
        #expect(!gate.noteUnansweredProbe(at: ProviderGateTests.later) && gate.isOpen)
        #expect(gate.noteUnansweredProbe(at: ProviderGateTests.later) && !gate.isOpen && !gate.isOnTrial)
    }

    @Test("A rejected key closes it, and silence doesn't hide that")
    func rejectedKey() {
        let gate = Gate()
        #expect(gate.noteRefusedKey(at: ProviderGateTests.start) && !gate.isOpen)
        #expect(!gate.noteRefusedKey(at: ProviderGateTests.later))
        for _ in 0..<3 { #expect(!gate.noteUnansweredProbe(at: ProviderGateTests.later)) }
        for _ in 0..<20 { #expect(!gate.noteSilence(at: ProviderGateTests.later)) }
        #expect(gate.health == .unauthorized(since: ProviderGateTests.start))
        #expect(gate.noteAnswer(isProbe: true) && gate.isOpen)
    }

    @Test("It closes only by what was seen since the last answer", arguments: 1...50 as ClosedRange<UInt64>)
    func anyOrder(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let gate = Gate()
        var (silences, probes, isTrial) = (0, 0, false)
        for _ in 0..<500 {
            let wasOpen = gate.isOpen
            switch Int.random(in: 0..<20, using: &random) {
            case 0, 1:
                let isProbe = random.happens(0.5)
                _ = gate.noteAnswer(isProbe: isProbe)
                isTrial = isProbe && (!wasOpen || isTrial)
                (silences, probes) = (0, 0)
                #expect(gate.isOpen)
            case 2..<12:
                silences += 1
                let closes = gate.noteSilence(at: ProviderGateTests.start)
                #expect(closes == (wasOpen && silences >= (isTrial ? 1 : 8)))
            default:
                probes += 1
                #expect(gate.noteUnansweredProbe(at: ProviderGateTests.start) == (wasOpen && probes >= 2))
            }
            if !gate.isOpen { isTrial = false }
            #expect(gate.isOnTrial == isTrial)
        }
    }
}

/// A gate to be changed within expectations.
private final class Gate {
    private var gate = ProviderGate()

    var isOpen: Bool { gate.isOpen }
    var isOnTrial: Bool { gate.isOnTrial }
    var health: ProviderHealth { gate.health }

    func noteAnswer(isProbe: Bool) -> Bool { gate.noteAnswer(isProbe: isProbe) }
    func noteSilence(at now: Timestamp) -> Bool { gate.noteSilence(at: now) }
    func noteUnansweredProbe(at now: Timestamp) -> Bool { gate.noteUnansweredProbe(at: now) }
    func noteRefusedKey(at now: Timestamp) -> Bool { gate.noteRefusedKey(at: now) }
}
