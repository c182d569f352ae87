import OnsaleDocuments
import OnsaleQR
import Seeded
import Testing

/// Letters that are all as wide as they are high, so that a test can count.
struct SquareMeasure: TextMeasure {
    static let lineHeight = 1.2

    func block(_ text: String, size: Double, isBold: Bool, width: Double, keepsWords: Bool) -> TextBlock {
        let letter = size * 25.4 / 72
        let room = max(1, Int(width / letter))
        var lines = [""]
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let pieces = keepsWords ? words : words.flatMap { split($0, room) }
        for (index, piece) in pieces.enumerated() {
            let joined = index == 0 ? piece : lines[lines.count - 1] + " " + piece
            if index == 0 || joined.count <= room { lines[lines.count - 1] = joined } else { lines.append(piece) }
        }
        return TextBlock(
            width: Double(lines.map(\.count).max() ?? 0) * letter,
            height: Double(lines.count) * letter * SquareMeasure.lineHeight,
            lines: lines.enumerated().map { index, line in
                .init(line, baseline: (Double(index) + 0.9) * letter, width: Double(line.count) * letter)
            })
    }

    private func split(_ word: String, _ room: Int) -> [String] {
        guard word.count > room else { return [word] }
        return [String(word.prefix(room))] + split(String(word.dropFirst(room)), room)
    }
}

@Suite struct TicketLayoutTests {
    @Test("Nothing overlaps, and everything is where printers print", arguments: DocumentLanguage.allCases)
    func places(language: DocumentLanguage) throws {
        for text in ["한여름 밤의 콘서트"] + hostileTexts {
            let layout = TicketLayout(
                try sheet(order(title: text, venue: text, seats: [text], category: text), language))
            let boxes = [TicketLayout.code] + layout.texts.map(\.box)
            for (index, box) in boxes.enumerated() {
                #expect(printable.contains(box), "\(box)")
                for other in boxes[..<index] { #expect(!box.overlaps(other), "\(box) \(other)") }
            }
            for shape in TicketLayout.shapes {
                for (x, y) in shape.path.compactMap(end) {
                    #expect(x >= printable.x && x <= printable.right && y >= printable.y && y <= printable.bottom)
                }
            }
        }
    }

    private let printable = Box(
        x: TicketLayout.margin, y: TicketLayout.margin, width: TicketLayout.page.width - 2 * TicketLayout.margin,
        height: TicketLayout.page.height - 2 * TicketLayout.margin)

    private func end(_ step: Shape.Step) -> (Double, Double)? {
        switch step {
        case .move(let x, let y), .line(let x, let y), .curve(_, _, _, _, let x, let y): (x, y)
        case .close: nil
        }
    }

    @Test("The code is on the card, at least 35 mm wide without its quiet zone, and no fold crosses it")
    func code() throws {
        let box = TicketLayout.code
        #expect(TicketLayout.card.contains(box) && box.width == box.height)
        #expect(!(box.x...box.right).contains(TicketLayout.foldDown))
        #expect(!(box.y...box.bottom).contains(TicketLayout.foldAcross))
        let symbol = try #require(QRSymbol(barcode(1)))
        #expect(box.width * Double(symbol.width) / Double(symbol.span) >= 35)
        let largest = try #require(QRSymbol(String(repeating: "a", count: TicketSheet.barcodeBytesMax)))
        // A third of a millimetre is what the door's cameras still resolve.
        #expect(box.width / Double(largest.span) >= 0.33)
    }

    @Test("A code is the smallest that holds its text at level M")
    func density() throws {
        // ISO/IEC 18004, table 7: version 1 takes 14 bytes, 2 takes 26, 12 takes 287, 13 takes 331.
        for (bytes, version) in [(14, 1), (15, 2), (26, 2), (27, 3), (287, 12), (288, 13), (331, 13)] {
            let symbol = try #require(QRSymbol(String(repeating: "a", count: bytes)))
            #expect(symbol.width == 17 + 4 * version)
        }
        // 41 digits fit where 14 bytes do.
        #expect(try #require(QRSymbol(String(repeating: "7", count: 34))).width == 21)
        #expect(QRSymbol(String(repeating: "a", count: 3000)) == nil)
    }
}

@Suite struct TextFittingTests {
    private func fit(_ text: String, width: Double, height: Double, size: Double, min: Double) -> FittedText {
        FittedText(
            TextBox(
                text: text, box: Box(x: 0, y: 0, width: width, height: height), style: TextStyle(size, min: min)),
            by: SquareMeasure())
    }

    @Test("A text that fits has its full size; then it shrinks, breaks within words, and is cut")
    func stages() {
        let whole = fit("four five", width: 40, height: 10, size: 10, min: 5)
        #expect(whole.size == 10 && whole.block.lines.map(\.text) == ["four five"])
        let shrunk = fit("four five", width: 25, height: 4, size: 10, min: 5)
        #expect(shrunk.size < 10 && shrunk.size >= 5 && shrunk.block.lines.map(\.text) == ["four five"])
        let broken = fit("abcdefghijklmnopqrst", width: 20, height: 10, size: 10, min: 5)
        #expect(broken.size == 5 && broken.text == "abcdefghijklmnopqrst" && broken.block.lines.count == 2)
        let cut = fit("abcdefghijklmnopqrst", width: 20, height: 3, size: 10, min: 5)
        #expect(cut.size == 5 && cut.text == "abcdefghij…")
    }

    @Test(
        "Whatever the text and the place, it stays inside, loses nothing that fits, and is no smaller than it must be")
    func model() {
        var random = SeededRandom(seed: 20_270_814)
        for _ in 0..<4000 {
            let words = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                String(repeating: "가", count: Int.random(in: 1...12, using: &random))
            }
            let text = words.joined(separator: " ")
            let (width, height) = (
                Double.random(in: 10...110, using: &random), Double.random(in: 6...40, using: &random)
            )
            let least = Double.random(in: 5...10, using: &random)
            let fitted = fit(text, width: width, height: height, size: least * 2, min: least)
            #expect(fitted.block.width <= width + 0.02 && fitted.block.height <= height + 0.02)
            #expect(fitted.size >= least && fitted.size <= least * 2)
            func fits(_ text: String, _ size: Double, keepsWords: Bool) -> Bool {
                let block = SquareMeasure().block(
                    text, size: size, isBold: false, width: width, keepsWords: keepsWords)
                return block.width <= width && block.height <= height
            }
            if fitted.text == text {
                if fitted.size < least * 2 {
                    #expect(!fits(text, min(fitted.size / 0.93, least * 2), keepsWords: true))
                }
            } else {
                #expect(fitted.size == least && !fits(text, least, keepsWords: false))
                #expect(fitted.text.isEmpty || fitted.text.hasSuffix("…"))
                #expect(text.hasPrefix(fitted.text.dropLast()))
                let more = text.prefix(fitted.text.count) + "…"
                #expect(
                    text.count - fitted.text.count < 2 || more.hasSuffix(" …")
                        || !fits(String(more), least, keepsWords: false))
            }
        }
    }
}
