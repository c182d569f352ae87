import Crypto

/// How the PDFs of one event begin: with its fonts, and with what all its pages have. It follows from the event alone, so
/// that every process makes the same bytes.
struct EventBeginning {
    struct Font {
        let named: PageContent.NamedFont
        let object: Int
    }

    let part: RenderedFile.Part
    /// Has taken in the part.
    let hash: SHA256
    let offsets: [Int]
    /// By the numbers of their faces.
    let fonts: [Int: Font]
    /// What all pages have, drawn.
    let form: Int

    /// - Parameters:
    ///   - texts: that all pages have.
    ///   - expected: whose letters orders are likely to need.
    /// - Returns: nil if a font can't be embedded so.
    init?(_ texts: [SetText], expected: [SetText], deflater: Deflater) {
        var set = GlyphSet()
        for text in texts + expected { set.add(text) }
        var objects = PDFObjects()
        var fonts: [Int: Font] = [:]
        for (index, face) in set.faces.enumerated() {
            guard let font = EmbeddedFont(face, set.glyphs[face.number] ?? [:], deflater: deflater) else { return nil }
            fonts[face.number] = Font(
                named: PageContent.NamedFont(name: "F\(index)", font: font), object: font.add(to: &objects))
        }
        var content = PageContent()
        for shape in TicketLayout.shapes { content.draw(shape) }
        for text in texts { content.draw(text) { face, _ in fonts[face.number]?.named } }
        form = objects.add(deflated: deflater.deflate(content.text.bytes)) { text in
            text.append("/Type/XObject/Subtype/Form/BBox[0 0 ")
            text.append(numbers: PageContent.size.width, PageContent.size.height)
            text.append("]/Resources<</Font<<")
            for font in fonts.values.sorted(by: { $0.object < $1.object }) {
                text.append(name: font.named.name, object: font.object)
            }
            text.append(">>>>")
        }
        self.fonts = fonts
        offsets = objects.offsets
        part = RenderedFile.Part(objects.text.bytes)
        var hash = SHA256()
        hash.update(data: part.bytes)
        self.hash = hash
    }
}

extension PDFText {
    /// An entry of a dictionary of resources.
    mutating func append(name: String, object: Int) {
        append("/")
        append(text: name)
        append(" ")
        append(object)
        append(" 0 R")
    }
}
