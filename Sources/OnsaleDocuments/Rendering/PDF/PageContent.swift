/// What is drawn on a page, as a content stream (ISO 32000-1, section 8). Its unit is the point, upward.
struct PageContent {
    /// A font as a page calls it.
    struct NamedFont {
        let name: String
        let font: EmbeddedFont
    }

    private(set) var text = PDFText()

    static let pointsAMillimetre = 72 / 25.4
    static let size = (
        width: TicketLayout.page.width * pointsAMillimetre, height: TicketLayout.page.height * pointsAMillimetre
    )

    private func x(_ millimetres: Double) -> Double { millimetres * PageContent.pointsAMillimetre }
    private func y(_ millimetres: Double) -> Double {
        PageContent.size.height - millimetres * PageContent.pointsAMillimetre
    }

    mutating func draw(_ shape: Shape) {
        if let fill = shape.fill {
            set(fill)
            text.append("rg\n")
        }
        if let stroke = shape.stroke {
            set(stroke.colour)
            text.append("RG\n")
            text.append(x(stroke.width))
            text.append(stroke.dashes.first == 0 ? " w 1 J[" : " w 0 J[")
            for dash in stroke.dashes { text.append(numbers: x(dash)) }
            text.append("]0 d\n")
        }
        for step in shape.path {
            switch step {
            case .move(let left, let top):
                text.append(numbers: x(left), y(top))
                text.append("m\n")
            case .line(let left, let top):
                text.append(numbers: x(left), y(top))
                text.append("l\n")
            case .curve(let x1, let y1, let x2, let y2, let left, let top):
                text.append(numbers: x(x1), y(y1), x(x2), y(y2), x(left), y(top))
                text.append("c\n")
            case .close: text.append("h\n")
            }
        }
        switch (shape.fill, shape.stroke) {
        case (_?, _?): text.append("B\n")
        case (_?, nil): text.append("f\n")
        case (nil, _?): text.append("S\n")
        case (nil, nil): text.append("n\n")
        }
    }

    /// Draws a picture or a form that fills a box.
    mutating func draw(_ name: StaticString, in box: Box) {
        text.append("q ")
        text.append(x(box.width))
        text.append(" 0 0 ")
        text.append(numbers: x(box.height), x(box.x), y(box.bottom))
        text.append("cm/")
        text.append(name)
        text.append(" Do Q\n")
    }

    /// Draws a form that has the page's own measures.
    mutating func draw(form name: StaticString) {
        text.append("/")
        text.append(name)
        text.append(" Do\n")
    }

    /// - Parameter font: where a glyph is; nil leaves it out.
    mutating func draw(_ set: SetText, _ font: (FontFace, UInt32) -> NamedFont?) {
        self.set(set.colour)
        text.append("rg BT\n")
        for line in set.lines {
            var pen = x(line.x)
            let baseline = y(line.baseline)
            for run in line.runs { draw(run, size: set.size, &pen, baseline, font) }
        }
        text.append("ET\n")
    }

    private mutating func draw(
        _ run: SetText.Run, size: Double, _ pen: inout Double, _ baseline: Double,
        _ font: (FontFace, UInt32) -> NamedFont?
    ) {
        // What is open: its font, where its own pen would be, and how far it is lifted.
        var open: (name: String, pen: Double, y: Double)?
        for glyph in run.glyphs {
            defer { pen += glyph.advance }
            guard let named = font(run.face, glyph.id), let number = named.font.numbers[glyph.id] else { continue }
            let place = pen + glyph.x
            if let now = open, now.name == named.name, now.y == glyph.y {
                let gap = ((now.pen - place) / size * 1000).rounded()
                if gap != 0 {
                    text.append(">")
                    text.append(Int(gap))
                    text.append("<")
                    open?.pen -= gap * size / 1000
                }
            } else {
                if open != nil { text.append(">]TJ\n") }
                text.append("/")
                text.append(text: named.name)
                text.append(" ")
                text.append(size)
                text.append(" Tf 1 0 0 1 ")
                text.append(numbers: place, baseline + glyph.y)
                text.append("Tm[<")
                open = (named.name, place, glyph.y)
            }
            text.append(hex: number)
            open?.pen += Double(named.font.advances[Int(number)]) * size / 1000
        }
        if open != nil { text.append(">]TJ\n") }
    }

    private mutating func set(_ colour: Colour) {
        for shift in [16, 8, 0] as [UInt32] { text.append(numbers: Double(colour.rgb >> shift & 0xff) / 255) }
    }
}
