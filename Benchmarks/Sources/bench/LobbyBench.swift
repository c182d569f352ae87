import Foundation
import OnsaleValues
import OnsaleWaitingRoom

/// (l) A line of a million and of ten million, without engine, journal or network: what the state machine alone takes.
///
/// Processor time, so that other work on the machine matters little. Everybody joins in the lobby and is present; then
/// the draw, then a million calls, of which three in ten find nobody.
enum LobbyBench {
    private static let cap = 5000
    private static let calls = 1_000_000
    private static let opening: Int64 = 1_003_600

    static func run(_ table: inout Table) throws {
        for people in [1_000_000, 10_000_000] as [UInt32] { try run(people, &table) }
    }

    private static func run(_ people: UInt32, _ table: inout Table) throws {
        let name = "(l) \(people / 1_000_000) M in line"
        let before = residentBytes()
        var clock = opening - 3600
        var facts: [LineFact] = []
        var line = Line(
            schedule: OnsaleSchedule(
                lobbyOpensAt: moment(clock), opensAt: moment(opening), closesAt: nil, hasWaitingRoom: true,
                maxActiveShoppers: cap, passSeconds: 600))
        _ = try line.apply(
            CommitDraw(seed: [UInt8](repeating: 7, count: 32)), now: moment(clock), placesLeft: .max, facts: &facts)
        let joining = try processorSeconds {
            for person in 1...people {
                if person % 10_000 == 0 { clock = opening - 3600 + Int64(person) * 3500 / Int64(people) }
                facts.removeAll(keepingCapacity: true)
                line.advance(to: moment(clock), placesLeft: .max, facts: &facts)
                _ = try line.apply(JoinLine(buyer(person)), now: moment(clock), placesLeft: .max, facts: &facts)
            }
        }
        table.add("\(name), joining, each", String(format: "%.2f µs", joining * 1e6 / Double(people)))
        let everybody = (1...people).map(PlaceID.init)
        clock = opening - 1
        _ = try line.apply(NotePresence(of: everybody), now: moment(clock), placesLeft: .max, facts: &facts)
        clock = opening
        facts.removeAll()
        let drawing = processorSeconds { line.advance(to: moment(clock), placesLeft: .max, facts: &facts) }
        table.add("\(name), the draw", String(format: "%.2f s", drawing), "and the first \(cap) calls")
        let present = try processorSeconds {
            _ = try line.apply(NotePresence(of: everybody), now: moment(clock), placesLeft: .max, facts: &facts)
        }
        table.add(
            "\(name), noting that all are present", String(format: "%.2f s", present), "every 10 s, on the writer")
        let calling = try processorSeconds { try call(&line, &clock, everybody, facts) }
        table.add(
            "\(name), a call", String(format: "%.1f µs", calling * 1e6 / Double(calls)),
            "with presence of all every 10 s")
        facts.removeAll()
        clock += 3600
        let passing = processorSeconds { line.advance(to: moment(clock), placesLeft: .max, facts: &facts) }
        table.add("\(name), passing over all the others, absent", String(format: "%.2f s", passing), "in one turn")
        table.add("\(name), resident, each", "\((residentBytes() - before) / Int(people)) bytes")
        var snapshot = ByteWriter()
        let writing = processorSeconds { line.encodeSnapshot(into: &snapshot) }
        table.add(
            "\(name), a snapshot", String(format: "%.2f s", writing),
            "\(snapshot.bytes.count / Int(people)) bytes each; \((residentBytes() - before) / Int(people)) bytes resident"
        )
    }

    /// Everybody who is called claims the pass and gives it up, but three in ten.
    private static func call(
        _ line: inout Line, _ clock: inout Int64, _ everybody: [PlaceID], _ first: [LineFact]
    ) throws {
        var called = places(first)
        var turns = 0
        while turns < calls, !called.isEmpty {
            clock += 1
            var facts: [LineFact] = []
            line.advance(to: moment(clock), placesLeft: .max, facts: &facts)
            for place in called {
                turns += 1
                guard place.serial % 10 >= 3 else { continue }
                let fan = buyer(place.serial)
                let pass = try line.apply(
                    ClaimPass(of: place, buyer: fan), now: moment(clock), placesLeft: .max, facts: &facts)
                _ = try line.apply(
                    GiveUpPass(pass.id, buyer: fan), now: moment(clock), placesLeft: .max, facts: &facts)
            }
            called = places(facts)
            if clock % 10 == 0 {
                _ = try line.apply(NotePresence(of: everybody), now: moment(clock), placesLeft: .max, facts: &facts)
            }
            if called.isEmpty {
                clock += 20
                facts.removeAll()
                line.advance(to: moment(clock), placesLeft: .max, facts: &facts)
                called = places(facts)
            }
        }
    }

    private static func places(_ facts: [LineFact]) -> [PlaceID] {
        facts.compactMap { if case .called(let call) = $0 { call.place } else { nil } }
    }

    private static func moment(_ second: Int64) -> Timestamp { Timestamp(milliseconds: second * 1000) }

    /// As unlike one another as the HMACs that they are.
    private static func buyer(_ person: UInt32) -> BuyerID {
        BuyerID(high: UInt64(person) &* 0x9e37_79b9_7f4a_7c15, low: UInt64(person))
    }

    private static func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
        let before = processorSeconds()
        try body()
        return processorSeconds() - before
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
