/// Base 64 with padding (RFC 4648, section 4).
enum Base64 {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    /// Bytes in a line of 76 characters.
    private static let lineBytes = 57

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        append(bytes[...], to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// In lines of 76 characters, each with its end, as a body of MIME (RFC 2045, section 6.8).
    static func appendLines(_ bytes: [UInt8], to body: inout [UInt8]) {
        body.reserveCapacity(body.count + bytes.count / lineBytes * 78 + 80)
        for start in stride(from: 0, to: bytes.count, by: lineBytes) {
            append(bytes[start..<min(start + lineBytes, bytes.count)], to: &body)
            body += [13, 10]
        }
    }

    private static func append(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
        let digits = alphabet.utf8Start
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let count = min(3, bytes.endIndex - index)
            let second = count > 1 ? UInt32(bytes[index + 1]) : 0
            let third = count > 2 ? UInt32(bytes[index + 2]) : 0
            let bits = UInt32(bytes[index]) << 16 | second << 8 | third
            text.append(digits[Int(bits >> 18)])
            text.append(digits[Int(bits >> 12 & 63)])
            text.append(count > 1 ? digits[Int(bits >> 6 & 63)] : UInt8(ascii: "="))
            text.append(count > 2 ? digits[Int(bits & 63)] : UInt8(ascii: "="))
            index += 3
        }
    }
}

/// Quoted-printable (RFC 2045, section 6.7), for text with ends of lines as CRLF.
enum QuotedPrintable {
    private static let lineMax = 76
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func append(_ text: [UInt8], to body: inout [UInt8]) {
        var length = 0
        func breakSoftly() {
            body += [UInt8(ascii: "="), 13, 10]
            length = 0
        }
        var index = 0
        while index < text.count {
            let byte = text[index]
            if endsLine(text, at: index) {
                body += [13, 10]
                length = 0
                index += 2
                continue
            }
            // A space before the end of a line would be lost on the way.
            let isLastOfLine = index + 1 == text.count || endsLine(text, at: index + 1)
            let isSpace = byte == 0x20 || byte == 0x09
            let isPlain = isSpace ? !isLastOfLine : byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "=")
            if length + (isPlain ? 1 : 3) > lineMax - 1 { breakSoftly() }
            if isPlain {
                body.append(byte)
                length += 1
            } else {
                body += [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                length += 3
            }
            index += 1
        }
    }

    private static func endsLine(_ text: [UInt8], at index: Int) -> Bool {
        index + 1 < text.count && text[index] == 13 && text[index + 1] == 10
    }
}
