/// Finds the bytes of one member's value in a JSON object that is known to be valid.
///
/// The seating plan is served exactly as given, so it is cut from the request, not re-encoded.
enum JSONSlice {
    static func value(of member: String, in json: [UInt8]) -> ArraySlice<UInt8>? {
        var index = skipSpace(json, 0)
        guard index < json.count, json[index] == UInt8(ascii: "{") else { return nil }
        index += 1
        var found: ArraySlice<UInt8>?
        while true {
            index = skipSpace(json, index)
            guard index < json.count, json[index] == UInt8(ascii: "\"") else { return found }
            let nameEnd = skipString(json, index)
            guard nameEnd - 1 > index else { return found }
            let name = json[(index + 1)..<(nameEnd - 1)]
            index = skipSpace(json, nameEnd) + 1
            let start = skipSpace(json, index)
            guard start < json.count else { return found }
            let end = skipValue(json, start)
            // Of two members with one name the last counts, as in the decoder.
            if name.elementsEqual(member.utf8) { found = json[start..<end] }
            index = skipSpace(json, end)
            guard index < json.count, json[index] == UInt8(ascii: ",") else { return found }
            index += 1
        }
    }

    private static func skipSpace(_ json: [UInt8], _ start: Int) -> Int {
        var index = start
        while index < json.count, json[index] <= 0x20 { index += 1 }
        return index
    }

    /// From an opening quote to just past the closing one.
    private static func skipString(_ json: [UInt8], _ start: Int) -> Int {
        var index = start + 1
        while index < json.count, json[index] != UInt8(ascii: "\"") {
            index += json[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, json.count)
    }

    private static func skipValue(_ json: [UInt8], _ start: Int) -> Int {
        var index = start
        var depth = 0
        while index < json.count {
            switch json[index] {
            case UInt8(ascii: "\""):
                index = skipString(json, index)
                if depth == 0 { return index }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return index }
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: ","), 0...0x20:
                if depth == 0 { return index }
            default: break
            }
            index += 1
        }
        return index
    }
}
