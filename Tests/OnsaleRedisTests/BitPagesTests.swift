import OnsaleRedis
import Testing

@Suite struct BitPagesTests {
    private func isKept(_ numbers: Set<UInt32>) throws -> Int {
        let set = BitPages(numbers)
        let bytes = set.bytes
        let read = try BitPages(bytes, numbersBelow: .max)
        #expect(read == set && read.count == numbers.count)
        var all: [UInt32] = []
        read.forEach { all.append($0) }
        #expect(all == numbers.sorted())
        return bytes.count
    }

    @Test func everySetComesBackAsItWas() throws {
        #expect(try isKept([]) == 1)
        #expect(try isKept([0]) == 4)
        #expect(try isKept([UInt32.max - 1]) <= 8)
        for share: UInt32 in [1, 2, 3, 7, 8, 9, 100, 1_000] {
            let some = (0..<200_000).filter { ($0 &* 2_654_435_761) % share == 0 }.map { UInt32($0) }
            _ = try isKept(Set(some))
        }
    }

    @Test func itIsNeverLargerThanItsBits() throws {
        let all = Set((0..<1_000_000).map { UInt32($0) })
        let half = all.filter { $0 % 2 == 0 }
        for numbers in [all, half] { #expect(try isKept(numbers) <= 16 * (8_192 + 3) + 1) }
        let few = Set((0..<1_000).map { UInt32($0) * 1_000 })
        #expect(try isKept(few) < 2_100)
    }

    @Test func aUnionHasWhatEitherHas() {
        var set = BitPages([1, 70_000])
        set.formUnion(BitPages([2, 70_000, 200_000]))
        #expect(set == BitPages([1, 2, 70_000, 200_000]))
        #expect(set.contains(200_000) && !set.contains(3) && !set.contains(1_000_000))
    }

    @Test func whatIsNoSetIsRefused() {
        let good = BitPages((0..<70_000).map { UInt32($0) } + [100_000]).bytes
        for length in 0..<good.count where length < 5 || length > good.count - 100 {
            // One that ends after a page is a shorter set.
            if let set = try? BitPages(Array(good.prefix(length)), numbersBelow: .max) { #expect(set.count <= 65_536) }
        }
        let bad: [[UInt8]] = [
            [], [2], [1, 0], [1, 0, 0], [1, 0, 1], [1, 0, 2], [1, 0, 4, 0xff, 0xff, 0xff], [1, 0, 4, 0xff, 0xff, 0x7f],
            [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 2, 0], [1, 0xff, 0xff, 0x7f, 2, 0],
        ]
        for bytes in bad { #expect(throws: BitPages.Malformed.self) { try BitPages(bytes, numbersBelow: .max) } }
        #expect(throws: BitPages.Malformed.self) { try BitPages(BitPages([1_000]).bytes, numbersBelow: 1_000) }
        #expect((try? BitPages(BitPages([999]).bytes, numbersBelow: 1_000)) != nil)
    }

    @Test func noBytesAtAllMakeItCrash() {
        var state: UInt64 = 1
        for _ in 0..<20_000 {
            var bytes: [UInt8] = [1]
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(UInt8(truncatingIfNeeded: state >> 40) & (state >> 60 == 0 ? 0xff : 0x83))
            }
            if let set = try? BitPages(bytes, numbersBelow: 1_000_000) { #expect(set.count <= 12) }
        }
    }
}
