import OnsaleQR
import OnsaleValues

/// An order's PDF: how those of its event begin, and then what is its own.
struct OrderPDF {
    /// A ticket, with what only its page has.
    struct Page {
        let texts: [SetText]
        let code: QRSymbol
    }

    let beginning: EventBeginning
    let title: String
    let createdAt: Timestamp
    let pages: [Page]

    /// The file's own part.
    /// - Parameter extra: makes a font of the letters that the event's fonts lack.
    /// - Returns: nil if there is none.
    func bytes(deflater: Deflater, extra: (FontFace, [UInt32: String]) -> EmbeddedFont?) -> [UInt8]? {
        var objects = PDFObjects(after: beginning.part.bytes.count, offsets: beginning.offsets)
        var missing = GlyphSet()
        for page in pages {
            for text in page.texts {
                missing.add(text) { face, glyph in isKnown(face, glyph) }
            }
        }
        var extras: [Int: EventBeginning.Font] = [:]
        for (index, face) in missing.faces.enumerated() {
            guard let font = extra(face, missing.glyphs[face.number] ?? [:]) else { return nil }
            extras[face.number] = EventBeginning.Font(
                named: PageContent.NamedFont(name: "X\(index)", font: font), object: font.add(to: &objects))
        }
        let fonts = (Array(beginning.fonts.values) + extras.values).sorted { $0.object < $1.object }
        let tree = objects.reserve()
        var numbers: [Int] = []
        for page in pages {
            var content = PageContent()
            content.draw(form: "S")
            content.draw("C", in: TicketLayout.code)
            for text in page.texts {
                content.draw(text) { face, glyph in
                    isKnown(face, glyph) ? beginning.fonts[face.number]?.named : extras[face.number]?.named
                }
            }
            let drawn = objects.add(deflated: deflater.deflate(content.text.bytes))
            let picture = add(page.code, to: &objects, deflater)
            numbers.append(
                objects.add { text in
                    text.append("<</Type/Page/Parent ")
                    text.append(tree)
                    text.append(" 0 R/Contents ")
                    text.append(drawn)
                    text.append(" 0 R/Resources<</Font<<")
                    for font in fonts { text.append(name: font.named.name, object: font.object) }
                    text.append(">>/XObject<<")
                    text.append(name: "S", object: beginning.form)
                    text.append(name: "C", object: picture)
                    text.append(">>>>>>")
                })
        }
        objects.write(tree) { text in
            text.append("<</Type/Pages/MediaBox[0 0 ")
            text.append(numbers: PageContent.size.width, PageContent.size.height)
            text.append("]/Count ")
            text.append(numbers.count)
            text.append("/Kids[")
            for number in numbers {
                text.append(number)
                text.append(" 0 R ")
            }
            text.append("]>>")
        }
        end(&objects, tree)
        return objects.text.bytes
    }

    private func isKnown(_ face: FontFace, _ glyph: UInt32) -> Bool {
        beginning.fonts[face.number]?.named.font.numbers[glyph] != nil
    }

    private func end(_ objects: inout PDFObjects, _ tree: Int) {
        let root = objects.add { text in
            text.append("<</Type/Catalog/Pages ")
            text.append(tree)
            text.append(" 0 R>>")
        }
        let about = objects.add { text in
            // `2027-03-01T10:00:00.000Z` as section 7.9.4 has it.
            let moment = "(D:" + RFC3339.format(createdAt).prefix(19).filter(\.isNumber) + "Z)"
            text.append("<</Title ")
            text.append(string: title)
            text.append("/Creator(Onsale)/CreationDate")
            text.append(text: moment)
            text.append("/ModDate")
            text.append(text: moment)
            text.append(">>")
        }
        objects.end(root: root, about: about)
    }

    /// Pixels a side of a module. A viewer that smooths pictures does so by a pixel.
    private static let pixelsAModule = 4

    /// The code as a picture of one bit a pixel (section 8.9.5), a module in four bits.
    private func add(_ code: QRSymbol, to objects: inout PDFObjects, _ deflater: Deflater) -> Int {
        let span = code.span
        let stride = (span + 1) / 2
        var modules = [UInt8](repeating: 0xff, count: stride * span)
        for run in code.runs {
            let row = (run.row + QRSymbol.quietZone) * stride
            for column in run.column + QRSymbol.quietZone..<run.column + QRSymbol.quietZone + run.length {
                modules[row + column / 2] &= column % 2 == 0 ? 0x0f : 0xf0
            }
        }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(modules.count * OrderPDF.pixelsAModule)
        for row in 0..<span {
            for _ in 0..<OrderPDF.pixelsAModule { pixels += modules[row * stride..<(row + 1) * stride] }
        }
        return objects.add(deflated: deflater.deflate(pixels)) { text in
            text.append("/Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 1/Width ")
            text.append(span * OrderPDF.pixelsAModule)
            text.append("/Height ")
            text.append(span * OrderPDF.pixelsAModule)
        }
    }
}
