import OnsaleQR

/// A ticket's card as SVG that needs nothing else.
///
/// Text stays text: that is a tenth of the size of outlines, can be searched, copied and read aloud, and every phone has
/// letters for Korean. Lines are broken beforehand, and `textLength` makes each as long as it was measured, so whatever
/// font a reader has, nothing overlaps.
enum SVGDrawing {
    static func bytes(_ page: TicketPage) -> [UInt8] {
        let view = TicketLayout.card
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" xml:lang="\(page.sheet.language.rawValue)" \
            width="\(number(view.width + 4))mm" height="\(number(view.height + 4))mm" \
            viewBox="\(number(view.x - 2)) \(number(view.y - 2)) \(number(view.width + 4)) \(number(view.height + 4))" \
            font-family="\(escaped(TicketFonts.family))">\
            <title>\(escaped("\(page.sheet.event) · \(page.sheet.place)"))</title>
            """
        for shape in TicketLayout.shapes where isInCard(shape) { svg += path(shape) }
        svg += code(page.code)
        for text in page.texts where view.contains(text.place.box) { svg += lines(text) }
        svg += "</svg>\n"
        return Array(svg.utf8)
    }

    private static func isInCard(_ shape: Shape) -> Bool {
        shape.path.allSatisfy { step in
            switch step {
            case .move(let x, let y), .line(let x, let y), .curve(_, _, _, _, let x, let y):
                TicketLayout.card.contains(Box(x, y, 0, 0))
            case .close: true
            }
        }
    }

    private static func path(_ shape: Shape) -> String {
        var steps = ""
        for step in shape.path {
            switch step {
            case .move(let x, let y): steps += "M\(number(x)) \(number(y))"
            case .line(let x, let y): steps += "L\(number(x)) \(number(y))"
            case .curve(let a, let b, let c, let d, let x, let y):
                steps += "C" + [a, b, c, d, x, y].map(number).joined(separator: " ")
            case .close: steps += "Z"
            }
        }
        var paint = #" fill="\#(shape.fill.map(hex) ?? "none")""#
        if let stroke = shape.stroke {
            paint += #" stroke="\#(hex(stroke.colour))" stroke-width="\#(number(stroke.width))""#
            if !stroke.dashes.isEmpty {
                paint += #" stroke-linecap="\#(stroke.dashes[0] == 0 ? "round" : "butt")""#
                paint += #" stroke-dasharray="\#(stroke.dashes.map(number).joined(separator: " "))""#
            }
        }
        return #"<path d="\#(steps)"\#(paint)/>"#
    }

    private static func code(_ code: QRSymbol) -> String {
        let box = TicketLayout.code
        // Strokes as wide as a module, each from where the last one ended: half as long as rectangles.
        var strokes = "M\(QRSymbol.quietZone) \(QRSymbol.quietZone).5"
        var (row, column) = (0, 0)
        for run in code.runs {
            strokes += "m\(run.column - column) \(run.row - row)h\(run.length)"
            (row, column) = (run.row, run.column + run.length)
        }
        return """
            <svg x="\(number(box.x))" y="\(number(box.y))" width="\(number(box.width))" height="\(number(box.height))" \
            viewBox="0 0 \(code.span) \(code.span)" shape-rendering="crispEdges">\
            <path fill="#fff" d="M0 0h\(code.span)v\(code.span)H0z"/><path stroke="#000" d="\(strokes)"/></svg>
            """
    }

    private static func lines(_ text: FittedText) -> String {
        let millimetres = text.size * TicketFonts.millimetresAPoint
        var svg = #"<g font-size="\#(number(millimetres))" fill="\#(hex(text.place.style.colour))""#
        svg += text.place.style.isBold ? #" font-weight="700">"# : ">"
        for line in text.block.lines where !line.text.isEmpty {
            let (x, y) = (text.left(of: line), text.place.box.y + line.baseline)
            svg += """
                <text x="\(number(x))" y="\(number(y))" textLength="\(number(line.width))" \
                lengthAdjust="spacingAndGlyphs">\(escaped(line.text))</text>
                """
        }
        return svg + "</g>"
    }

    /// At most two decimals: a hundredth of a millimetre.
    private static func number(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let (whole, rest) = abs(hundredths).quotientAndRemainder(dividingBy: 100)
        let digits = rest == 0 ? "" : rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)"
        return (hundredths < 0 ? "-" : "") + "\(whole)" + digits
    }

    private static func hex(_ colour: Colour) -> String {
        let digits = String(colour.rgb, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension FittedText {
    /// Where a line begins, in millimetres from the page's left edge.
    func left(of line: TextBlock.Line) -> Double {
        let room = place.box.width - line.width
        return switch place.style.alignment {
        case .left: place.box.x
        case .centre: place.box.x + room / 2
        case .right: place.box.x + room
        }
    }
}
