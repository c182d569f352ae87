import Synchronization
import Testing

@testable import OnsaleTables

@Suite struct LeftoverTests {
    /// A machine of two processors for a tenth of a second, in which others want so much and late work takes what it may.
    private func tick(_ times: inout ProcessorTimes, wanted: Double, share: Double) {
        // Whoever is displaced is not seen.
        let late = min(share, 1) * 0.4 + max(0, 1 - wanted) * share * 0.6
        let others = min(wanted, 1 - late)
        times.others += Int64(others * 1000)
        times.standingBack += Int64(late * 1000)
        times.idle += Int64(max(0, 1 - others - late) * 1000)
    }

    private func settled(wanted: Double, from share: LeftoverShare = LeftoverShare()) throws -> LeftoverShare {
        var share = share
        var times = try #require(ProcessorTimes(stat: "cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1"))
        for _ in 0..<40 {
            let last = times
            tick(&times, wanted: wanted, share: share.value)
            share.take(times, since: last)
        }
        return share
    }

    @Test("Late work gives way to others who want everything, and has everything once they have gone")
    func share() throws {
        let gaveWay = try settled(wanted: 0.95)
        #expect(gaveWay.value == LeftoverShare.least)
        #expect(try settled(wanted: 0.3).value == 1)
        #expect(try settled(wanted: 0.3, from: gaveWay).value == 1)
        let some = try settled(wanted: 0.7, from: gaveWay).value
        #expect(some > 0.1)
    }

    @Test("What the system says is read, and nothing else")
    func stat() throws {
        let times = try #require(ProcessorTimes(stat: "cpu  10 20 30 40 50 60 70 80 90 100\ncpu0 1 2 3"))
        #expect(times.idle == 90 && times.standingBack == 20 && times.others == 10 + 30 + 60 + 70 + 80)
        for bad in ["", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 3", "cpu  1 2 3 4 5 6 7 -8", "cpu  a b c d e f g h"] {
            #expect(ProcessorTimes(stat: bad) == nil, "\(bad)")
        }
        var share = LeftoverShare()
        // A look in the same tick, and one at a clock that runs backward.
        share.take(times, since: times)
        share.take(try #require(ProcessorTimes(stat: "cpu  1 2 3 4 5 6 7 8")), since: times)
        #expect(share == LeftoverShare())
    }

    @Test("A pause is as long as the share says, and never longer than others wait for a sign of life")
    func pauses() async throws {
        let busy = Mutex(ProcessorTimes(stat: "cpu  0 0 0 0 0 0 0 0"))
        let leftover = Leftover {
            busy.withLock { times in
                times?.others += 100
                return times
            }
        }
        #expect(leftover.pause(after: .seconds(1)) == .zero)
        for _ in 0..<10 {
            try await Task.sleep(for: .milliseconds(260))
            #expect(leftover.pause(after: .zero) == .zero)
        }
        #expect(leftover.pause(after: .milliseconds(1)) == .milliseconds(99))
        #expect(leftover.pause(after: .seconds(1)) == .seconds(4))
        #expect(Leftover { nil }.pause(after: .seconds(1)) == .zero)
    }
}
