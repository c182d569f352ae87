/// A header that a mail has besides those of every mail.
package struct MailHeader: Hashable, Sendable {
    enum Value: Hashable, Sendable {
        /// For people: in any letters.
        case text(String)
        /// For programs: ASCII that must stay as it is, on one line.
        case exact(String)
    }

    package let name: String
    let value: Value

    private static let nameBytesMax = 40
    private static let exactBytesMax = 900
    /// Those that ``MIMEWriter`` writes itself.
    private static let taken: Set<String> = [
        "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "mime-version",
        "auto-submitted",
    ]

    /// A header for people. Control characters of the value become spaces.
    /// - Returns: nil if the name is none, or every mail has that header anyway.
    package init?(_ name: String, _ text: String) {
        let key = name.lowercased()
        guard !name.isEmpty, name.utf8.count <= MailHeader.nameBytesMax,
            name.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "-") }),
            !MailHeader.taken.contains(key), !key.hasPrefix("content-")
        else { return nil }
        self.name = name
        value = .text(text)
    }

    private init(exactly name: String, _ value: String) {
        self.name = name
        self.value = .exact(value)
    }

    /// How to get no more of such mails with one click: `List-Unsubscribe` and `List-Unsubscribe-Post` (RFC 2369, 8058).
    /// - Returns: nil unless it is an `https` URL that fits in a header.
    package static func unsubscribe(_ url: String) -> [MailHeader]? {
        guard WebLink(url)?.isSecure == true, url.utf8.count <= exactBytesMax else { return nil }
        return [
            MailHeader(exactly: "List-Unsubscribe", "<\(url)>"),
            MailHeader(exactly: "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    }
}

/// An `http` or `https` URL that can stand in a header, a text or an attribute of HTML as it is.
package struct WebLink: Hashable, Sendable {
    package let url: String

    private static let bytesMax = 2_000

    /// - Returns: nil unless it is one, in ASCII without spaces, quotes and brackets.
    package init?(_ url: String) {
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.count <= WebLink.bytesMax,
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"<>\"'`\\^{|}".utf8.contains($0) })
        else { return nil }
        self.url = url
    }

    var isSecure: Bool { url.hasPrefix("https://") }
}
