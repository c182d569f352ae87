import Seeded
import Testing

@testable import OnsaleSale

@Suite struct OpenOrdersTests {
    @Test(
        "Open orders behave like a set, whatever opens and closes",
        arguments: 1...50 as ClosedRange<UInt64>)
    func againstSet(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var (open, model) = (OpenOrders(), Set<UInt32>())
        for _ in 0..<500 {
            let serial = UInt32.random(in: 1...300, using: &random)
            if Bool.random(using: &random) {
                open.set(serial, isOpen: true)
                model.insert(serial)
            } else {
                open.set(serial, isOpen: false)
                model.remove(serial)
            }
            let (after, max) = (UInt32.random(in: 0...320, using: &random), Int.random(in: 0...40, using: &random))
            #expect(open.count == model.count && open.isEmpty == model.isEmpty)
            #expect(open.serials(after: after, atMost: max) == Array(model.filter { $0 > after }.sorted().prefix(max)))
        }
        #expect(open.serials(after: .max).isEmpty)
    }
}
