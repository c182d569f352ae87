/// Text of a message, which Kafka has as bytes of whatever kind.
///
/// Bytes that are no UTF-8 become U+0000 and a scalar for each byte; so do those that begin with U+0000. No bytes at all
/// (null) are U+0000 and U+0100. So every message can be had as a ``BusMessage`` and written again byte for byte, and no
/// attribute of a CloudEvent may look like that.
enum WireText {
    static let null = "\u{0}\u{100}"

    static func text(_ bytes: UnsafeRawBufferPointer?) -> String {
        guard let bytes else { return null }
        if bytes.first != 0, let text = String(validating: bytes, as: UTF8.self) { return text }
        var scalars = String.UnicodeScalarView()
        scalars.append("\u{0}")
        for byte in bytes { scalars.append(Unicode.Scalar(byte)) }
        return String(scalars)
    }

    /// - Returns: nil for null.
    static func bytes(_ text: String) -> [UInt8]? {
        let scalars = text.unicodeScalars
        guard scalars.first == "\u{0}", scalars.dropFirst().allSatisfy({ $0.value <= 0xff }) else {
            return text == null ? nil : Array(text.utf8)
        }
        return scalars.dropFirst().map { UInt8(truncatingIfNeeded: $0.value) }
    }

    /// Lends the bytes: for null a null pointer, and only then.
    static func withBytes<Value>(_ text: String, _ body: (UnsafeRawPointer?, Int) -> Value) -> Value {
        if text.utf8.first == 0 {
            guard let bytes = bytes(text) else { return body(nil, 0) }
            return withPointer(bytes, body)
        }
        var text = text
        return text.withUTF8 { withPointer($0, body) }
    }

    /// Lends bytes by a pointer that isn't null, even if there are none.
    static func withPointer<Value>(_ bytes: some Sequence<UInt8>, _ body: (UnsafeRawPointer?, Int) -> Value) -> Value {
        let lent = bytes.withContiguousStorageIfAvailable { buffer in
            buffer.baseAddress.map { body(UnsafeRawPointer($0), buffer.count) }
        }
        if let lent, let value = lent { return value }
        return withUnsafePointer(to: 0 as UInt8) { body(UnsafeRawPointer($0), 0) }
    }
}
