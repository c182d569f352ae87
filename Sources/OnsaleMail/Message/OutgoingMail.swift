package import OnsaleValues

/// The languages that mails are written in.
package enum MailLanguage: String, CaseIterable, Hashable, Sendable {
    case korean = "ko"
    case english = "en"
}

/// A mail as it is to be sent.
package struct OutgoingMail: Hashable, Sendable {
    package let id: MessageID
    /// When it was written: it stays the same when it is sent again.
    package let date: Timestamp
    package let from: MailAddressee
    package let to: MailAddressee
    package let content: MailContent
    package let attachments: [MailAttachment]
    /// Further headers, such as ``MailHeader/unsubscribe(_:)``.
    package let headers: [MailHeader]
    package let language: MailLanguage

    package static let attachmentsMax = 64
    package static let headersMax = 16
    /// Of everything together, before it is encoded for the way.
    package static let bytesMax = 16 << 20

    /// - Throws: ``UnfitMail`` if there is too much of something.
    package init(
        id: MessageID, date: Timestamp, from: MailAddressee, to: MailAddressee, content: MailContent,
        attachments: [MailAttachment] = [], headers: [MailHeader] = [], language: MailLanguage
    ) throws(UnfitMail) {
        guard attachments.count <= OutgoingMail.attachmentsMax else {
            throw UnfitMail(description: "has more than \(OutgoingMail.attachmentsMax) attachments")
        }
        guard headers.count <= OutgoingMail.headersMax else {
            throw UnfitMail(description: "has more than \(OutgoingMail.headersMax) headers of its own")
        }
        let bytes = attachments.reduce(content.bytes) { $0 + $1.bytes.count + $1.name.utf8.count }
        guard bytes <= OutgoingMail.bytesMax else {
            throw UnfitMail(description: "has \(bytes) bytes, more than \(OutgoingMail.bytesMax)")
        }
        self.id = id
        self.date = date
        self.from = from
        self.to = to
        self.content = content
        self.attachments = attachments
        self.headers = headers
        self.language = language
    }
}

/// Why something can't be sent as a mail. No further attempt will change that.
package struct UnfitMail: Error, Hashable, CustomStringConvertible {
    /// Goes on after "The mail".
    package let description: String
}

/// What a mail says.
package struct MailContent: Hashable, Sendable {
    package let subject: String
    /// Plain text. Any ends of lines.
    package let text: String
    /// The same as a page of HTML.
    package let html: String?

    package init(subject: String, text: String, html: String? = nil) {
        self.subject = subject
        self.text = text
        self.html = html
    }

    fileprivate var bytes: Int { subject.utf8.count + text.utf8.count + (html?.utf8.count ?? 0) }
}

/// A file that comes along.
package struct MailAttachment: Hashable, Sendable {
    /// In any letters. Control characters, slashes and what else can't be in a file's name become `_`, spaces around it
    /// go, and only so much is kept as a name may have.
    package let name: String
    /// `type/subtype`, with parameters if there are any: `text/calendar; charset=utf-8`.
    package let contentType: String
    package let bytes: [UInt8]

    private static let nameBytesMax = 200
    /// What some system or other refuses in a file's name.
    private static let forbidden = Set("/\\\"<>:|?*".unicodeScalars)
    private static let contentTypeBytesMax = 120

    /// - Throws: ``UnfitMail`` if `contentType` is none.
    package init(name: String, contentType: String, bytes: [UInt8]) throws(UnfitMail) {
        guard MailAttachment.isContentType(contentType) else {
            throw UnfitMail(description: "has an attachment of no content type")
        }
        let cleaned = name.unicodeScalars.map { $0.isControl || MailAttachment.forbidden.contains($0) ? "_" : $0 }
        let trimmed = cleaned.drop { $0 == " " }
        var kept = String(String.UnicodeScalarView(trimmed)).prefix(utf8: MailAttachment.nameBytesMax)
        while kept.unicodeScalars.last == " " { kept.unicodeScalars.removeLast() }
        if kept.allSatisfy({ $0 == "." || $0 == " " }) { kept = "attachment" }
        self.name = kept
        self.contentType = contentType
        self.bytes = bytes
    }

    private static func isContentType(_ text: String) -> Bool {
        guard text.utf8.count <= contentTypeBytesMax else { return false }
        let parts = text.split(separator: "; ", omittingEmptySubsequences: false)
        return parts.enumerated().allSatisfy { index, part in
            let pair = part.utf8.split(
                separator: UInt8(ascii: index == 0 ? "/" : "="), omittingEmptySubsequences: false)
            return pair.count == 2 && pair.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isTokenText) }
        }
    }
}
