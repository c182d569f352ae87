import Seeded
import Testing

@testable import OnsaleKafka

@Suite struct WireTextTests {
    private func text(_ bytes: [UInt8]?) -> String {
        guard let bytes else { return WireText.text(nil) }
        return bytes.withUnsafeBytes { WireText.text($0) }
    }

    private func lent(_ text: String) -> [UInt8]? {
        WireText.withBytes(text) { start, count in
            start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
        }
    }

    @Test func textIsItself() {
        #expect(text(Array("좌석 A-1".utf8)) == "좌석 A-1")
        #expect(text([]).isEmpty)
        #expect(text(nil) != "")
    }

    @Test(
        "Whatever the bytes are, they are told apart and come back",
        arguments: [nil, [], [0], [0, 0], [0xff], [0, 0xc4, 0x80], [0xc3, 0x28], [0xed, 0xa0, 0x80], [65, 0, 66]]
            as [[UInt8]?])
    func edges(bytes: [UInt8]?) {
        #expect(WireText.bytes(text(bytes)) == bytes)
        #expect(lent(text(bytes)) == bytes)
    }

    @Test func anyBytesComeBack() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<20_000 {
            let few: [UInt8] = [0, 0x28, 0x41, 0x80, 0xc3, 0xc4, 0xed, 0xff]
            let bytes = (0..<Int.random(in: 0...6, using: &random)).map { _ in few.randomElement(using: &random) ?? 0 }
            #expect(WireText.bytes(text(bytes)) == bytes)
            #expect(lent(text(bytes)) == bytes)
        }
    }
}
