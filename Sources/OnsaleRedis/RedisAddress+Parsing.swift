/// What is wrong with an address, in words for whoever wrote it, without repeating it: it may hold a password.
package struct RedisAddressError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
}

extension RedisAddress {
    private static let endpointsMax = 16
    private static let bytesMax = 4_096

    /// Reads an address. User, password and master's name may be percent-encoded, and must be where they contain
    /// `/`, `@`, `:` or `%`.
    package init(_ url: String) throws(RedisAddressError) {
        guard url.utf8.count <= RedisAddress.bytesMax else { throw RedisAddressError(description: "is too long") }
        let isSentinel: Bool
        let rest: Substring
        if let tail = url.droppingPrefix("redis://") {
            (isSentinel, rest) = (false, tail)
        } else if let tail = url.droppingPrefix("redis+sentinel://") {
            (isSentinel, rest) = (true, tail)
        } else if url.hasPrefix("rediss") {
            throw RedisAddressError(
                description: "asks for TLS, which the hiredis in use can't do: use redis:// through a tunnel (stunnel, "
                    + "a mesh's sidecar) or within a private network")
        } else {
            throw RedisAddressError(description: "must begin with redis:// or redis+sentinel://")
        }
        var path = rest.split(separator: "/", omittingEmptySubsequences: false)
        let authority = path.removeFirst()
        if path.last?.isEmpty == true { path.removeLast() }
        let at = authority.lastIndex(of: "@")
        let hosts = at.map { authority[authority.index(after: $0)...] } ?? authority
        (user, password) = try RedisAddress.signIn(at.map { authority[..<$0] })
        if isSentinel {
            guard let name = path.first, let master = RedisAddress.decoded(name), !master.isEmpty else {
                throw RedisAddressError(description: "needs the master's name after the Sentinels: …/name")
            }
            path.removeFirst()
            var endpoints: [Endpoint] = []
            for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
                endpoints.append(try RedisAddress.endpoint(host, defaultPort: 26_379))
            }
            guard endpoints.count <= RedisAddress.endpointsMax else {
                throw RedisAddressError(description: "names more than \(RedisAddress.endpointsMax) Sentinels")
            }
            place = .sentinels(endpoints, master: master)
        } else {
            place = .server(try RedisAddress.endpoint(hosts, defaultPort: 6_379))
        }
        database = try RedisAddress.database(path)
    }

    private static func signIn(_ text: Substring?) throws(RedisAddressError) -> (String?, String?) {
        guard let text else { return (nil, nil) }
        guard let colon = text.firstIndex(of: ":"), let user = decoded(text[..<colon]),
            let password = decoded(text[text.index(after: colon)...]), !password.isEmpty
        else {
            throw RedisAddressError(description: "signs in wrongly: write user:password@ or :password@")
        }
        return (user.isEmpty ? nil : user, password)
    }

    private static func database(_ path: [Substring]) throws(RedisAddressError) -> Int {
        guard let text = path.first else { return 0 }
        guard path.count == 1, let number = Int(text), (0...65_535).contains(number) else {
            throw RedisAddressError(description: "has a database that is not a number, or something after it")
        }
        return number
    }

    private static func endpoint(_ text: Substring, defaultPort: Int) throws(RedisAddressError) -> Endpoint {
        var host = text
        var tail = Substring()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            tail = text[text.index(after: end)...]
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            tail = text[colon...]
        }
        let port = tail.isEmpty ? defaultPort : tail.hasPrefix(":") ? Int(tail.dropFirst()) : nil
        guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy({ (33..<127).contains($0) }),
            let port, (1...65_535).contains(port)
        else {
            throw RedisAddressError(description: "has a host or port that can't be: write host:port")
        }
        return Endpoint(host: String(host), port: port)
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
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }
}

extension String {
    fileprivate func droppingPrefix(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
