import CPango
import OnsaleValues

/// A font's file, as glyphs are taken from it. One thread at a time.
final class FontFace {
    /// Tells it from the other faces of its typesetter.
    let number: Int
    let name: String
    /// Units an em.
    let unitsAnEm: Double
    /// Whether its glyphs can be taken as TrueType: outlines of that kind, without axes.
    let isTrueType: Bool
    private let face: OpaquePointer
    private let font: OpaquePointer
    /// The same with what every subset needs worked out; made when first needed.
    private lazy var prepared = hb_subset_preprocess(face)

    /// - Parameter face: of HarfBuzz; a reference is kept.
    init(_ face: OpaquePointer, number: Int) {
        self.number = number
        self.face = hb_face_reference(face)
        guard let font = hb_font_create(face) else { preconditionFailure("HarfBuzz has an empty font for this") }
        self.font = font
        unitsAnEm = Double(max(1, hb_face_get_upem(face)))
        isTrueType =
            FontFace.has("glyf", face) && FontFace.has("loca", face) && !FontFace.has("fvar", face)
            && !FontFace.has("CFF ", face)
        var name = [CChar](repeating: 0, count: 64)
        var size = UInt32(name.count)
        hb_ot_name_get_utf8(face, 6, nil, &size, &name)
        let plain = name.prefix(Int(size)).map { UInt8(bitPattern: $0) }.filter { $0.isLetterOrDigit }
        self.name = plain.isEmpty ? "Font" : String(decoding: plain, as: UTF8.self)
    }

    deinit {
        hb_face_destroy(prepared)
        hb_font_destroy(font)
        hb_face_destroy(face)
    }

    /// How far a glyph moves the pen, in thousandths of an em.
    func advance(_ glyph: UInt32) -> Int {
        Int((Double(hb_font_get_glyph_h_advance(font, glyph)) * 1000 / unitsAnEm).rounded())
    }

    /// The box around all glyphs, and how far lines reach up and down, in thousandths of an em.
    var extents: (ascender: Int, descender: Int) {
        var extents = hb_font_extents_t()
        hb_font_get_h_extents(font, &extents)
        func thousandths(_ value: Int32) -> Int { Int((Double(value) * 1000 / unitsAnEm).rounded()) }
        return (thousandths(extents.ascender), thousandths(extents.descender))
    }

    /// A font with some glyphs alone.
    /// - Returns: the file, and each glyph's new number; nil if HarfBuzz can't make one.
    func subset(_ glyphs: some Sequence<UInt32>) -> (file: [UInt8], numbers: [UInt32: UInt16])? {
        guard isTrueType, let input = hb_subset_input_create_or_fail() else { return nil }
        defer { hb_subset_input_destroy(input) }
        // What a PDF's reader doesn't use.
        hb_subset_input_set_flags(input, HB_SUBSET_FLAGS_NO_HINTING.rawValue | HB_SUBSET_FLAGS_NOTDEF_OUTLINE.rawValue)
        let dropped = hb_subset_input_set(input, HB_SUBSET_SETS_DROP_TABLE_TAG)
        for tag in ["GSUB", "GPOS", "GDEF", "OS/2", "post", "name", "cmap", "vhea", "vmtx", "DSIG", "gasp", "hdmx"] {
            hb_set_add(dropped, FontFace.tag(tag))
        }
        let wanted = hb_subset_input_glyph_set(input)
        for glyph in glyphs { hb_set_add(wanted, glyph) }
        guard let plan = hb_subset_plan_create_or_fail(prepared, input) else { return nil }
        defer { hb_subset_plan_destroy(plan) }
        guard let smaller = hb_subset_plan_execute_or_fail(plan) else { return nil }
        defer { hb_face_destroy(smaller) }
        let map = hb_subset_plan_old_to_new_glyph_mapping(plan)
        var numbers: [UInt32: UInt16] = [:]
        for glyph in glyphs { numbers[glyph] = UInt16(truncatingIfNeeded: hb_map_get(map, glyph)) }
        let blob = hb_face_reference_blob(smaller)
        defer { hb_blob_destroy(blob) }
        var count: UInt32 = 0
        guard let data = hb_blob_get_data(blob, &count), count > 0 else { return nil }
        let bytes = UnsafeRawBufferPointer(start: data, count: Int(count))
        return (Array(bytes), numbers)
    }

    private static func has(_ table: String, _ face: OpaquePointer) -> Bool {
        let blob = hb_face_reference_table(face, tag(table))
        defer { hb_blob_destroy(blob) }
        return hb_blob_get_length(blob) > 0
    }

    private static func tag(_ name: String) -> hb_tag_t {
        name.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
