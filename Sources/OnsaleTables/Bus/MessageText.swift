import Foundation
package import OnsaleBus

/// A message as the tables have it, in text alone.
package struct MessageText: Hashable, Sendable {
    let key: String
    /// ``HeadersText``.
    let headers: String
    /// `t` and the text, or `b` and the bytes in Base64 where they are no text that PostgreSQL takes.
    let data: String

    package var columns: [String?] { [key, headers, data] }
}

extension MessageText {
    /// - Throws: ``BusError`` if its key or a header can't be kept.
    package init(_ message: BusMessage) throws {
        let texts = [message.key] + message.headers.flatMap { [$0.name, $0.value] }
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw BusError(.refused, "the message has a NUL in its key or in a header")
        }
        key = message.key
        headers = try HeadersText.encode(message.headers)
        if !message.data.contains(0), let text = String(validating: message.data, as: UTF8.self) {
            data = "t" + text
        } else {
            data = "b" + Data(message.data).base64EncodedString()
        }
    }

    /// - Parameter columns: as ``columns`` has them.
    /// - Returns: nil if they are none of ours.
    package static func message(_ columns: ArraySlice<String?>) -> BusMessage? {
        let texts = columns.compactMap(\.self)
        guard texts.count == 3, let headers = HeadersText.decode(texts[1]) else { return nil }
        let rest = texts[2].dropFirst()
        let bytes: [UInt8]
        switch texts[2].first {
        case "t": bytes = Array(rest.utf8)
        case "b":
            guard let data = Data(base64Encoded: String(rest)) else { return nil }
            bytes = Array(data)
        default: return nil
        }
        return BusMessage(key: texts[0], headers: headers, data: bytes)
    }
}
