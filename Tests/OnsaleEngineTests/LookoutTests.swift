import OnsaleValues
import Testing

@testable import OnsaleEngine

@Suite("What a look at the registry does at once")
struct LookoutTests {
    private func challenges(_ mailbox: Mailbox) -> [UInt64] {
        mailbox.take(waitingAtMost: 0).mail.arrivals.compactMap { arrival in
            if case .challenge("opera", let epoch) = arrival { epoch } else { nil }
        }
    }

    private func sighting(epoch: UInt64) -> Sighting {
        Sighting(
            nodes: [], heads: [.init(event: "opera", lastSequence: 9, epoch: epoch, owner: nil)], askedAt: 1000)
    }

    @Test("Others' epochs challenge an event that isn't here yet, once: it may come with a state that is older")
    func challengesAheadOfTheEvent() {
        let mailbox = Mailbox()
        var lookout = Lookout(directory: EventDirectory(), mailbox: mailbox, lease: Lease())
        lookout.heed(sighting(epoch: 6))
        #expect(challenges(mailbox) == [6])
        lookout.heed(sighting(epoch: 6))
        #expect(challenges(mailbox) == [])
        lookout.heed(sighting(epoch: 7))
        #expect(challenges(mailbox) == [7])
    }

    @Test("The lease runs from when the registry was asked, not from when it answered")
    func lease() {
        let lease = Lease()
        var lookout = Lookout(directory: EventDirectory(), mailbox: Mailbox(), lease: lease)
        #expect(!lease.isValid(at: 1000))
        lookout.heed(sighting(epoch: 1))
        #expect(lease.isValid(at: 3000) && !lease.isValid(at: 3001))
    }
}
