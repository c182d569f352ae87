import CQREncode
import NIOCore

/// A text as a QR code (ISO/IEC 18004), drawn as SVG.
struct QRCode {
    /// Whether each module is dark, row by row.
    let modules: [Bool]
    let width: Int

    /// The quiet zone that a scanner needs around the code, in modules.
    private static let margin = 4

    /// - Returns: nil for text too long for any QR code.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        // Level M survives 15 % damage: a cracked screen, a folded sheet.
        guard let code = QRcode_encodeData(Int32(bytes.count), bytes, 0, QR_ECLEVEL_M) else { return nil }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        let count = width * width
        // The lowest bit is the colour; the others say what the module is for.
        modules = UnsafeBufferPointer(start: code.pointee.data, count: count).map { $0 & 1 == 1 }
    }

    /// One path of horizontal runs, black on white whatever the page's colours.
    var svg: ByteBuffer {
        let size = width + 2 * QRCode.margin
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                guard modules[row * width + column] else {
                    column += 1
                    continue
                }
                let start = column
                while column < width, modules[row * width + column] { column += 1 }
                path += "M\(start + QRCode.margin) \(row + QRCode.margin)h\(column - start)v1h-\(column - start)z"
            }
        }
        return ByteBuffer(
            string: """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size) \(size)" shape-rendering="crispEdges">\
                <path fill="#fff" d="M0 0h\(size)v\(size)H0z"/><path d="\(path)"/></svg>
                """)
    }
}
