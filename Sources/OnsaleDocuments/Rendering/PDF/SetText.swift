/// A text as glyphs in their places.
struct SetText {
    struct Glyph {
        let id: UInt32
        /// How far it moves the pen, and where it is drawn from the pen, in points; `y` upward.
        let advance: Double
        let x: Double
        let y: Double
        /// The text that it stands for; empty where another glyph of the same cluster does.
        let text: String
    }

    /// Glyphs of one font, one after the other.
    struct Run {
        let face: FontFace
        let glyphs: [Glyph]
    }

    /// The glyph that draws nothing and is in no font.
    static let nothing: UInt32 = .max

    struct Line {
        /// Where the pen begins, in millimetres from the page's upper left corner.
        let x: Double
        let baseline: Double
        let runs: [Run]
    }

    /// In points.
    let size: Double
    let colour: Colour
    let lines: [Line]
}

/// Glyphs of several fonts, with what they stand for.
struct GlyphSet {
    /// In the order in which they came, which the texts alone decide.
    private(set) var faces: [FontFace] = []
    private(set) var glyphs: [Int: [UInt32: String]] = [:]

    /// - Parameter isKnown: glyphs that are somewhere else already.
    mutating func add(_ text: SetText, except isKnown: (FontFace, UInt32) -> Bool = { _, _ in false }) {
        for line in text.lines {
            for run in line.runs {
                for glyph in run.glyphs where glyph.id != SetText.nothing && !isKnown(run.face, glyph.id) {
                    if glyphs[run.face.number] == nil { faces.append(run.face) }
                    let known = glyphs[run.face.number]?[glyph.id]
                    if known == nil || known == "" { glyphs[run.face.number, default: [:]][glyph.id] = glyph.text }
                }
            }
        }
    }
}
