/// The URL of an endpoint, taken apart and checked as far as that goes without asking for the host's addresses.
package struct WebhookURL: Hashable, Sendable {
    package enum Host: Hashable, Sendable {
        /// In lower case; ASCII, international names in their `xn--` form.
        case name(String)
        case address(IPAddress)
    }

    /// What is allowed.
    package enum Reach: Sendable {
        /// https to the public internet.
        case isPublic
        /// Everything, http and this machine too: `ONSALE_WEBHOOK_PRIVATE=1`.
        case everything
    }

    package static let bytesMax = 2048

    package let text: String
    package let isTLS: Bool
    package let host: Host
    package let port: Int
    /// Path and query as they are asked for, beginning with a slash.
    package let target: String

    /// As HTTP's `Host` has it.
    package var authority: String {
        let name =
            switch host {
            case .name(let name): name
            case .address(.v4(let value)): IPAddress.v4(value).description
            case .address(let address): "[\(address)]"
            }
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Reads a URL.
    ///
    /// Stricter than browsers are: what could be read in two ways is refused. So are other spellings of IPv4 than the
    /// usual one (`127.1`, `2130706433`, `0x7f.1`), user names, fragments, and names that aren't ASCII.
    /// - Throws: ``URLRefusal``.
    package init(_ text: String, reach: Reach) throws(URLRefusal) {
        guard text.utf8.count <= WebhookURL.bytesMax else { throw .tooLong }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !WebhookURL.forbidden.contains($0) }) else {
            throw .characters
        }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .scheme }
        let scheme = text[..<colon].lowercased()
        guard scheme == "https" || (scheme == "http" && reach == .everything), text[colon...].hasPrefix("://") else {
            throw .scheme
        }
        let rest = text[colon...].dropFirst(3)
        guard !rest.contains("#") else { throw .fragment }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw .userInformation }
        let isTLS = scheme == "https"
        let (name, port) = try WebhookURL.split(authority)
        host = try WebhookURL.host(name, reach)
        self.port = try WebhookURL.port(port, isTLS: isTLS, reach)
        self.isTLS = isTLS
        self.text = text
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    /// What neither belongs into a URL nor is read alike by everybody.
    private static let forbidden = Set(#"\"<>^`{|}"#.utf8)

    private static func split(_ authority: Substring) throws(URLRefusal) -> (name: Substring, port: Substring?) {
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw .host }
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw .host }
            return (authority[...close], after.isEmpty ? nil : after.dropFirst())
        }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw .host }
        return (parts[0], parts.count == 2 ? parts[1] : nil)
    }

    private static func port(_ text: Substring?, isTLS: Bool, _ reach: Reach) throws(URLRefusal) -> Int {
        guard let text else { return isTLS ? 443 : 80 }
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text.first != "0", let port = Int(text), port <= 65_535
        else { throw .port }
        // Below are other protocols' ports, which might take a request for a command of their own.
        guard port == 443 || port >= 1024 || reach == .everything else { throw .port }
        return port
    }

    private static func host(_ text: Substring, _ reach: Reach) throws(URLRefusal) -> Host {
        if text.hasPrefix("[") {
            guard let address = IPAddress(text.dropFirst().dropLast()), case .v6 = address else { throw .host }
            return .address(try allowed(address, reach))
        }
        let name = text.lowercased()
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, let last = labels.last, labels.allSatisfy({ isLabel($0) }) else { throw .host }
        // <https://url.spec.whatwg.org/#ends-in-a-number-checker>: many would read such a name as IPv4.
        if last.allSatisfy(\.isNumber) || last.hasPrefix("0x") {
            guard let address = IPAddress(name) else { throw .host }
            return .address(try allowed(address, reach))
        }
        if reach == .isPublic {
            guard labels.count > 1, !privateDomains.contains(last) else { throw .notPublic }
        }
        return .name(name)
    }

    /// Domains that never are on the public internet (RFC 6761, 6762, 7686, 8375; ICANN's `internal`).
    private static let privateDomains: Set<Substring> = [
        "localhost", "local", "internal", "onion", "test", "invalid", "example", "arpa", "alt",
    ]

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: "_")
            }
    }

    private static func allowed(_ address: IPAddress, _ reach: Reach) throws(URLRefusal) -> IPAddress {
        guard reach == .everything || AddressGuard.isPublic(address) else { throw .notPublic }
        return address
    }
}

/// Why a URL can't be an endpoint's.
package enum URLRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLong, characters, scheme, fragment, userInformation, host, port
    case notPublic

    package var description: String {
        switch self {
        case .tooLong: "the URL has more than \(WebhookURL.bytesMax) bytes"
        case .characters:
            "the URL has characters that must be escaped; write an international host name in its xn-- form"
        case .scheme: "the URL doesn't begin with https://"
        case .fragment: "the URL has a fragment"
        case .userInformation: "the URL has a user name or password"
        case .host: "the URL's host is neither a host name nor an address in the usual spelling"
        case .port: "the URL's port is neither 443 nor between 1024 and 65535"
        case .notPublic: "the URL's host is not on the public internet"
        }
    }
}
