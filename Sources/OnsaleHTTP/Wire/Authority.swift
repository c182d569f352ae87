/// What `Host` names, taken apart: `example.com:443`, `[::1]:80` (RFC 9110, 7.2).
struct Authority {
    /// An IPv6 address keeps its brackets.
    let host: Substring
    /// As it came, which may be no number; nil if none did.
    let port: Substring?

    /// nil if there is something between the brackets and the port.
    init?(_ text: String) {
        let end = text.hasPrefix("[") ? text.firstIndex(of: "]").map { text.index(after: $0) } : nil
        let colon = text[(end ?? text.startIndex)...].firstIndex(of: ":")
        guard end == nil || end == colon ?? text.endIndex else { return nil }
        host = text[..<(colon ?? text.endIndex)]
        port = colon.map { text[$0...].dropFirst() }
    }
}
