import Foundation

/// An e-mail address, folded as mail providers fold it, so that one mailbox is one buyer: full-width and composed
/// letters equal plain ones (Unicode's NFKC), case is ignored, and in Google's addresses so are dots and anything after
/// a plus. <https://support.google.com/mail/answer/7436150>
struct MailAddress: Hashable {
    let text: String

    /// - Returns: nil unless it has one @ with text on both sides and a length allowed by RFC 5321.
    init?(_ typed: String) {
        guard (3...254).contains(typed.utf8.count) else { return nil }
        let folded = typed.trimmingCharacters(in: .whitespaces).precomposedStringWithCompatibilityMapping.lowercased()
        let parts = folded.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
            folded.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { return nil }
        var name = String(decoding: parts[0], as: UTF8.self)
        var domain = String(decoding: parts[1], as: UTF8.self)
        if MailAddress.google.contains(domain) {
            domain = "gmail.com"
            name = String(name.prefix { $0 != "+" }).replacing(".", with: "")
            guard !name.isEmpty else { return nil }
        }
        text = name + "@" + domain
    }

    private static let google = ["gmail.com", "googlemail.com"]
}
