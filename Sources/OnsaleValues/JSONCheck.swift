/// Refuses bodies before they are decoded: names that are too long or repeated within an object, and endless nesting.
/// Of two members with one name the decoder takes the last and other readers the first, so such a body means two
/// things. And the decoder compares names by canonical equivalence, whose cost grows with the square of their length.
///
/// It doesn't check that the rest is JSON; the decoder does.
package struct JSONCheck {
    package static let nameBytesMax = 100
    package static let depthMax = 64

    package enum Fault: Error, Equatable {
        case nameTooLong
        /// A comma before a closing bracket, a control character in a string, or an escape that JSON does not have.
        case malformed
        case nameTwice(String)
        case tooDeep
        /// JSON must be UTF-8 (RFC 8259, 8.1); a zero byte gives away other encodings.
        case notUTF8
    }

    /// The names of one open object; unused for an array.
    private struct Level {
        var isObject: Bool
        var names: [ArraySlice<UInt8>] = []
        /// Used once there are many, since comparing each with each would take long.
        var index: Set<[UInt8]> = []
    }

    private static let fewNames = 16
    private static let escapes = Array(#""\/bfnrtu"#.utf8)

    private let json: [UInt8]
    private var position = 0
    private var levels: [Level] = []

    private init(_ json: [UInt8]) {
        self.json = json
    }

    package static func check(_ json: [UInt8]) throws(Fault) {
        guard !json.contains(0), String(validating: json, as: UTF8.self) != nil else { throw .notUTF8 }
        var check = JSONCheck(json)
        try check.run()
    }

    private mutating func run() throws(Fault) {
        var expectsName = false
        var isAfterComma = false
        while position < json.count {
            let byte = json[position]
            position += 1
            if [0x20, 0x09, 0x0a, 0x0d].contains(byte) { continue }
            defer { isAfterComma = byte == UInt8(ascii: ",") }
            switch byte {
            case UInt8(ascii: "}") where isAfterComma, UInt8(ascii: "]") where isAfterComma: throw .malformed
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard levels.count < JSONCheck.depthMax else { throw .tooDeep }
                levels.append(Level(isObject: byte == UInt8(ascii: "{")))
                expectsName = byte == UInt8(ascii: "{")
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = levels.popLast()
                expectsName = false
            case UInt8(ascii: ","): expectsName = levels.last?.isObject ?? false
            case UInt8(ascii: "\""):
                let text = try string()
                if expectsName { try note(text) }
                expectsName = false
            default: break
            }
        }
    }

    /// The bytes from after an opening quote to before its closing one.
    private mutating func string() throws(Fault) -> ArraySlice<UInt8> {
        let start = position
        while position < json.count, json[position] != UInt8(ascii: "\"") {
            guard json[position] >= 0x20 else { throw .malformed }
            guard json[position] == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            guard position + 1 < json.count, JSONCheck.escapes.contains(json[position + 1]) else { throw .malformed }
            position += 2
        }
        let end = min(position, json.count)
        position = end + 1
        return json[start..<end]
    }

    private mutating func note(_ raw: ArraySlice<UInt8>) throws(Fault) {
        guard raw.count <= JSONCheck.nameBytesMax else { throw .nameTooLong }
        let name = raw.contains(UInt8(ascii: "\\")) ? JSONCheck.unescaped(raw)[...] : raw
        let last = levels.count - 1
        guard last >= 0 else { return }
        let isTwice: Bool
        if levels[last].names.count < JSONCheck.fewNames {
            isTwice = levels[last].names.contains { $0.elementsEqual(name) }
            levels[last].names.append(name)
        } else {
            if levels[last].index.isEmpty { levels[last].index = Set(levels[last].names.map { Array($0) }) }
            isTwice = !levels[last].index.insert(Array(name)).inserted
        }
        if isTwice { throw .nameTwice(String(decoding: name, as: UTF8.self)) }
    }

    /// The name with its escapes resolved: `"\u0061"` is `"a"`.
    private static func unescaped(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        var units: [UInt16] = []
        var rest = String(decoding: raw, as: UTF8.self).utf16[...]
        while let unit = rest.popFirst() {
            guard unit == UInt16(UInt8(ascii: "\\")), let kind = rest.popFirst() else {
                units.append(unit)
                continue
            }
            switch Unicode.Scalar(kind).map(Character.init) {
            case "u":
                let digits = String(decoding: rest.prefix(4), as: UTF16.self)
                rest = rest.dropFirst(4)
                units.append(UInt16(digits, radix: 16) ?? 0xfffd)
            case "b": units.append(8)
            case "f": units.append(12)
            case "n": units.append(10)
            case "r": units.append(13)
            case "t": units.append(9)
            default: units.append(kind)
            }
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }
}
