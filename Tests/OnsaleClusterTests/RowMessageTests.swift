import OnsaleEngine
import OnsaleValues
import Seeded
import Testing

@testable import OnsaleCluster

@Suite struct RowMessageTests {
    static func row(payload: [UInt8], event: String = "opera") -> JournalRow {
        JournalHead(partition: event, lastSequence: 41, checksum: [UInt8](repeating: 7, count: 32), epoch: 3)
            .row(payload: payload, count: 5, time: Timestamp(milliseconds: 1_800_000_000_000))
    }

    @Test func aRowComesThroughAsItIs() throws {
        let row = RowMessageTests.row(payload: (0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        #expect(try RowMessage(RowMessage(row).bytes) == .row(row))
    }

    @Test func aLargeRowIsOnlyAnnounced() throws {
        let row = RowMessageTests.row(payload: [UInt8](repeating: 1, count: RowMessage.bytesMax))
        let message = RowMessage(row)
        #expect(message == .notice(event: "opera", lastSequence: 46))
        #expect(try RowMessage(message.bytes) == message)
        for size in RowMessage.bytesMax - 300..<RowMessage.bytesMax {
            #expect(
                RowMessage(RowMessageTests.row(payload: [UInt8](repeating: 1, count: size))).bytes.count
                    <= RowMessage.bytesMax)
        }
    }

    @Test func whatIsCutOffOrGoesOnIsRefused() {
        let bytes = RowMessage(RowMessageTests.row(payload: [1, 2, 3])).bytes
        for count in 0..<bytes.count {
            #expect(throws: ByteReadingError.self) { try RowMessage(Array(bytes.prefix(count))) }
        }
        #expect(throws: ByteReadingError.self) { try RowMessage(bytes + [0]) }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func hostileBytesAreRefusedOrMakeARowThatCanBeHandled(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let bytes = RowMessage(RowMessageTests.row(payload: [1, 2, 3])).bytes
        for _ in 0..<5000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard case .row(let row)? = try? RowMessage(changed) else { continue }
            // Would trap if the numbers were beyond all bounds.
            #expect(row.lastSequence >= row.sequence)
            _ = JournalChain.holds(row, after: row.checksum)
        }
    }

    @Test func aMessageOnAnotherEventsChannelIsNobodys() {
        let seal = Seal(nodeKey: "a key that all nodes share", for: .rows)
        let bytes = RowMessage(RowMessageTests.row(payload: [1])).bytes
        let channel = RedisNames.rows(of: "opera")
        #expect(RowListener.open(seal.seal(bytes, at: channel), from: channel, seal) != nil)
        #expect(RowListener.open(seal.seal(bytes, at: channel), from: RedisNames.rows(of: "rock"), seal) == nil)
        #expect(RowListener.open(bytes, from: channel, seal) == nil)
        #expect(RowListener.open(seal.seal([9, 9], at: channel), from: channel, seal) == nil)
    }
}
