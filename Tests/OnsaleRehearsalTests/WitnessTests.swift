import Foundation
import Testing

@testable import OnsaleRehearsal

/// A witness that never speaks up would make every rehearsal clean, so each must find what it is there for.
@Suite struct WitnessTests {
    private typealias Ask = FIFOWitness.Ask

    private let open = [FIFOWitness.PhaseChange(phase: "open", at: 0)]

    /// A line polled every second while five numbers a second were called, up to 100.
    private func witness() -> FIFOWitness {
        var witness = FIFOWitness()
        for second in 0...20 {
            #expect(witness.polled(second * 5, sentAt: Double(second), at: Double(second) + 0.1).isEmpty)
        }
        return witness
    }

    @Test("A fan present, called and refused raises an alarm; one that can't be judged doesn't")
    func fifo() {
        var witness = witness()
        let present = Presence.listening(since: -60)
        let refused = Ask(fan: 1, number: 40, sentAt: 12, answeredAt: 12.2, presence: present)
        #expect(witness.refused(refused, position: nil).isEmpty)
        #expect(witness.faults(phases: open).count == 1)
        #expect(witness.asksJudged == 1)
        // Not called yet, not known to be present, back too late, and a pause nearby.
        var lenient = self.witness()
        for ask in [
            Ask(fan: 2, number: 101, sentAt: 12, answeredAt: 12.2, presence: present),
            Ask(fan: 3, number: 40, sentAt: 12, answeredAt: 12.2, presence: .unknown),
            Ask(fan: 4, number: 40, sentAt: 12, answeredAt: 60, presence: present),
            Ask(fan: 5, number: 40, sentAt: 12, answeredAt: 12.2, presence: .listening(since: 10)),
        ] { _ = lenient.refused(ask, position: nil) }
        #expect(lenient.faults(phases: open).isEmpty && lenient.asksJudged == 0)
        let paused = open + [.init(phase: "paused", at: 11), .init(phase: "open", at: 13)]
        #expect(witness.faults(phases: paused).isEmpty)
    }

    @Test("A room that goes backwards and a position too far back are reported at once")
    func contradictions() {
        var witness = witness()
        #expect(witness.polled(50, sentAt: 21, at: 21.1).count == 1)
        let ask = Ask(fan: 1, number: 120, sentAt: 30, answeredAt: 30.1, presence: .unknown)
        #expect(witness.refused(ask, position: 20).isEmpty)
        #expect(witness.refused(ask, position: 21).count == 1)
    }

    @Test("One pass over the cap raises an alarm; passes given up or ended don't count")
    func cap() {
        var witness = CapWitness(cap: 2)
        #expect(witness.granted(to: 1, at: 0, until: 10).isEmpty)
        #expect(witness.granted(to: 2, at: 1, until: 10).isEmpty)
        witness.givesUp(1)
        #expect(witness.granted(to: 3, at: 2, until: 10).isEmpty)
        #expect(witness.granted(to: 4, at: 3, until: 10).count == 1)
        #expect(witness.granted(to: 5, at: 11, until: 20).isEmpty)
        #expect(witness.passesMost == 3 && witness.passesGranted == 5)
        #expect(witness.heard(activeShoppers: 2).isEmpty)
        #expect(witness.heard(activeShoppers: 3).count == 1)
    }

    @Test("The draw recomputed from outside matches the specification")
    func draw() throws {
        struct Vectors: Decodable {
            struct Drawn: Decodable {
                let n: Int
                let numbers: [Int]?
                let first: [Int]?
                let last: Int?
            }
            let seed: String
            let commitment: String
            let draws: [Drawn]
        }
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/draw-vectors.json")
        let vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: url))
        #expect(PublishedDraw.commitment(toSeedHex: vectors.seed) == vectors.commitment)
        for drawn in vectors.draws where drawn.n <= 1000 {
            let draw = try #require(PublishedDraw(seedHex: vectors.seed, entrants: drawn.n))
            let numbers = (0..<drawn.n).compactMap { draw.number(ofLobbyIndex: $0) }
            if let expected = drawn.numbers { #expect(numbers == expected) }
            if let first = drawn.first { #expect(Array(numbers.prefix(3)) == first) }
            if let last = drawn.last { #expect(numbers.last == last) }
            #expect(draw.number(ofLobbyIndex: drawn.n) == nil)
        }
        #expect(PublishedDraw(seedHex: "0g", entrants: 1) == nil)
    }
}

/// The parser of the room's stream, fed in pieces of every size.
@Suite struct RoomStreamParserTests {
    private func read(_ text: String, pieces size: Int) throws -> (parser: WaitingRoomStreamParser, rooms: [String]) {
        var parser = WaitingRoomStreamParser()
        var rooms: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { piece in
                try parser.feed(piece) { rooms.append(String(decoding: $0, as: UTF8.self)) }
            }
        }
        return (parser, rooms)
    }

    private let events = """
        event: room
        data: {"issued":1}

        : heartbeat

        event: other
        data: no

        event:room\r
        data: {"issued":
        data: 2}\r
        \r
        retry: 2500

        event: room
        data: half
        """

    @Test("Whole rooms come out, whatever the pieces", arguments: [1, 2, 3, 7, 4096])
    func pieces(size: Int) throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        let plain = try read(head + "\r\n" + events, pieces: size)
        #expect(plain.parser.status == 200 && plain.parser.retrySeconds == 2.5 && !plain.parser.isOver)
        #expect(plain.rooms == [#"{"issued":1}"#, "{\"issued\":\n2}"])
        let middle = events.index(events.startIndex, offsetBy: 31)
        let chunks = [events[..<middle], events[middle...]].map { chunk in
            String(chunk.utf8.count, radix: 16) + ";x=1\r\n" + chunk + "\r\n"
        }
        let chunked = try read(
            head + "Transfer-Encoding: chunked\r\n\r\n" + chunks.joined() + "0\r\n\r\n", pieces: size)
        #expect(chunked.rooms == plain.rooms && chunked.parser.isOver)
    }

    @Test("An endless head or line is refused", arguments: ["HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 200 OK\r\n\r\ndata: "])
    func endless(start: String) {
        #expect(throws: WaitingRoomStreamParser.Fault.self) {
            _ = try read(start + String(repeating: "x", count: 100_000), pieces: 1000)
        }
    }
}
