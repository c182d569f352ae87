/// Reads one line of the text format: `name{label="value",…} value timestamp`.
struct ExpositionLine {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
    }

    var peek: UInt8? { rest.first }

    mutating func skipBlanks() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    /// The line as a sample; nil if it isn't one. The timestamp must be a number and is otherwise ignored.
    mutating func sample(labelsMax: Int) -> (name: String, sample: Exposition.Sample)? {
        guard let name = name(colons: true) else { return nil }
        skipBlanks()
        guard let labels = labels(max: labelsMax) else { return nil }
        skipBlanks()
        guard let value = word().flatMap(Double.init) else { return nil }
        skipBlanks()
        guard rest.isEmpty || word().flatMap(Int64.init) != nil else { return nil }
        skipBlanks()
        return rest.isEmpty ? (name, .init(labels: labels, value: value)) : nil
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: byte) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func name(colons: Bool) -> String? {
        let name = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: colons && byte == UInt8(ascii: ":")
            }
        }
        guard let first = name.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        rest = rest[name.endIndex...]
        return String(decoding: name, as: UTF8.self)
    }

    private mutating func word() -> String? {
        let word = rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        rest = rest[word.endIndex...]
        return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
    }

    private mutating func labels(max: Int) -> [String: String]? {
        guard take("{") else { return [:] }
        var labels: [String: String] = [:]
        while true {
            skipBlanks()
            // The format allows a comma after the last label.
            if take("}") { return labels }
            guard labels.count < max, let name = name(colons: false) else { return nil }
            skipBlanks()
            guard take("=") else { return nil }
            skipBlanks()
            guard let value = quoted(), labels.updateValue(value, forKey: name) == nil else { return nil }
            skipBlanks()
            guard take(",") || peek == UInt8(ascii: "}") else { return nil }
        }
    }

    private mutating func quoted() -> String? {
        guard take("\"") else { return nil }
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                switch rest.popFirst() {
                case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "\\"): value.append(UInt8(ascii: "\\"))
                case UInt8(ascii: "\""): value.append(UInt8(ascii: "\""))
                default: return nil
                }
            default: value.append(byte)
            }
        }
        return nil
    }
}
