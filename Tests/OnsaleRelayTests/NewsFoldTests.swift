import OnsaleBus
import OnsaleValues
import Testing

@testable import OnsaleEngine
@testable import OnsaleRelay
@testable import OnsaleSale

@Suite struct NewsFoldTests {
    private func fact(_ body: some OrderFactBody) -> Fact { .sale(body.fact) }

    private func told(
        sequence: UInt64, type: EventType, order: OrderID, refunded: Int64, reason: String?, words: String? = nil,
        returned: [Int] = []
    ) -> OrderNews {
        OrderNews(
            sequence: sequence, type: type, order: order, refunded: refunded, reason: reason, proof: nil,
            disputedAfter: nil, words: words, returned: returned)
    }

    @Test("Each message of an order says what had gone back by then, and why")
    func refunds() {
        var fold = NewsFold()
        let note = AuditNote(actor: "eligibility", action: .ineligible, detail: "not in the fan club")
        let news = fold.take(
            [
                fact(SaleFact.OrderConfirmed(order: 1, captured: 5000)),
                fact(SaleFact.RefundedByProvider(order: 1, total: 1000)),
                fact(SaleFact.OrderCancelled(order: 1, byOrganizer: true, key: nil, reason: nil)), .audited(note),
                fact(SaleFact.Refunded(order: 1, amount: 4000)),
                fact(SaleFact.RefundReversed(order: 1, amount: 4000)),
                fact(SaleFact.Refunded(order: 1, amount: 4000)),
            ], from: 10)
        #expect(
            news == [
                told(sequence: 10, type: .orderConfirmed, order: 1, refunded: 0, reason: nil),
                told(sequence: 11, type: .orderRefunded, order: 1, refunded: 1000, reason: "provider"),
                told(
                    sequence: 12, type: .orderCancelled, order: 1, refunded: 1000, reason: "eligibility",
                    words: "not in the fan club"),
                told(
                    sequence: 14, type: .orderRefunded, order: 1, refunded: 5000, reason: "eligibility",
                    words: "not in the fan club"),
                told(
                    sequence: 15, type: .orderCancelled, order: 1, refunded: 1000, reason: "eligibility",
                    words: "not in the fan club"),
                told(
                    sequence: 16, type: .orderRefunded, order: 1, refunded: 5000, reason: "eligibility",
                    words: "not in the fan club"),
            ])
        #expect(
            fold.pasts == [1: OrderPast(refunded: 5000, reason: "eligibility", words: "not in the fan club")])
    }

    @Test(
        "A part taken back is a confirmation with the rest, and a refund when the money goes; a dispute keeps it waiting"
    )
    func parts() {
        var fold = NewsFold()
        func part(_ positions: [Int]) -> Fact {
            fact(SaleFact.PartReturned(order: 1, positions: positions, amount: 1000, reason: "rain", key: nil))
        }
        let news = fold.take(
            [
                fact(SaleFact.OrderConfirmed(order: 1, captured: 5000)), part([2]),
                fact(SaleFact.PartRefunded(order: 1, total: 1000)), fact(SaleFact.Disputed(order: 1)), part([0]),
                fact(SaleFact.DisputeWon(order: 1)),
            ], from: 1)
        #expect(
            news.map(\.type) == [.orderConfirmed, .orderConfirmed, .orderRefunded, .orderCancelled, .orderConfirmed])
        #expect(news.map(\.sequence) == [1, 2, 3, 4, 6])
        #expect(news.map(\.returned) == [[], [2], [2], [2], [0, 2]])
        #expect(news.map(\.refunded) == [0, 0, 1000, 1000, 1000])
        #expect(news[2].reason == "organizer")
        #expect(NewsFold.orders(of: [part([1])], withProofs: false) == [1])
    }

    @Test("A dispute takes tickets back, and one that is won gives them again")
    func dispute() {
        var fold = NewsFold()
        let news = fold.take(
            [fact(SaleFact.Disputed(order: 3)), fact(SaleFact.DisputeWon(order: 3))], from: 1)
        #expect(news.map(\.type) == [.orderCancelled, .orderConfirmed])
        #expect(news.map(\.reason) == ["dispute", nil])
        #expect(news.map(\.disputedAfter) == [0, nil])
    }

    @Test("What happens to a disputed order says that the bank has its money, until the dispute is won")
    func disputedMeanwhile() {
        var fold = NewsFold()
        let news = fold.take(
            [
                fact(SaleFact.RefundedByProvider(order: 3, total: 100)), fact(SaleFact.Disputed(order: 3)),
                fact(SaleFact.RefundedByProvider(order: 3, total: 300)),
                fact(SaleFact.OrderCancelled(order: 3, byOrganizer: true, key: nil, reason: nil)),
                fact(SaleFact.DisputeWon(order: 3)), fact(SaleFact.RefundedByProvider(order: 3, total: 400)),
            ], from: 1)
        #expect(news.map(\.disputedAfter) == [nil, 100, 100, 100, nil, nil])
    }

    @Test("A refusal is told as one though nothing was paid, and a buyer's cancellation beside it isn't")
    func refusalOfFreeOrder() {
        var fold = NewsFold()
        let note = AuditNote(actor: "eligibility", action: .ineligible, detail: "no member")
        let news = fold.take(
            [
                fact(SaleFact.OrderCancelled(order: 1, byOrganizer: false, key: nil, reason: nil)),
                fact(SaleFact.OrderCancelled(order: 2, byOrganizer: true, key: nil, reason: nil)),
                fact(SaleFact.Refunded(order: 2, amount: 0)), .audited(note),
            ], from: 1)
        #expect(news.map(\.reason) == ["buyer", "eligibility", "eligibility"])
        #expect(news.map(\.words) == [nil, "no member", "no member"])
    }

    @Test("Wherever a fold is cut and begun again with what was kept, the news are the same")
    func cuts() {
        let key = IdempotencyKey(key: Digest128(high: 0, low: 1), fingerprint: Digest128(high: 0, low: 0))
        let facts: [Fact] = [
            fact(SaleFact.OrderPlaced(order: 1, hold: 1, method: "card", trace: nil, key: key, proof: "member 7")),
            fact(SaleFact.OrderConfirmed(order: 1, captured: 700)),
            fact(SaleFact.OrderCancelled(order: 1, byOrganizer: false, key: nil, reason: nil)),
            fact(SaleFact.OrderCancelled(order: 2, byOrganizer: true, key: nil, reason: nil)),
            fact(SaleFact.RefundedByProvider(order: 2, total: 300)),
            fact(SaleFact.Refunded(order: 1, amount: 700)),
            fact(SaleFact.Refunded(order: 2, amount: 400)),
        ]
        var whole = NewsFold()
        let news = whole.take(facts, from: 1)
        #expect(news.map(\.proof) == ["member 7", "member 7", nil, nil, nil, nil, nil])
        for cut in facts.indices {
            var first = NewsFold()
            let before = first.take(Array(facts[..<cut]), from: 1)
            let rest = Array(facts[cut...])
            let known = NewsFold.orders(of: rest, withProofs: true)
            var second = NewsFold(first.pasts.filter { known.contains($0.key) })
            #expect(before + second.take(rest, from: UInt64(cut) + 1) == news)
        }
    }
}
