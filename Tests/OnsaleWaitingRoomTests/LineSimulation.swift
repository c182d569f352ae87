import Foundation
import OnsaleValues
import Seeded

@testable import OnsaleWaitingRoom

/// A crowd lining up: most in the lobby, the rest later. Some leave while waiting, some when it is their turn. The
/// simulation alone drives the clock, second by second.
struct LineSimulation {
    struct Result {
        var admitted = 0
        /// How many people stayed but were not admitted.
        var forgotten = 0
        var seconds = 0
        /// Relative errors of estimates of at least ten seconds, sorted.
        var errors: [Double] = []

        func error(percentile: Int) -> Double {
            errors.isEmpty ? 1 : errors[min(errors.count - 1, errors.count * percentile / 100)]
        }
    }

    let people: Int
    let cap: Int
    let passSeconds = 300
    let visitSeconds = 60.0
    let leavers = 0.3
    private var random: SeededRandom
    private var line: Line
    private var now: Int64 = 1_000_000
    /// The second at which each place's holder leaves for good.
    private var leavesAt: [Int64] = []
    private var isAdmitted: [Bool] = []
    /// What happens at each second.
    private var claims: [Int64: [PlaceID]] = [:]
    private var ends: [Int64: [(pass: PassID, buyer: BuyerID)]] = [:]
    private var estimates: [(number: LineNumber, at: Int64, eta: Int)] = []
    private var result = Result()

    init(people: Int, cap: Int, seed: UInt64) {
        self.people = people
        self.cap = cap
        random = SeededRandom(seed: seed)
        line = Line(
            schedule: OnsaleSchedule(
                lobbyOpensAt: Timestamp(seconds: 1_000_000), opensAt: Timestamp(seconds: 1_000_030), closesAt: nil,
                hasWaitingRoom: true, maxActiveShoppers: cap, passSeconds: passSeconds))
        _ = apply(CommitDraw(seed: [UInt8](repeating: UInt8(truncatingIfNeeded: seed), count: 32)))
    }

    /// Roughly how long the line takes, in seconds; people leave at any time within that.
    private var expectedSeconds: Double { Double(people) * (1 - leavers) / Double(cap) * visitSeconds }

    mutating func run() -> Result {
        let lobby = people * 7 / 10
        for _ in 0..<lobby { join() }
        let perSecond = max(1, (people - lobby) / 120)
        now += 29
        apply(NotePresence(of: (1...UInt32(lobby)).map(PlaceID.init).filter { leavesAt[Int($0.serial) - 1] > now }))
        now += 1
        // Ends once the line has passed everyone and the last people called have been served.
        while result.seconds < 100_000, leavesAt.count < people || line.activeShoppers > 0 || !isThrough {
            tick(arrivals: min(perSecond, people - leavesAt.count))
        }
        result.forgotten = (0..<people).count { leavesAt[$0] > now && !isAdmitted[$0] }
        result.errors.sort()
        return result
    }

    private mutating func join() {
        let isLeaver = Double.random(in: 0..<1, using: &random) < leavers
        leavesAt.append(isLeaver ? now + Int64.random(in: 0...Int64(expectedSeconds), using: &random) : .max)
        isAdmitted.append(false)
        apply(JoinLine(BuyerID(high: 1, low: UInt64(leavesAt.count) - 1)))
    }

    private mutating func tick(arrivals: Int) {
        result.seconds += 1
        for _ in 0..<arrivals { join() }
        markPresent()
        for place in claims.removeValue(forKey: now) ?? [] { claim(place) }
        for end in ends.removeValue(forKey: now) ?? [] { _ = apply(GiveUpPass(end.pass, buyer: end.buyer)) }
        if result.seconds % 10 == 0 { estimate() }
        now += 1
        var facts: [LineFact] = []
        line.advance(to: Timestamp(seconds: now), placesLeft: .max, facts: &facts)
        follow(facts)
        settleEstimates()
    }

    /// Marks only people near their turn, to save time; the others' presence doesn't matter yet.
    private mutating func markPresent() {
        let first = max(1, line.admittedThrough.serial)
        let last = min(line.issuedNumbers, first + UInt32(3 * cap))
        guard first <= last, result.seconds % 10 == 1 || cap < 100 else { return }
        let places = (first...last).compactMap { number -> PlaceID? in
            let place = line.place(of: LineNumber(number))
            return leavesAt[Int(place.serial) - 1] > now ? place : nil
        }
        _ = apply(NotePresence(of: places))
    }

    private mutating func claim(_ place: PlaceID) {
        let buyer = BuyerID(high: 1, low: UInt64(place.serial) - 1)
        guard case .success(let pass) = apply(ClaimPass(of: place, buyer: buyer)) else { return }
        result.admitted += 1
        isAdmitted[Int(place.serial) - 1] = true
        let visit = max(1, min(Double(passSeconds), -log(Double.random(in: 0.001..<1, using: &random)) * visitSeconds))
        ends[now + Int64(visit), default: []].append((pass.id, buyer))
    }

    private mutating func estimate() {
        for distance in [50, 500, 5000, 50_000, 300_000] {
            let number = LineNumber(line.admittedThrough.serial + UInt32(distance))
            guard number.serial <= line.issuedNumbers else { continue }
            let perSecond = line.numbersPerMinute(placesLeft: .max) / 60
            estimates.append((number, now, Int(Double(distance) / perSecond)))
        }
    }

    private mutating func settleEstimates() {
        let admittedThrough = line.admittedThrough
        for estimate in estimates where estimate.number <= admittedThrough {
            let truth = Double(now - estimate.at)
            guard truth >= 10 else { continue }
            result.errors.append(abs(Double(estimate.eta) - truth) / truth)
        }
        estimates.removeAll { $0.number <= admittedThrough }
    }

    @discardableResult
    private mutating func apply<Command: LineCommand>(_ command: Command) -> Swift.Result<Command.Answer, LineRefusal> {
        var facts: [LineFact] = []
        let outcome = line.ask(command, at: Timestamp(seconds: now), placesLeft: .max, facts: &facts)
        follow(facts)
        return outcome
    }

    private mutating func follow(_ facts: [LineFact]) {
        for fact in facts {
            guard case .called(let called) = fact else { continue }
            let place = called.place
            if leavesAt[Int(place.serial) - 1] > now {
                claims[now + Int64.random(in: 1...3, using: &random), default: []].append(place)
            }
        }
    }

    /// Whether nobody who stayed is still waiting.
    private var isThrough: Bool {
        line.admittedThrough.serial + UInt32(cap) >= line.issuedNumbers
            && (0..<people).allSatisfy { isAdmitted[$0] || leavesAt[$0] <= now }
    }
}
