import Foundation
import OnsaleBus
import Seeded
import Testing

@testable import OnsaleTables

@Suite struct HeadersTextTests {
    private static let pieces = [
        "ce_id", "application/json", "좌석", "\"", "\\", "\n", "\u{1}", "[", "],[", "", "é", "👩‍👧",
    ]

    @Test("Whatever headers say is read back, and is JSON to others", arguments: 1...200 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        func text() -> String {
            (0..<Int.random(in: 0...4, using: &random)).map { _ in
                HeadersTextTests.pieces[Int.random(in: 0..<HeadersTextTests.pieces.count, using: &random)]
            }.joined()
        }
        let headers = (0..<Int.random(in: 0...6, using: &random)).map { _ in BusMessage.Header(text(), text()) }
        let json = try HeadersText.encode(headers)
        #expect(HeadersText.decode(json) == headers)
        let others = try JSONDecoder().decode([[String]].self, from: Data(json.utf8))
        #expect(others == headers.map { [$0.name, $0.value] })
    }

    @Test("What others have written is read too, and what is no such JSON isn't")
    func others() {
        #expect(
            HeadersText.decode(#" [ ["content-type" , "application\/json"],["a","\u0062"] ]"#)
                == [.init("content-type", "application/json"), .init("a", "b")])
        for bad in [
            "", "[", "[]]", "[[\"a\"]]", "[[\"a\",\"b\",\"c\"]]", "[[\"a\",\"b]]", "[,[\"a\",\"b\"]]", "[[1,2]]", "{}",
        ] {
            #expect(HeadersText.decode(bad) == nil, "\(bad)")
        }
    }
}
