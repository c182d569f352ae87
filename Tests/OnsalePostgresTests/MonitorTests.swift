import Foundation
import Testing

@testable import OnsalePostgres

@Suite(.timeLimit(.minutes(1))) struct MonitorTests {
    @Test("Whoever waits is woken by a change, and by the deadline without one")
    func wakes() {
        let monitor = Monitor(0)
        #expect(monitor.wait(until: .after(.milliseconds(20))) { $0 > 0 ? $0 : nil } == nil)
        let thread = Thread { for _ in 0..<1000 { monitor.change { $0 += 1 } } }
        thread.start()
        #expect(monitor.wait(until: .after(.seconds(30))) { $0 == 1000 ? $0 : nil } == 1000)
    }

    @Test("Waits between attempts double, have a limit, and begin anew after a success")
    func backoff() {
        var backoff = Backoff()
        let waits = (0..<12).map { _ in backoff.next() }
        for wait in waits { #expect(wait >= .milliseconds(12) && wait <= .seconds(1)) }
        #expect(waits[11] >= .milliseconds(500))
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(25))
    }
}
