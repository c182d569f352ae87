/// A mailbox that can be written to: `local@domain`, in ASCII (RFC 5321, section 4.1.2).
///
/// Quoted local parts and literal addresses are refused, as almost every mail server does. A domain in other letters has
/// to come in its ASCII form (`xn--…`). Nothing here can end a line, a bracket or a command of SMTP.
package struct MailAddress: Hashable, Sendable, CustomStringConvertible {
    package let local: String
    /// In lower case.
    package let domain: String

    private static let localBytesMax = 64
    private static let bytesMax = 254
    private static let labelBytesMax = 63

    /// - Returns: nil unless it is such an address.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= MailAddress.bytesMax, let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        let atoms = bytes[..<at].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard at <= MailAddress.localBytesMax, atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isAtomText) })
        else { return nil }
        let labels = bytes[(at + 1)...].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy(MailAddress.isLabel) else { return nil }
        local = String(decoding: bytes[..<at], as: UTF8.self)
        domain = String(decoding: bytes[(at + 1)...], as: UTF8.self).lowercased()
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard let first = label.first, let last = label.last, label.count <= labelBytesMax else { return false }
        return first.isAlphanumeric && last.isAlphanumeric
            && label.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
    }

    package var description: String { local + "@" + domain }
}

/// A mailbox, and the name of whoever has it.
package struct MailAddressee: Hashable, Sendable {
    package let name: String?
    package let address: MailAddress

    package init(name: String? = nil, address: MailAddress) {
        self.name = name
        self.address = address
    }

    /// Reads `local@domain` or `Name <local@domain>`, as an operator sets it.
    /// - Returns: nil unless it is one of them.
    package init?(_ text: String) {
        guard text.last == ">", let open = text.lastIndex(of: "<") else {
            guard let address = MailAddress(text) else { return nil }
            self.init(address: address)
            return
        }
        guard let address = MailAddress(String(text[text.index(after: open)...].dropLast())) else { return nil }
        var name = HeaderText.clean(String(text[..<open]))
        if name.count >= 2, name.first == "\"", name.last == "\"" { name = String(name.dropFirst().dropLast()) }
        self.init(name: name.isEmpty ? nil : name, address: address)
    }
}

/// What names a mail for ever: `<local@domain>` (RFC 5322, section 3.6.4). A mail that is sent again has the same.
package struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// With its angle brackets.
    package let description: String

    /// - Returns: nil unless `text`, with or without angle brackets, has the form of an address.
    package init?(_ text: String) {
        let isBracketed = text.first == "<" && text.last == ">" && text.utf8.count > 2
        guard let address = MailAddress(isBracketed ? String(text.dropFirst().dropLast()) : text) else { return nil }
        description = "<\(address)>"
    }
}

extension UInt8 {
    var isAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// `atext` of RFC 5322.
    var isAtomText: Bool { isAlphanumeric || "!#$%&'*+-/=?^_`{|}~".utf8.contains(self) }

    /// Part of a `token` of RFC 2045.
    var isTokenText: Bool { self > 0x20 && self < 0x7f && !"()<>@,;:\\\"/[]?=".utf8.contains(self) }
}
