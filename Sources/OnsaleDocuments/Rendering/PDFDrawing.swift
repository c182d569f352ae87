import CPango
import OnsaleQR
import OnsaleValues

/// Tickets as PDF, one a page: text that can be selected, in fonts that are embedded.
///
/// The same pages and moment give the same bytes, as long as Cairo, Pango and the fonts are the same.
enum PDFDrawing {
    private static let pointsAMillimetre = 72 / 25.4

    /// - Parameter createdAt: what the file says of its making.
    /// - Throws: ``RenderingFailure``.
    static func bytes(
        _ pages: [TicketPage], createdAt: Timestamp, by typesetter: PangoTypesetter
    ) throws(RenderingFailure) -> [UInt8] {
        let sink = ByteSink()
        let page = TicketLayout.page
        let surface = cairo_pdf_surface_create_for_stream(
            { sink, bytes, count in
                guard let sink, let bytes else { return CAIRO_STATUS_WRITE_ERROR }
                Unmanaged<ByteSink>.fromOpaque(sink).takeUnretainedValue()
                    .bytes.append(contentsOf: UnsafeBufferPointer(start: bytes, count: Int(count)))
                return CAIRO_STATUS_SUCCESS
            }, Unmanaged.passUnretained(sink).toOpaque(), page.width * pointsAMillimetre,
            page.height * pointsAMillimetre)
        defer { cairo_surface_destroy(surface) }
        if let sheet = pages.first?.sheet {
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, "\(sheet.event) · \(sheet.order)")
        }
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Onsale")
        let moment = RFC3339.format(createdAt).prefix(19) + "Z"
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, String(moment))
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, String(moment))
        if let drawing = cairo_create(surface) {
            defer { cairo_destroy(drawing) }
            cairo_scale(drawing, pointsAMillimetre, pointsAMillimetre)
            for page in pages {
                draw(page, on: drawing, by: typesetter)
                cairo_show_page(drawing)
            }
            try check(cairo_status(drawing))
        }
        cairo_surface_finish(surface)
        try check(cairo_surface_status(surface))
        // The surface wrote its last bytes when it was finished, and has kept no reference.
        return withExtendedLifetime(sink) { sink.bytes }
    }

    private final class ByteSink {
        var bytes: [UInt8] = []
    }

    private static func check(_ status: cairo_status_t) throws(RenderingFailure) {
        guard status != CAIRO_STATUS_SUCCESS else { return }
        throw RenderingFailure(String(cString: cairo_status_to_string(status)))
    }

    private static func draw(_ page: TicketPage, on drawing: OpaquePointer, by typesetter: PangoTypesetter) {
        for shape in TicketLayout.shapes { draw(shape, on: drawing) }
        draw(page.code, on: drawing)
        for text in page.texts {
            set(text.place.style.colour, on: drawing)
            typesetter.draw(text, on: drawing)
        }
    }

    private static func draw(_ shape: Shape, on drawing: OpaquePointer) {
        for step in shape.path {
            switch step {
            case .move(let x, let y): cairo_move_to(drawing, x, y)
            case .line(let x, let y): cairo_line_to(drawing, x, y)
            case .curve(let x1, let y1, let x2, let y2, let x, let y): cairo_curve_to(drawing, x1, y1, x2, y2, x, y)
            case .close: cairo_close_path(drawing)
            }
        }
        if let fill = shape.fill {
            set(fill, on: drawing)
            cairo_fill_preserve(drawing)
        }
        if let stroke = shape.stroke {
            set(stroke.colour, on: drawing)
            cairo_set_line_width(drawing, stroke.width)
            cairo_set_line_cap(drawing, stroke.dashes.first == 0 ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT)
            cairo_set_dash(drawing, stroke.dashes, Int32(stroke.dashes.count), 0)
            cairo_stroke_preserve(drawing)
        }
        cairo_new_path(drawing)
    }

    /// Pixels a side of a module. A viewer that smooths pictures does so by a pixel.
    private static let pixelsAModule = 4

    /// A picture of one bit a pixel: drawn as rectangles, the code took more than half of the time.
    private static func draw(_ code: QRSymbol, on drawing: OpaquePointer) {
        let pixels = code.span * pixelsAModule
        let picture = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(pixels), Int32(pixels))
        defer { cairo_surface_destroy(picture) }
        cairo_surface_flush(picture)
        // The drawing's own status tells of a picture for which there was no memory.
        if let bytes = cairo_image_surface_get_data(picture) {
            let stride = Int(cairo_image_surface_get_stride(picture))
            bytes.update(repeating: 0xff, count: stride * pixels)
            for run in code.runs {
                let left = (run.column + QRSymbol.quietZone) * pixelsAModule
                let top = (run.row + QRSymbol.quietZone) * pixelsAModule
                for row in top..<top + pixelsAModule {
                    (bytes + row * stride + 4 * left).update(repeating: 0, count: 4 * run.length * pixelsAModule)
                }
            }
        }
        cairo_surface_mark_dirty(picture)
        let box = TicketLayout.code
        cairo_save(drawing)
        cairo_translate(drawing, box.x, box.y)
        cairo_scale(drawing, box.width / Double(pixels), box.height / Double(pixels))
        cairo_set_source_surface(drawing, picture, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(drawing), CAIRO_FILTER_NEAREST)
        cairo_paint(drawing)
        cairo_restore(drawing)
    }

    private static func set(_ colour: Colour, on drawing: OpaquePointer) {
        func part(_ shift: UInt32) -> Double { Double(colour.rgb >> shift & 0xff) / 255 }
        cairo_set_source_rgb(drawing, part(16), part(8), part(0))
    }
}

/// Why Cairo didn't draw: there is no memory left, say. A later attempt may succeed.
package struct RenderingFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
