import OnsaleValues

/// Writes a mail as it travels: RFC 5322 and 2045 to 2047, in ASCII, with CRLF, no line longer than 78 characters but for
/// an address or a URL that can't be folded.
///
/// The same mail is the same bytes. Nothing that a stranger has written can add a header, a part or a line of SMTP.
package enum MIMEWriter {
    package static func write(_ mail: OutgoingMail) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(mail.attachments.reduce(8_192) { $0 + $1.bytes.count / 57 * 78 + 1_024 })
        bytes += Array(headers(mail).utf8)
        let boundary = Boundary(mail.id)
        guard !mail.attachments.isEmpty else {
            appendContent(mail.content, boundary: boundary.alternative, isPart: false, to: &bytes)
            return bytes
        }
        bytes += Array("Content-Type: multipart/mixed; boundary=\"\(boundary.mixed)\"\r\n\r\n".utf8)
        bytes += Array("--\(boundary.mixed)\r\n".utf8)
        appendContent(mail.content, boundary: boundary.alternative, isPart: true, to: &bytes)
        for attachment in mail.attachments {
            bytes += Array("--\(boundary.mixed)\r\n".utf8)
            bytes += Array("Content-Type: \(folding(attachment.contentType))\r\n".utf8)
            bytes += Array(disposition(attachment.name).utf8)
            bytes += Array("Content-Transfer-Encoding: base64\r\n\r\n".utf8)
            Base64.appendLines(attachment.bytes, to: &bytes)
        }
        bytes += Array("--\(boundary.mixed)--\r\n".utf8)
        return bytes
    }

    private static func headers(_ mail: OutgoingMail) -> String {
        var lines = HeaderText.line("From", mail.from)
        lines += HeaderText.line("To", mail.to)
        lines += HeaderText.line("Subject", mail.content.subject)
        lines += "Date: \(MailDate.format(mail.date))\r\n"
        lines += "Message-ID: \(mail.id)\r\n"
        for header in mail.headers {
            switch header.value {
            case .text(let text): lines += HeaderText.line(header.name, text)
            case .exact(let text): lines += "\(header.name): \(text)\r\n"
            }
        }
        // So that nobody's "I am on holiday" comes back (RFC 3834).
        lines += "Auto-Submitted: auto-generated\r\n"
        lines += "Content-Language: \(mail.language.rawValue)\r\n"
        return lines + "MIME-Version: 1.0\r\n"
    }

    private static func appendContent(
        _ content: MailContent, boundary: String, isPart: Bool, to bytes: inout [UInt8]
    ) {
        guard let html = content.html else {
            return appendText(content.text, subtype: "plain", isPart: isPart, to: &bytes)
        }
        bytes += Array("Content-Type: multipart/alternative; boundary=\"\(boundary)\"\r\n\r\n".utf8)
        // The last one is the best.
        for (text, subtype) in [(content.text, "plain"), (html, "html")] {
            bytes += Array("--\(boundary)\r\n".utf8)
            appendText(text, subtype: subtype, isPart: true, to: &bytes)
        }
        bytes += Array("--\(boundary)--\r\n".utf8)
    }

    private static func appendText(_ text: String, subtype: String, isPart: Bool, to bytes: inout [UInt8]) {
        let lines = canonical(text)
        // An escape is three characters for a byte, base 64 four for three, whatever the byte.
        let escapes = lines.count { $0 >= 0x80 || $0 == UInt8(ascii: "=") }
        let isReadable = escapes * 6 <= lines.count
        let encoding = isReadable ? "quoted-printable" : "base64"
        let header = "Content-Type: text/\(subtype); charset=utf-8\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n"
        bytes += Array(header.utf8)
        if isReadable {
            QuotedPrintable.append(lines, to: &bytes)
            // The end of the line before a boundary is the boundary's; elsewhere one that isn't the text's is soft.
            if isPart {
                bytes += [13, 10]
            } else if !lines.isEmpty, lines.last != 10 {
                bytes += [UInt8(ascii: "="), 13, 10]
            }
        } else {
            Base64.appendLines(lines, to: &bytes)
        }
    }

    /// UTF-8 with each end of a line as CRLF, whatever it was.
    package static func canonical(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 64)
        var last: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case 13: bytes += [13, 10]
            case 10: if last != 13 { bytes += [13, 10] }
            default: bytes.append(byte)
            }
            last = byte
        }
        return bytes
    }

    private static func folding(_ contentType: String) -> String {
        contentType.split(separator: "; ").joined(separator: ";\r\n ")
    }

    /// The file's name, in other letters by RFC 2231, in pieces that fit a line.
    private static func disposition(_ name: String) -> String {
        let start = "Content-Disposition: attachment;\r\n"
        let isPlain = name.utf8.allSatisfy { $0.isTokenText || $0 == 0x20 }
        if isPlain, name.utf8.count <= 60 { return start + " filename=\"\(name)\"\r\n" }
        let digits = Array("0123456789ABCDEF")
        var pieces = ["UTF-8''"]
        for scalar in name.unicodeScalars {
            // A character stays in one piece: some readers decode each piece by itself.
            let escaped = String(scalar).utf8.map { byte in
                let isSafe = byte.isAlphanumeric || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                return isSafe ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }.joined()
            if pieces[pieces.count - 1].utf8.count + escaped.utf8.count > 60 { pieces.append("") }
            pieces[pieces.count - 1] += escaped
        }
        if pieces.count == 1 { return start + " filename*=\(pieces[0])\r\n" }
        return start
            + pieces.enumerated().map { " filename*\($0.offset)*=\($0.element)" }.joined(separator: ";\r\n") + "\r\n"
    }
}

/// What parts the parts. No body has it: neither base 64 nor quoted-printable ever gives `=_` (RFC 2045, section 6.7).
private struct Boundary {
    let mixed: String
    let alternative: String

    init(_ id: MessageID) {
        // FNV-1a; only meant to look different in each mail.
        let hash = id.description.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        mixed = "=_mixed_\(Base32.encode(hash, digits: 12))"
        alternative = "=_alternative_\(Base32.encode(hash, digits: 12))"
    }
}
