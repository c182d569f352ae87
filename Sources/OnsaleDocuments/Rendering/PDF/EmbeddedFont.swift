import Crypto

/// A font with the glyphs that some texts need, ready to be written into any file.
struct EmbeddedFont {
    /// Of the font's file, to its numbers here.
    let numbers: [UInt32: UInt16]
    /// In thousandths of an em, by the numbers here.
    let advances: [Int]
    private let face: FontFace
    private let file: [UInt8]
    private let fileBytes: Int
    private let unicode: [UInt8]
    private let tag: String

    /// - Parameter glyphs: with what they stand for.
    /// - Returns: nil if the font can't be embedded so.
    init?(_ face: FontFace, _ glyphs: [UInt32: String], deflater: Deflater) {
        guard let (file, numbers) = face.subset(glyphs.keys) else { return nil }
        self.face = face
        self.numbers = numbers
        fileBytes = file.count
        self.file = deflater.deflate(file)
        var advances = [Int](repeating: 0, count: Int(numbers.values.max() ?? 0) + 1)
        for (glyph, number) in numbers { advances[Int(number)] = face.advance(glyph) }
        self.advances = advances
        unicode = deflater.deflate(EmbeddedFont.unicode(numbers.map { ($1, glyphs[$0] ?? "") }))
        // Six letters that tell subsets of one font from another (section 9.6.4).
        tag = String(
            decoding: SHA256.hash(data: file).prefix(6).map { UInt8(ascii: "A") + $0 % 26 }, as: UTF8.self)
    }

    /// Which text each glyph stands for, so that it can be searched and copied (section 9.10.3).
    private static func unicode(_ glyphs: [(number: UInt16, text: String)]) -> [UInt8] {
        var map = PDFText()
        map.append(
            """
            /CIDInit/ProcSet findresource begin 12 dict begin begincmap
            /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def
            /CMapName/Adobe-Identity-UCS def/CMapType 2 def
            1 begincodespacerange<0000><ffff>endcodespacerange

            """)
        let told = glyphs.filter { !$0.text.isEmpty }.sorted { $0.number < $1.number }
        for start in stride(from: 0, to: told.count, by: 100) {
            let part = told[start..<min(start + 100, told.count)]
            map.append(part.count)
            map.append(" beginbfchar\n")
            for (number, text) in part {
                map.append("<")
                map.append(hex: number)
                map.append("><")
                for unit in text.utf16 { map.append(hex: unit) }
                map.append(">\n")
            }
            map.append("endbfchar\n")
        }
        map.append("endcmap CMapName currentdict/CMap defineresource pop end end")
        return map.bytes
    }

    /// Writes it as a composite font whose codes are its glyphs' numbers (section 9.7).
    /// - Returns: the font's object.
    func add(to objects: inout PDFObjects) -> Int {
        let program = objects.add(deflated: file) { text in
            text.append("/Length1 ")
            text.append(fileBytes)
        }
        let unicode = objects.add(deflated: unicode)
        let name = "\(tag)+\(face.name)"
        let (ascender, descender) = face.extents
        let descriptor = objects.add { text in
            text.append("<</Type/FontDescriptor/FontName/")
            text.append(text: name)
            text.append("/Flags 4/ItalicAngle 0/StemV 80/FontBBox[0 ")
            for number in [descender, 1000, ascender] {
                text.append(number)
                text.append(" ")
            }
            text.append("]/Ascent ")
            text.append(ascender)
            text.append("/Descent ")
            text.append(descender)
            text.append("/CapHeight ")
            text.append(ascender)
            text.append("/FontFile2 ")
            text.append(program)
            text.append(" 0 R>>")
        }
        let descendant = objects.add { text in
            text.append("<</Type/Font/Subtype/CIDFontType2/BaseFont/")
            text.append(text: name)
            text.append("/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity")
            text.append("/FontDescriptor ")
            text.append(descriptor)
            text.append(" 0 R/W[0[")
            for advance in advances {
                text.append(advance)
                text.append(" ")
            }
            text.append("]]>>")
        }
        return objects.add { text in
            text.append("<</Type/Font/Subtype/Type0/BaseFont/")
            text.append(text: name)
            text.append("/Encoding/Identity-H/DescendantFonts[")
            text.append(descendant)
            text.append(" 0 R]/ToUnicode ")
            text.append(unicode)
            text.append(" 0 R>>")
        }
    }
}
