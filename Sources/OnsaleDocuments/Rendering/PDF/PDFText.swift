/// Bytes of a PDF as they are written (ISO 32000-1).
struct PDFText {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ other: [UInt8]) { bytes += other }

    /// ASCII alone.
    mutating func append(text: String) { bytes += text.utf8 }

    mutating func append(_ number: Int) {
        guard number >= 0 else {
            bytes.append(UInt8(ascii: "-"))
            return append(-number)
        }
        guard number >= 10 else { return bytes.append(UInt8(ascii: "0") + UInt8(number)) }
        append(number / 10)
        bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    /// Three decimals: a hundred-thousandth of an inch.
    mutating func append(_ number: Double) {
        let thousandths = Int((number * 1000).rounded())
        if thousandths < 0 { bytes.append(UInt8(ascii: "-")) }
        let (whole, rest) = abs(thousandths).quotientAndRemainder(dividingBy: 1000)
        append(whole)
        guard rest > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var (scale, left) = (100, rest)
        while left > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(left / scale))
            left %= scale
            scale /= 10
        }
    }

    /// Numbers, each with a space behind it.
    mutating func append(numbers: Double...) {
        for number in numbers {
            append(number)
            append(" ")
        }
    }

    mutating func append(hex number: UInt16) {
        for shift in [12, 8, 4, 0] { bytes.append(PDFText.digits[Int(number >> UInt16(shift)) & 15]) }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// A text for people, as a string object (section 7.9.2.2).
    mutating func append(string text: String) {
        append("<feff")
        for unit in text.utf16 { append(hex: unit) }
        append(">")
    }
}

/// A file, or the part of one, as numbered objects.
struct PDFObjects {
    private(set) var text = PDFText()
    /// Where each begins, by its number less one.
    private(set) var offsets: [Int]
    /// Where this part begins.
    private let start: Int

    init() {
        offsets = []
        start = 0
        text.append("%PDF-1.7\n%")
        // Bytes that tell programs that it isn't text.
        text.append([0xe2, 0xe3, 0xcf, 0xd3, 0x0a])
    }

    /// What follows a part that is written already.
    init(after count: Int, offsets: [Int]) {
        start = count
        self.offsets = offsets
    }

    /// A number for an object that is written later.
    mutating func reserve() -> Int {
        offsets.append(-1)
        return offsets.count
    }

    /// - Returns: the object's number.
    @discardableResult
    mutating func add(_ body: (inout PDFText) -> Void) -> Int {
        let number = reserve()
        write(number, body)
        return number
    }

    mutating func write(_ number: Int, _ body: (inout PDFText) -> Void) {
        offsets[number - 1] = start + text.bytes.count
        text.append(number)
        text.append(" 0 obj\n")
        body(&text)
        text.append("\nendobj\n")
    }

    /// - Parameter entries: of the stream's dictionary, but for its length and filter.
    @discardableResult
    mutating func add(deflated bytes: [UInt8], _ entries: (inout PDFText) -> Void = { _ in }) -> Int {
        add { text in
            text.append("<</Filter/FlateDecode/Length ")
            text.append(bytes.count)
            entries(&text)
            text.append(">>\nstream\n")
            text.append(bytes)
            text.append("\nendstream")
        }
    }

    /// Ends the file (section 7.5.4).
    mutating func end(root: Int, about: Int) {
        let table = start + text.bytes.count
        text.append("xref\n0 ")
        text.append(offsets.count + 1)
        text.append("\n0000000000 65535 f \n")
        for offset in offsets {
            var (digits, rest) = ([UInt8](repeating: UInt8(ascii: "0"), count: 10), offset)
            var place = 9
            while rest > 0, place >= 0 {
                digits[place] += UInt8(rest % 10)
                rest /= 10
                place -= 1
            }
            text.append(digits)
            text.append(" 00000 n \n")
        }
        text.append("trailer\n<</Size ")
        text.append(offsets.count + 1)
        text.append("/Root ")
        text.append(root)
        text.append(" 0 R/Info ")
        text.append(about)
        text.append(" 0 R>>\nstartxref\n")
        text.append(table)
        text.append("\n%%EOF\n")
    }
}
