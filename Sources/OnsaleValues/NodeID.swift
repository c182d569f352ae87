/// One run of a node. A node that is started again is another one: it doesn't know what the last one had under way.
public struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What the operator calls the node.
    public let name: String
    /// A random number of this run.
    public let session: UInt64

    /// The longest name in bytes.
    public static let nameBytesMax = 63

    /// - Returns: nil unless the name consists of 1 to 63 letters, digits, hyphens, dots or underscores.
    public init?(name: String, session: UInt64) {
        let isFit = name.utf8.allSatisfy { byte in
            switch UInt8(byte) {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isFit, (1...NodeID.nameBytesMax).contains(name.utf8.count) else { return nil }
        self.name = name
        self.session = session
    }

    /// Reads what ``description`` wrote.
    public init?(_ text: String) {
        guard let mark = text.utf8.lastIndex(of: UInt8(ascii: "#")) else { return nil }
        let digits = text[text.utf8.index(after: mark)...]
        guard digits.utf8.count == 16, let session = UInt64(digits, radix: 16) else { return nil }
        self.init(name: String(text[..<mark]), session: session)
    }

    /// The name, `#`, and the session in hex.
    public var description: String {
        let digits = String(session, radix: 16)
        return name + "#" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    public static func < (left: NodeID, right: NodeID) -> Bool {
        (left.name, left.session) < (right.name, right.session)
    }
}
