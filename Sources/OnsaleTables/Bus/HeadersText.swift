import Foundation
import OnsaleBus

/// Headers as JSON: `[["name","value"],…]`. Every message is read and written so for each service that hears it, so the
/// common case, without anything to escape, goes by without Foundation's coders.
enum HeadersText {
    static func encode(_ headers: [BusMessage.Header]) throws -> String {
        var text = "["
        for header in headers {
            text += text.utf8.count == 1 ? "[" : ",["
            text += try quoted(header.name)
            text += ","
            text += try quoted(header.value)
            text += "]"
        }
        return text + "]"
    }

    private static func quoted(_ text: String) throws -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == quote || $0 == backslash }) else { return "\"\(text)\"" }
        return String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }

    /// - Returns: nil if it is no such JSON.
    static func decode(_ text: String) -> [BusMessage.Header]? {
        var text = text
        if let headers = text.withUTF8({ plain($0) }) { return headers }
        guard let pairs = try? JSONDecoder().decode([[String]].self, from: Data(text.utf8)),
            pairs.allSatisfy({ $0.count == 2 })
        else { return nil }
        return pairs.map { .init($0[0], $0[1]) }
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// - Returns: nil for what ``encode(_:)`` wouldn't have written, or not without escapes.
    private static func plain(_ text: UnsafeBufferPointer<UInt8>) -> [BusMessage.Header]? {
        var position = 0
        func next(_ byte: UInt8) -> Bool {
            guard position < text.count, text[position] == byte else { return false }
            position += 1
            return true
        }
        func string() -> String? {
            guard next(quote) else { return nil }
            let start = position
            while position < text.count, text[position] != quote {
                guard text[position] >= 0x20, text[position] != backslash else { return nil }
                position += 1
            }
            defer { position += 1 }
            guard position < text.count else { return nil }
            return String(decoding: text[start..<position], as: UTF8.self)
        }
        let (open, close, comma) = (UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","))
        var headers: [BusMessage.Header] = []
        guard next(open) else { return nil }
        while position < text.count, text[position] != close {
            guard headers.isEmpty || next(comma), next(open), let name = string(), next(comma), let value = string(),
                next(close)
            else { return nil }
            headers.append(.init(name, value))
        }
        guard next(close), position == text.count else { return nil }
        return headers
    }
}
