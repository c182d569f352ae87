/// The labels of a series, sorted by name, each name once. A label without a value is none, as for Prometheus.
struct Labels: Hashable, Sendable {
    struct Label: Hashable, Sendable {
        let name: String
        let value: String
    }

    /// The longest value, in bytes.
    private static let valueBytesMax = 256

    let all: [Label]

    /// Names that the format forbids are mended rather than refused: a metric with an odd label beats a crash.
    init(_ dimensions: [(String, String)], isHistogram: Bool = false) {
        var labels: [Label] = []
        for (name, value) in dimensions {
            var name = Labels.mended(name)
            // The bucket's own label.
            if isHistogram, name == "le" { name = "exported_le" }
            labels.removeAll { $0.name == name }
            labels.append(Label(name: name, value: Labels.cut(value)))
        }
        all = labels.filter { !$0.value.isEmpty }.sorted { $0.name < $1.name }
    }

    private static func cut(_ value: String) -> String {
        guard value.utf8.count > valueBytesMax else { return value }
        var end = value.utf8.index(value.startIndex, offsetBy: valueBytesMax)
        // Never in the middle of a character.
        while end.samePosition(in: value) == nil { end = value.utf8.index(before: end) }
        return String(value[..<end])
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, without the reserved `__` in front.
    static func mended(_ name: String) -> String {
        var bytes = name.utf8.map { byte -> UInt8 in isNameByte(byte) ? byte : UInt8(ascii: "_") }
        while bytes.starts(with: [UInt8(ascii: "_"), UInt8(ascii: "_")]) { bytes.removeFirst() }
        if bytes.first.map({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) ?? true {
            bytes.insert(UInt8(ascii: "_"), at: 0)
        }
        return String(decoding: bytes.prefix(valueBytesMax), as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
