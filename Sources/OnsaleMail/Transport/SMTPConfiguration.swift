/// Where the mail server is and how to sign in, as `ONSALE_SMTP_URL` says it:
/// `smtp://[user:password@]host[:port][?tls=off|required][&ca=/path.pem]`, or `smtps://` for TLS from the start.
///
/// What it prints, in text, debugging or a mirror, has no password.
package struct SMTPConfiguration: Hashable, Sendable {
    package enum Security: Hashable, Sendable {
        case none
        /// `STARTTLS`, or no mail.
        case startTLS
        /// TLS from the start.
        case implicit
    }

    package let host: String
    package let port: Int
    package let user: String?
    let password: String?
    package let security: Security
    /// A file with the certificates to trust instead of the system's.
    package let authorities: String?

    private static let bytesMax = 4_096

    /// Reads a URL. User and password may be percent-encoded, and must be where they contain `/`, `@`, `:`, `?` or `%`.
    package init(_ url: String) throws(SMTPConfigurationError) {
        guard url.utf8.count <= SMTPConfiguration.bytesMax else { throw SMTPConfigurationError("is too long") }
        let isImplicit: Bool
        let rest: Substring
        if url.hasPrefix("smtps://") {
            (isImplicit, rest) = (true, url.dropFirst("smtps://".count))
        } else if url.hasPrefix("smtp://") {
            (isImplicit, rest) = (false, url.dropFirst("smtp://".count))
        } else {
            throw SMTPConfigurationError("must begin with smtp:// or smtps://")
        }
        let halves = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var authority = halves[0]
        if authority.last == "/" { authority.removeLast() }
        guard !authority.contains("/") else { throw SMTPConfigurationError("has a path, where it can have none") }
        let at = authority.lastIndex(of: "@")
        (user, password) = try SMTPConfiguration.signIn(at.map { authority[..<$0] })
        (host, port) = try SMTPConfiguration.endpoint(
            at.map { authority[authority.index(after: $0)...] } ?? authority, defaultPort: isImplicit ? 465 : 587)
        let settings = try SMTPConfiguration.settings(halves.count > 1 ? halves[1] : "")
        authorities = settings["ca"]
        let isLoopback = SMTPConfiguration.isLoopback(host)
        switch (isImplicit, settings["tls"]) {
        case (true, nil), (true, "required"): security = .implicit
        case (true, _): throw SMTPConfigurationError("is smtps://, which is TLS: leave tls away")
        case (false, nil): security = isLoopback ? .none : .startTLS
        case (false, "required"): security = .startTLS
        case (false, "off"): security = .none
        default: throw SMTPConfigurationError("has a tls that is neither off nor required")
        }
    }

    private static func signIn(_ text: Substring?) throws(SMTPConfigurationError) -> (String?, String?) {
        guard let text else { return (nil, nil) }
        guard let colon = text.firstIndex(of: ":"), let user = decoded(text[..<colon]),
            let password = decoded(text[text.index(after: colon)...]), !user.isEmpty, !password.isEmpty
        else { throw SMTPConfigurationError("signs in wrongly: write user:password@") }
        return (user, password)
    }

    private static func endpoint(
        _ text: Substring, defaultPort: Int
    ) throws(SMTPConfigurationError) -> (host: String, port: Int) {
        var host = text
        var tail = Substring()
        let isBracketed = text.hasPrefix("[")
        if isBracketed, let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            tail = text[text.index(after: end)...]
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            tail = text[colon...]
        }
        let port = tail.isEmpty ? defaultPort : tail.hasPrefix(":") ? Int(tail.dropFirst()) : nil
        // It becomes part of a URL once more.
        let isName = host.utf8.allSatisfy {
            $0.isAlphanumeric || "-.".utf8.contains($0) || isBracketed && $0 == UInt8(ascii: ":")
        }
        guard !host.isEmpty, host.utf8.count <= 253, isName, let port, (1...65_535).contains(port) else {
            throw SMTPConfigurationError("has a host or port that can't be: write host:port")
        }
        return (String(host), port)
    }

    private static func settings(_ query: Substring) throws(SMTPConfigurationError) -> [String: String] {
        var settings: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, ["tls", "ca"].contains(halves[0]), let value = decoded(halves[1]), !value.isEmpty,
                settings.updateValue(value, forKey: String(halves[0])) == nil
            else { throw SMTPConfigurationError("has something behind the ? that is none of tls=… and ca=…") }
        }
        return settings
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || isLoopbackIPv4(host)
    }

    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hex), let low = rest.popFirst().flatMap(hex) else { return nil }
            bytes.append(high << 4 | low)
        }
        // libcurl would end the text there.
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }

    /// What libcurl is given: the host alone.
    var url: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(security == .implicit ? "smtps" : "smtp")://\(name):\(port)"
    }
}

extension SMTPConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        guard let user else { return url }
        return url.replacing("://", with: "://\(user):***@", maxReplacements: 1)
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: ["server": description]) }
}

/// What is wrong with the URL, in words for whoever wrote it, without repeating it: it may hold a password.
package struct SMTPConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Goes on after "ONSALE_SMTP_URL".
    package let description: String

    init(_ description: String) { self.description = description }
}
