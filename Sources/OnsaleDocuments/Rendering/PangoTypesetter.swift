import CPango

/// Sets text with Pango.
///
/// Pango is safe on several threads if each uses a font map of its own, so this has one, and nothing of it is shared:
/// use it from one thread at a time, and make one for each thread. It isn't `Sendable`, so the compiler sees to that.
final class PangoTypesetter: TextMeasure {
    private let fonts: UnsafeMutablePointer<PangoFontMap>
    private let context: OpaquePointer
    private let layout: OpaquePointer
    /// The files of its fonts, by HarfBuzz's pointers to them, which it keeps alive.
    private var faces: [OpaquePointer: FontFace] = [:]

    init(language: DocumentLanguage) {
        guard let fonts = pango_cairo_font_map_new(), let context = pango_font_map_create_context(fonts),
            let layout = pango_layout_new(context)
        else { preconditionFailure("GLib ends the process rather than return nothing") }
        (self.fonts, self.context, self.layout) = (fonts, context, layout)
        pango_cairo_context_set_resolution(context, 72)
        // The page is printed in any size, so nothing is rounded to the pixels of some screen.
        pango_context_set_round_glyph_positions(context, 0)
        let options = cairo_font_options_create()
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        pango_cairo_context_set_font_options(context, options)
        cairo_font_options_destroy(options)
        pango_context_set_language(context, pango_language_from_string(language.rawValue))
        pango_layout_set_line_spacing(layout, 1.2)
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
    }

    deinit {
        g_object_unref(UnsafeMutableRawPointer(layout))
        g_object_unref(UnsafeMutableRawPointer(context))
        g_object_unref(UnsafeMutableRawPointer(fonts))
    }

    /// Whether some installed font has Korean letters.
    var hasKorean: Bool {
        let description = PangoTypesetter.description(size: 10, isBold: false)
        defer { pango_font_description_free(description) }
        guard let set = pango_font_map_load_fontset(fonts, context, description, pango_language_from_string("ko"))
        else { return false }
        defer { g_object_unref(set) }
        let syllable: UInt32 = 0xac00
        guard let font = pango_fontset_get_font(set, syllable) else { return false }
        defer { g_object_unref(font) }
        return pango_font_has_char(font, syllable) != 0
    }

    /// The file of a font.
    func face(of font: UnsafeMutablePointer<PangoFont>) -> FontFace? {
        guard let sized = pango_font_get_hb_font(font), let face = hb_font_get_face(sized) else { return nil }
        if let known = faces[face] { return known }
        let made = FontFace(face, number: faces.count)
        faces[face] = made
        return made
    }

    func block(_ text: String, size: Double, isBold: Bool, width: Double, keepsWords: Bool) -> TextBlock {
        set(text, size: size, isBold: isBold, width: width, keepsWords: keepsWords)
        let utf8 = Array(text.utf8)
        var lines: [TextBlock.Line] = []
        visitLines { line, baseline in
            var logical = PangoRectangle()
            pango_layout_line_get_extents(line, nil, &logical)
            let start = Int(line.pointee.start_index)
            let bytes = utf8[start..<start + Int(line.pointee.length)]
            let end = bytes.lastIndex { $0 != UInt8(ascii: " ") }.map { $0 + 1 } ?? start
            lines.append(
                TextBlock.Line(
                    String(decoding: utf8[start..<end], as: UTF8.self), baseline: millimetres(baseline),
                    width: millimetres(logical.width)))
        }
        var logical = PangoRectangle()
        pango_layout_get_extents(layout, nil, &logical)
        return TextBlock(
            width: lines.map(\.width).max() ?? 0, height: millimetres(logical.height), lines: lines)
    }

    /// Draws a text that was fitted by this, with millimetres as the drawing's unit.
    func draw(_ text: FittedText, on drawing: OpaquePointer) {
        let style = text.place.style
        set(
            text.text, size: text.size, isBold: style.isBold, width: text.place.box.width, keepsWords: text.keepsWords)
        var lines = text.block.lines.makeIterator()
        visitLines { line, _ in
            guard let fitted = lines.next() else { return }
            cairo_save(drawing)
            cairo_translate(drawing, text.left(of: fitted), text.place.box.y + fitted.baseline)
            cairo_scale(drawing, TicketFonts.millimetresAPoint, TicketFonts.millimetresAPoint)
            cairo_move_to(drawing, 0, 0)
            pango_cairo_show_layout_line(drawing, line)
            cairo_restore(drawing)
        }
    }

    func set(_ text: String, size: Double, isBold: Bool, width: Double, keepsWords: Bool) {
        let description = PangoTypesetter.description(size: size, isBold: isBold)
        pango_layout_set_font_description(layout, description)
        pango_font_description_free(description)
        pango_layout_set_width(layout, Int32(width / TicketFonts.millimetresAPoint * Double(PANGO_SCALE)))
        pango_layout_set_text(layout, text, Int32(text.utf8.count))
        let attributes = pango_attr_list_new()
        defer { pango_attr_list_unref(attributes) }
        if keepsWords {
            var start: UInt32 = 0
            for word in text.split(separator: " ", omittingEmptySubsequences: false) {
                let end = start + UInt32(word.utf8.count)
                if let unbroken = pango_attr_allow_breaks_new(0), end > start {
                    unbroken.pointee.start_index = start
                    unbroken.pointee.end_index = end
                    pango_attr_list_insert(attributes, unbroken)
                }
                start = end + 1
            }
        }
        pango_layout_set_attributes(layout, attributes)
    }

    /// - Parameter body: gets each line, and its baseline from the block's upper edge in Pango's units.
    func visitLines(_ body: (UnsafeMutablePointer<PangoLayoutLine>, Int32) -> Void) {
        guard let iterator = pango_layout_get_iter(layout) else { return }
        defer { pango_layout_iter_free(iterator) }
        repeat {
            if let line = pango_layout_iter_get_line_readonly(iterator) {
                body(line, pango_layout_iter_get_baseline(iterator))
            }
        } while pango_layout_iter_next_line(iterator) != 0
    }

    private func millimetres(_ units: Int32) -> Double {
        Double(units) / Double(PANGO_SCALE) * TicketFonts.millimetresAPoint
    }

    private static func description(size: Double, isBold: Bool) -> OpaquePointer? {
        let description = pango_font_description_new()
        pango_font_description_set_family(description, TicketFonts.family)
        pango_font_description_set_weight(description, isBold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL)
        pango_font_description_set_size(description, Int32((size * Double(PANGO_SCALE)).rounded()))
        return description
    }
}
