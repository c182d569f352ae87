import Seeded
import Testing

@testable import OnsalePayments

/// The sandbox finds its place in a list of any length.
@Suite struct SandboxStoreTests {
    private func record(_ id: String, at created: Int64) -> SandboxStore.Record {
        .init(
            intent: .init(
                id: id, amount: 1, amountCapturable: 1, amountReceived: 0, currency: "krw", status: .requiresCapture,
                captureMethod: "manual", paymentMethod: "pm_card_visa", metadata: [:], latestCharge: nil,
                created: created),
            refunded: 0)
    }

    @Test("Paging through any range gives what sorting the whole list gives", arguments: 1...100)
    func pages(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var state = SandboxStore.State()
        var model: [(created: Int64, id: String)] = []
        for number in 0..<Int.random(in: 0...300, using: &random) {
            // Few seconds, so that many intents share one; unordered, as in an old log.
            let (created, id) = (Int64.random(in: 0...20, using: &random), "pi_\(random.next() % 1000)_\(number)")
            state.keep(record(id, at: created))
            model.append((created, id))
        }
        model.sort { ($0.created, $0.id) > ($1.created, $1.id) }
        #expect(state.made.map(\.id) == model.reversed().map(\.id))
        for _ in 0..<20 {
            let from = Int64.random(in: -1...21, using: &random)
            let time = from...Int64.random(in: from...22, using: &random)
            let size = Int.random(in: 1...40, using: &random)
            var (read, after) = ([String](), String?.none)
            repeat {
                let page = state.newest(from: time.lowerBound, to: time.upperBound, after: after, atMost: size)
                #expect(page.count <= size)
                read += page.map(\.id)
                after = page.last?.id
            } while after != nil && read.count <= model.count
            #expect(read == model.filter { time.contains($0.created) }.map(\.id), "seed \(seed), \(time) by \(size)")
        }
    }

    @Test("A changed record keeps its place")
    func changes() {
        var state = SandboxStore.State()
        for (number, id) in ["a", "b", "c"].enumerated() { state.keep(record(id, at: Int64(number))) }
        var changed = record("b", at: 1)
        changed.refunded = 1
        state.keep(changed)
        #expect(state.newest(from: 0, to: 9, after: nil, atMost: 9).map(\.id) == ["c", "b", "a"])
        #expect(state.records["b"]?.refunded == 1)
    }
}
