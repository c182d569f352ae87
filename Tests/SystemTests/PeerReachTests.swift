import Testing

@testable import onsale

/// When a node gives another one up that answers nothing.
@Suite struct PeerReachTests {
    private let reach = PeerReach()

    @Test("A node that has answered nothing for two seconds is given up, counted from the first question")
    func silence() {
        #expect(!reach.isGivenUp("seoul", since: 1000, now: 1001))
        #expect(!reach.isGivenUp("seoul", since: 2500, now: 2999))
        #expect(reach.isGivenUp("seoul", since: 2900, now: 3000))
        #expect(!reach.isGivenUp("busan", since: 2900, now: 3000))
    }

    @Test("One question that waited long is enough if nothing was answered meanwhile")
    func oneLongWait() {
        #expect(reach.isGivenUp("seoul", since: 1000, now: 6000))
    }

    @Test("A node that is late now and then, but answers others, is kept")
    func busy() {
        for second in 0..<20 as Range<Int64> {
            reach.noteAnswer(of: "seoul", now: second * 1000)
            #expect(!reach.isGivenUp("seoul", since: second * 1000 - 5000, now: second * 1000 + 1))
            #expect(!reach.isGivenUp("seoul", since: second * 1000 + 100, now: second * 1000 + 900))
        }
    }

    @Test("After an answer, silence is counted anew")
    func anew() {
        #expect(!reach.isGivenUp("seoul", since: 1000, now: 2500))
        reach.noteAnswer(of: "seoul", now: 2600)
        #expect(!reach.isGivenUp("seoul", since: 2700, now: 4000))
        #expect(reach.isGivenUp("seoul", since: 4500, now: 4700))
    }
}
