import OnsaleBus
import OnsaleValues
import Testing

@testable import OnsaleEligibility

/// When the desk asks, and what it decides.
@Suite struct DeskTests {
    private var desk = EligibilityDesk()

    @Test("An order is asked about at once, and decided by the first answer")
    mutating func answered() throws {
        #expect(desk.open(try ask()))
        let call = try #require(desk.calls(at: monday).first)
        #expect(call.attempt == 1 && desk.calls(at: monday).isEmpty)
        let decision = desk.answered(call, no, at: after(300))
        #expect(decision?.outcome == .refused && decision?.reason == "no member" && decision?.at == after(300))
        #expect(decision?.message.reason == "no member" && decision?.type == .eligibilityRefused)
        #expect(desk.answered(call, yes, at: after(301)) == nil)
        #expect(desk.count == 0 && desk.callCount == 0 && desk.calls(at: after(400)).isEmpty)
        #expect(desk.overdue(at: after(100_000)).isEmpty)
    }

    @Test("A call that came to nothing is made again, later each time, until the deadline")
    mutating func retries() throws {
        _ = desk.open(try ask())
        var (now, begun) = (monday, [Int64]())
        while now < after(120_000) {
            for call in desk.calls(at: now) {
                begun.append(now.milliseconds - monday.milliseconds)
                #expect(call.attempt == begun.count)
                #expect(desk.answered(call, nil, at: now) == nil)
            }
            for decision in desk.overdue(at: now) {
                #expect(decision.at == after(60_000))
                #expect(decision.outcome == .granted && decision.reason == "unanswered")
            }
            guard let next = desk.nextMoment else { break }
            #expect(next > now)
            now = next
        }
        #expect(begun == [0, 1000, 3000, 7000, 15_000, 31_000])
        #expect(desk.count == 0 && now == after(60_000))
    }

    @Test("A policy that refuses, refuses")
    mutating func refusing() throws {
        desk = EligibilityDesk(EligibilitySettings(unanswered: .refuse))
        _ = desk.open(try ask())
        #expect(desk.overdue(at: after(59_999)).isEmpty)
        #expect(desk.overdue(at: after(60_000)).map(\.outcome) == [.refused])
    }

    @Test("An answer after the deadline is ignored, whether or not the desk has looked at the time")
    mutating func late() throws {
        _ = desk.open(try ask())
        let call = try #require(desk.calls(at: after(59_000)).first)
        #expect(call.timeoutMilliseconds == 1000)
        #expect(desk.answered(call, no, at: after(60_000)) == nil)
        #expect(desk.overdue(at: after(60_000)).map(\.reason) == ["unanswered"])
        #expect(desk.answered(call, no, at: after(60_001)) == nil)
    }

    @Test("One endpoint has no more calls than its share, and the others have theirs")
    mutating func shares() throws {
        desk = EligibilityDesk(EligibilitySettings(callsPerEndpointMax: 2, callsMax: 5))
        for number in 0..<10 { _ = desk.open(try ask("a\(number)", url: "https://a.example/\(number)")) }
        for number in 0..<3 { _ = desk.open(try ask("b\(number)", url: "https://b.example")) }
        for number in 0..<3 { _ = desk.open(try ask("c\(number)", url: "https://c.example")) }
        let calls = desk.calls(at: monday)
        #expect(calls.map(\.ask.order) == ["a0", "a1", "b0", "b1", "c0"])
        #expect(desk.calls(at: monday).isEmpty)
        _ = desk.answered(calls[0], yes, at: monday)
        // Whoever was cut short is first.
        #expect(desk.calls(at: monday).map(\.ask.order) == ["c1"])
    }

    @Test("A call that nobody tells the end of is given up, and its late end means nothing")
    mutating func lost() throws {
        _ = desk.open(try ask())
        let first = try #require(desk.calls(at: monday).first)
        #expect(desk.calls(at: after(14_999)).isEmpty && desk.callCount == 1)
        #expect(desk.calls(at: after(15_000)).isEmpty && desk.callCount == 0)
        let second = try #require(desk.calls(at: after(16_000)).first)
        #expect(second.attempt == 2)
        #expect(desk.answered(first, no, at: after(16_100)) == nil)
        #expect(desk.answered(second, yes, at: after(16_200))?.outcome == .granted)
    }

    @Test("A withdrawn order is never decided on")
    mutating func withdrawn() throws {
        _ = desk.open(try ask())
        let call = try #require(desk.calls(at: monday).first)
        desk.withdraw("ord_1")
        #expect(desk.answered(call, no, at: after(1)) == nil && desk.callCount == 0)
        #expect(desk.overdue(at: after(100_000)).isEmpty)
    }

    @Test("The desk has room for so many, and remembers nothing of those that have gone")
    mutating func room() throws {
        desk = EligibilityDesk(EligibilitySettings(openMax: 2))
        for name in ["a", "b", "a"] { #expect(desk.open(try ask(name))) }
        #expect(try !desk.open(ask("c")))
        for number in 0..<5000 {
            desk.withdraw("a")
            #expect(desk.open(try ask("a", deadlineSeconds: 600 + number)))
            desk.withdraw("a")
            #expect(desk.open(try ask("a")))
        }
        #expect(desk.alarmCount <= 3 * (1024 + 4))
    }

    @Test("After a restart the count of calls goes on")
    mutating func restart() throws {
        _ = desk.open(try ask(), attempts: 4)
        let call = try #require(desk.calls(at: monday).first)
        #expect(call.attempt == 5)
        _ = desk.answered(call, nil, at: monday)
        #expect(desk.calls(at: after(15_999)).isEmpty)
        #expect(desk.calls(at: after(16_000)).map(\.attempt) == [6])
    }
}
