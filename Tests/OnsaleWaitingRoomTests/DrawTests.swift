import Crypto
import Foundation
import Testing

@testable import OnsaleWaitingRoom

@Suite struct DrawTests {
    private struct Vectors: Decodable {
        struct Drawn: Decodable {
            let n: Int
            let numbers: [UInt32]?
            let first: [UInt32]?
            let last: UInt32?
            let sha256: String
        }

        let seed: String
        let commitment: String
        let words: [UInt32]
        let draws: [Drawn]
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test("The draw matches the test vectors of docs/draw.md")
    func vectors() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/draw-vectors.json")
        let vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: url))
        let seed = (0..<32).map(UInt8.init)
        #expect(hex(seed) == vectors.seed)
        #expect(hex(Draw.commitment(to: seed)) == vectors.commitment)
        var words = Draw.Words(seed: seed)
        #expect(vectors.words.map { _ in words.next() } == vectors.words)
        for drawn in vectors.draws {
            let numbers = Draw.numbers(seed: seed, count: drawn.n)
            if let expected = drawn.numbers { #expect(numbers == expected) }
            if let first = drawn.first { #expect(Array(numbers.prefix(3)) == first) }
            if let last = drawn.last { #expect(numbers.last == last) }
            let text = numbers.map { "\($0)\n" }.joined()
            #expect(hex(SHA256.hash(data: Data(text.utf8))) == drawn.sha256)
        }
    }
}
