import Foundation
import Logging
import OnsaleBus
import OnsaleDocuments
import OnsaleValues
import Synchronization
import Testing

/// What programs of others find in the files.
@Suite(.timeLimit(.minutes(5))) struct RenderingTests {
    private let moment = Timestamp(milliseconds: 1_800_000_000_000)

    @Test("The PDF's text can be selected, and its fonts are embedded", arguments: DocumentLanguage.allCases)
    func text(language: DocumentLanguage) throws {
        let file = try renderer().files(of: order(), in: language)[0].file
        try withFolder { folder in
            try write(file.bytes, to: folder + "/tickets.pdf")
            let text = try run("pdftotext", "-raw", folder + "/tickets.pdf", "-")
            let place = PlaceName.seat("F1-3-12", in: language).replacingOccurrences(of: "\u{a0}", with: " ")
            for expected in ["올림픽공원 체조경기장, 서울 송파구", place, "VIP", "Asia/Seoul", "tkt_06BJ3Q9W8R00010000ABCDEF"] {
                #expect(text.contains(expected), "\(expected)")
            }
            let pages = text.split(separator: "\u{c}", omittingEmptySubsequences: true)
            #expect(pages.count == 2)
            #expect(pages.first?.contains("1 / 2") == true && pages.last?.contains("2 / 2") == true)
            let fonts = try run("pdffonts", folder + "/tickets.pdf").split(separator: "\n").dropFirst(2)
            #expect(!fonts.isEmpty)
            for font in fonts { #expect(font.contains(" yes yes yes "), "\(font)") }
            let about = try run("pdfinfo", "-isodates", folder + "/tickets.pdf")
            #expect(about.contains("2027-03-01T10:00:00Z") && about.contains("(A4)"))
        }
    }

    @Test("A scanner reads each ticket's barcode from the printed page, and nothing else")
    func scan() throws {
        let message = order(seats: ["F1-3-12", "F1-3-13", "F1-3-14"])
        let file = try renderer().files(of: message, in: .korean)[0].file
        try withFolder { folder in
            try write(file.bytes, to: folder + "/tickets.pdf")
            // 100 dots an inch: a poor printer, a poor camera.
            _ = try run("pdftoppm", "-r", "100", "-png", folder + "/tickets.pdf", folder + "/page")
            for number in 1...4 {
                let read = try run("zbarimg", "--quiet", "--raw", "\(folder)/page-\(number).png")
                #expect(read == message.tickets[number - 1].barcode + "\n")
            }
        }
    }

    @Test("However hostile the text, each line stays in its box as Pango measures it, and SVG and PDF are well-formed")
    func hostile() throws {
        let renderer = renderer()
        try withFolder { folder in
            for (index, text) in hostileTexts.enumerated() {
                let message = order(title: text, venue: text, seats: [text], areas: [], category: text)
                for language in DocumentLanguage.allCases {
                    let page = try renderer.pages(of: message, in: language)[0]
                    for text in page.texts {
                        #expect(text.block.width <= text.place.box.width + 0.02, "\(text)")
                        #expect(text.block.height <= text.place.box.height + 0.02, "\(text)")
                        #expect(text.place.text.isEmpty || !text.text.isEmpty)
                    }
                    try write(renderer.svg(page), to: "\(folder)/\(index)-\(language.rawValue).svg")
                    let pdf = "\(folder)/\(index)-\(language.rawValue).pdf"
                    try write(try renderer.files(of: message, in: language)[0].file.bytes, to: pdf)
                    #expect(try complaints("pdftotext", pdf, "-") == "", "\(text.prefix(50))")
                }
                for name in DocumentLanguage.allCases.map({ "\(folder)/\(index)-\($0.rawValue).svg" }) {
                    #expect(throws: Never.self) { try run("xmllint", "--nonet", "--noout", name) }
                }
            }
        }
    }

    @Test("A title of 200 Korean letters keeps its words, or is cut, and says so")
    func longTitles() throws {
        let renderer = renderer()
        func title(_ text: String) throws -> FittedText {
            let page = try renderer.pages(of: order(title: text), in: .korean)[0]
            return try #require(page.texts.first { $0.place.text == text })
        }
        let words = try title(String(repeating: "한여름밤의 ", count: 12) + "콘서트")
        #expect(words.text == words.place.text && words.size < words.place.style.size)
        #expect(
            words.block.lines.allSatisfy { $0.text.split(separator: " ").allSatisfy { ["한여름밤의", "콘서트"].contains($0) } })
        let long = try title(String(repeating: "가나다라마바사아자차", count: 20))
        #expect(long.size == long.place.style.sizeMin)
        #expect(long.text == long.place.text || long.text.hasSuffix("…"))
        let longer = try title(String(repeating: "가나다라마바사아자차", count: 50))
        #expect(longer.text.hasSuffix("…") && longer.text.count > 100)
    }

    @Test("The same order makes the same bytes, in any renderer, on any thread; another moment, others")
    func sameBytes() async throws {
        // Another font's letters come late on this page, and early on that of the others before it.
        let message = order(venue: "さいたま龘アリーナ")
        let expected = try renderer().files(of: message, in: .korean)
        #expect(
            expected.map(\.name)
                == [message.order + ".pdf", message.order + ".ics"])
        let others = Mutex<[[RenderedFile]]>([])
        let threads = (0..<4).map { _ in
            Thread {
                let renderer = renderer()
                for round in 0..<25 {
                    // Other orders and events before it, which bring other fonts and letters.
                    let other = order(title: "龘さ \(round) نيبال", seats: ["쀍\(round)구역-1-1"], category: "R석 쑑")
                    for language in DocumentLanguage.allCases { _ = try? renderer.files(of: other, in: language) }
                    let files = (try? renderer.files(of: message, in: .korean)) ?? []
                    others.withLock { $0.append(files) }
                }
            }
        }
        for thread in threads { thread.start() }
        while others.withLock({ $0.count }) < 100 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(others.withLock { $0.allSatisfy { $0 == expected } })
        var next = message
        next.placedAt = "2027-03-01T10:00:01Z"
        let later = try renderer().files(of: next, in: .korean)
        #expect(later[0].sha256 != expected[0].sha256)
        #expect(later[0].shared == expected[0].shared)
        // Others count SHA-256 too.
        try withFolder { folder in
            try write(expected[0].file.bytes, to: folder + "/tickets.pdf")
            #expect(try run("sha256sum", folder + "/tickets.pdf").hasPrefix(expected[0].sha256))
        }
    }

    @Test("The card as SVG has the texts of the ticket and nothing from elsewhere")
    func svg() throws {
        let message = order(title: "R&B <Live> \"Seoul\"")
        let card = try renderer().card(1, of: message, in: .english)
        let bytes = try #require(card)
        let svg = String(decoding: bytes, as: UTF8.self)
        #expect(svg.contains(">R&amp;B &lt;Live&gt; &quot;Seoul&quot;</text>"))
        #expect(!svg.contains("href") && !svg.contains("url(") && !svg.contains("<script"))
        #expect(bytes.count < 16_384)
        for number in [-1, 0, 3, .max] { #expect(try renderer().card(number, of: message, in: .english) == nil) }
    }

    @Test(
        "A page looks as Cairo draws it, letters that the event's fonts lack included",
        arguments: DocumentLanguage.allCases)
    func looks(language: DocumentLanguage) throws {
        let renderer = renderer()
        let message = order(
            title: "さいたま Αθήνα 라이브", venue: "체조경기장 龘", seats: ["다람쥐구역-7-쳇바퀴"], areas: [], category: "R석 <VIP>")
        try withFolder { folder in
            let file = try renderer.files(of: message, in: language)[0]
            // Else it is Cairo's own.
            #expect(file.shared != nil)
            try write(file.file.bytes, to: folder + "/ours.pdf")
            let pages = try renderer.pages(of: message, in: language)
            try write(try renderer.drawn(pages, createdAt: moment), to: folder + "/drawn.pdf")
            for name in ["ours", "drawn"] {
                _ = try run(
                    "pdftoppm", "-r", "75", "-gray", "-singlefile", "\(folder)/\(name).pdf", "\(folder)/\(name)")
            }
            let (ours, drawn) = (try picture("\(folder)/ours.pgm"), try picture("\(folder)/drawn.pgm"))
            #expect(ours.count == drawn.count && ours.count > 400_000)
            let differing = zip(ours, drawn).count { abs(Int($0) - Int($1)) > 96 }
            #expect(differing < ours.count / 2000, "\(differing) of \(ours.count) pixels")
            let words = try ["ours", "drawn"].map {
                try run("pdftotext", "-raw", "\(folder)/\($0).pdf", "-").split(whereSeparator: \.isWhitespace).sorted()
            }
            #expect(words[0] == words[1] && words[0].count > 40)
        }
    }

    /// The grey pixels of a PGM, after its header.
    private func picture(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)).dropFirst(15))
    }
}
