import CPango

extension PangoTypesetter {
    /// A text that was fitted by this, as glyphs.
    /// - Returns: nil if some are none that TrueType has: pictures, or boxes in place of letters that no font has.
    func glyphs(_ text: FittedText) -> SetText? {
        let style = text.place.style
        set(
            text.text, size: text.size, isBold: style.isBold, width: text.place.box.width, keepsWords: text.keepsWords)
        let utf8 = Array(text.text.utf8)
        var lines: [SetText.Line] = []
        var isWhole = true
        var fitted = text.block.lines.makeIterator()
        visitLines { line, _ in
            guard let place = fitted.next() else { return }
            var runs: [SetText.Run] = []
            var next = line.pointee.runs
            while let node = next {
                next = node.pointee.next
                guard let item = node.pointee.data?.assumingMemoryBound(to: PangoGlyphItem.self) else { continue }
                if let run = run(item.pointee, utf8) { runs.append(run) } else { isWhole = false }
            }
            lines.append(
                SetText.Line(x: text.left(of: place), baseline: text.place.box.y + place.baseline, runs: runs))
        }
        return isWhole ? SetText(size: text.size, colour: style.colour, lines: lines) : nil
    }

    private func run(_ glyphItem: PangoGlyphItem, _ utf8: [UInt8]) -> SetText.Run? {
        guard let item = glyphItem.item?.pointee, let font = item.analysis.font, let face = face(of: font),
            face.isTrueType, let string = glyphItem.glyphs?.pointee, let infos = string.glyphs,
            let clusters = string.log_clusters, glyphItem.start_x_offset == 0, glyphItem.end_x_offset == 0
        else { return nil }
        let count = Int(string.num_glyphs)
        let starts = Set((0..<count).map { Int(clusters[$0]) }).sorted() + [Int(item.length)]
        var told: Set<Int> = []
        var glyphs: [SetText.Glyph] = []
        glyphs.reserveCapacity(count)
        for index in 0..<count {
            let info = infos[index]
            func points(_ units: Int32) -> Double { Double(units) / Double(PANGO_SCALE) }
            guard info.glyph & PangoTypesetter.unknown == 0 || info.glyph == PangoTypesetter.empty else { return nil }
            let cluster = Int(clusters[index])
            var text = ""
            if told.insert(cluster).inserted, let end = starts.first(where: { $0 > cluster }) {
                let start = Int(item.offset)
                text = String(decoding: utf8[start + cluster..<start + end], as: UTF8.self)
            }
            // Nothing to see, but it may move the pen.
            let id = info.glyph == PangoTypesetter.empty ? SetText.nothing : info.glyph
            glyphs.append(
                SetText.Glyph(
                    id: id, advance: points(info.geometry.width), x: points(info.geometry.x_offset),
                    y: points(glyphItem.y_offset) - points(info.geometry.y_offset), text: text))
        }
        return SetText.Run(face: face, glyphs: glyphs)
    }

    /// `PANGO_GLYPH_EMPTY` and `PANGO_GLYPH_UNKNOWN_FLAG`, which are macros.
    private static let empty: UInt32 = 0x0fff_ffff
    private static let unknown: UInt32 = 0x1000_0000
}
