import Testing

@testable import OnsaleRehearsal

/// When the crowd sends a request again by itself.
@Suite struct RepetitionsTests {
    /// The pause after a first try.
    private static func first(_ status: Int?, retryAfter: Int? = nil, elapsed: Duration = .zero) -> Duration? {
        var repetitions = Repetitions()
        return repetitions.pause(after: status, retryAfterSeconds: retryAfter, elapsed: elapsed)
    }

    @Test("Four tries are the most, with growing pauses that differ")
    func growing() {
        for _ in 0..<20 {
            var repetitions = Repetitions()
            var pauses: [Duration] = []
            for status in [502, 503, 504, nil, 503] {
                if let pause = repetitions.pause(after: status, retryAfterSeconds: nil, elapsed: .zero) {
                    pauses.append(pause)
                }
            }
            #expect(pauses.count == 3)
            for (pause, least) in zip(pauses, [0.125, 0.25, 0.5]) {
                #expect(pause >= .seconds(least) && pause <= .seconds(least * 3))
            }
        }
        #expect(Set((0..<20).map { _ in Self.first(503) }).count > 10)
    }

    @Test("Nothing that was decided is repeated, nor what the server wants much later, nor for ever")
    func decided() {
        for status in [200, 201, 409, 410, 429, 500] { #expect(Self.first(status) == nil, "\(status)") }
        #expect(Self.first(503, retryAfter: 60) == nil)
        #expect(Self.first(503, retryAfter: -1) == nil)
        #expect(Self.first(nil, elapsed: .seconds(30)) == nil)
        #expect(Self.first(503, retryAfter: 3).map { $0 > .seconds(3) } == true)
    }
}
