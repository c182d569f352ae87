import Crypto
import HTTPTypes
import OnsaleValues

/// What nodes tell each other, and their clients, beside a request.
extension HTTPField.Name {
    private static func named(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is a field name") }
        return name
    }

    // In answers to everyone.

    /// The node that the request came to.
    static let onsaleNode = named("onsale-node")
    /// The node that answered, where that is another one.
    static let onsaleOwner = named("onsale-owner")

    // Between nodes alone. From anyone else they are removed.

    /// Proves that the request comes from a node.
    static let onsaleNodeSecret = named("onsale-node-secret")
    /// How many nodes have passed the request on.
    static let onsaleHops = named("onsale-hops")
    /// The client's address, as the node believes it to which the request came.
    static let forwardedFor = named("Forwarded-For")
    /// `own`, then events by their ids, separated by spaces: of an answer about several events, only what concerns the
    /// answering node's own is wanted, and which of these are its own.
    static let onsalePart = named("onsale-part")
    /// In an answer: the node doesn't own the event. Nothing was done.
    static let onsaleNotOwner = named("onsale-not-owner")
    /// In an answer: how many microseconds it took.
    static let onsaleTook = named("onsale-took")

    /// Those of a request that only a node may send.
    static let betweenNodes: [HTTPField.Name] = [onsaleNodeSecret, onsaleHops, forwardedFor, onsalePart]
}

/// Fields that are for one connection, and end with it (RFC 9110, 7.6.1).
enum HopByHop {
    private static let names: Set<HTTPField.Name> = {
        let names = [
            "Connection", "Proxy-Connection", "Keep-Alive", "TE", "Transfer-Encoding", "Upgrade", "Trailer",
            "Proxy-Authorization", "Proxy-Authenticate", "Proxy-Authentication-Info",
        ]
        return Set(names.compactMap { HTTPField.Name($0) })
    }()
    private static let namedMax = 32

    /// All fields that may go on: neither known to be for one connection, nor named so by `Connection`.
    static func removed(from fields: HTTPFields) -> HTTPFields {
        var named: Set<HTTPField.Name> = []
        for value in fields[values: .connection] {
            for option in value.split(separator: ",").prefix(namedMax) {
                if let name = HTTPField.Name(option.trimmingSpaces) { named.insert(name) }
            }
        }
        var rest = HTTPFields()
        for field in fields where !names.contains(field.name) && !named.contains(field.name) { rest.append(field) }
        return rest
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

/// What nodes show each other.
struct NodeSecret: Sendable {
    let text: String
    private let digest: [UInt8]

    private static let bytesMin = 16

    init(_ text: String) {
        precondition(text.utf8.count >= NodeSecret.bytesMin, "nodes share a secret that can't be guessed")
        self.text = text
        digest = NodeSecret.digest(text)
    }

    /// Whether it is this one. It takes as long however much of it is right.
    func fits(_ given: String) -> Bool {
        ConstantTime.areEqual(digest[...], NodeSecret.digest(given)[...])
    }

    private static func digest(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}
