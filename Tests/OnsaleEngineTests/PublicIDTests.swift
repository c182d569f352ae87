import OnsaleEngine
import OnsaleValues
import Testing

@Suite struct PublicIDTests {
    @Test("An ID survives a round trip, and IDs sort by time")
    func roundTrip() {
        let early = PublicID(.order, at: Timestamp(milliseconds: 1_800_000_000_000), serial: .max, tag: 0xff_ffff_ffff)
        let late = PublicID(.order, at: Timestamp(milliseconds: 1_800_000_000_001), serial: 1, tag: 0)
        #expect(PublicID(.order, text: early.text) == early)
        #expect(PublicID(.order, text: late.text) == late)
        #expect(early.text < late.text)
        #expect(early.text.count == 28)
    }

    @Test(
        "Anything that isn't an ID is rejected",
        arguments: ["", "ord_", "ord_xyz", "hld_000000000000000000000000", "ord_00000000000000000000000u"])
    func rejects(text: String) {
        #expect(PublicID(.order, text: text) == nil)
    }

    @Test("A buyer's ID survives a round trip")
    func buyer() {
        for buyer in [BuyerID(high: 0, low: 0), BuyerID(high: .max, low: .max), BuyerID(high: 1 << 63, low: 12345)] {
            #expect(BuyerID(text: buyer.text) == buyer)
        }
        #expect(BuyerID(text: "byr_zzzzzzzzzzzzzzzzzzzzzzzzzz") == nil)
    }
}
