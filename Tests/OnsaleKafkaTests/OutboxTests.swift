import OnsaleBus
import Testing

@testable import OnsaleKafka

@Suite struct OutboxTests {
    private func parcels(_ keys: String...) -> [Parcel] {
        keys.map { Parcel(topic: "t", message: BusMessage(key: $0, headers: [], data: [])) }
    }

    private func succeeded(_ outcome: Outbox.Outcome?) -> Bool? {
        outcome.map { if case .success = $0.result { true } else { false } }
    }

    @Test func aBatchIsDoneWhenAllOfItIsConfirmed() {
        var outbox = Outbox()
        outbox.add(parcels("a", "b"), bytes: 2, deadline: 10, answer: Promise())
        outbox.add(parcels("c"), bytes: 1, deadline: 5, answer: Promise())
        #expect(outbox.deadline == 5)
        var handed: [String] = []
        var batches: [UInt] = []
        while let next = outbox.next {
            handed.append(next.parcel.message.key)
            batches.append(next.batch)
            outbox.handOver()
        }
        #expect(handed == ["a", "b", "c"])
        #expect(succeeded(outbox.confirm(batches[0])) == nil)
        #expect(succeeded(outbox.confirm(batches[2])) == true)
        #expect(succeeded(outbox.confirm(batches[1])) == true)
        #expect(succeeded(outbox.confirm(batches[1])) == nil)
        #expect(outbox.deadline == nil)
    }

    @Test func ofARefusedBatchNothingMoreIsHandedOverAndOthersGoOn() {
        var outbox = Outbox()
        outbox.add(parcels("a", "b", "c"), bytes: 3, deadline: 10, answer: Promise())
        outbox.add(parcels("d"), bytes: 1, deadline: 10, answer: Promise())
        let first = outbox.next?.batch ?? 0
        outbox.handOver()
        #expect(succeeded(outbox.refuseNext(BusError(.refused, "too large"))) == false)
        #expect(outbox.next?.parcel.message.key == "d")
        #expect(succeeded(outbox.confirm(first)) == nil)
    }

    @Test func allFailTogetherAndLateConfirmationsMeanNothing() {
        var outbox = Outbox()
        for key in ["a", "b"] { outbox.add(parcels(key), bytes: 1, deadline: 10, answer: Promise()) }
        let first = outbox.next?.batch ?? 0
        outbox.handOver()
        let outcomes = outbox.failAll(BusError(.unavailable, "late"))
        #expect(outcomes.map(\.bytes) == [1, 1] && outcomes.allSatisfy { succeeded($0) == false })
        #expect(outbox.next == nil && outbox.deadline == nil)
        outbox.add(parcels("c"), bytes: 1, deadline: 20, answer: Promise())
        #expect(outbox.next?.batch != first)
        #expect(succeeded(outbox.confirm(first)) == nil)
    }

    @Test func whoeverWaitsNoMoreIsPassedOver() {
        var outbox = Outbox()
        let answer = Promise<Void>()
        outbox.add(parcels("a"), bytes: 1, deadline: 10, answer: answer)
        #expect(!outbox.isNextSettled)
        answer.fulfil(.failure(CancellationError()))
        #expect(outbox.isNextSettled)
    }
}
