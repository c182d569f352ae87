import NIOCore
import OnsaleValues

/// Writes JSON straight into a response's buffer, members in the order of the calls.
///
/// People read answers with curl, so members come in a sensible order, which `JSONEncoder` doesn't keep; and a hold's
/// answer builds nothing that isn't sent.
struct JSONWriter {
    private(set) var buffer: ByteBuffer
    private var needsComma = false

    init(capacity: Int = 512) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// One object, written by `body`.
    static func object(capacity: Int = 512, _ body: (inout JSONWriter) -> Void) -> ByteBuffer {
        var writer = JSONWriter(capacity: capacity)
        writer.object(body)
        return writer.buffer
    }

    private mutating func separate() {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
    }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        buffer.writeInteger(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        buffer.writeInteger(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func array(_ body: (inout JSONWriter) -> Void) {
        separate()
        buffer.writeInteger(UInt8(ascii: "["))
        needsComma = false
        body(&self)
        buffer.writeInteger(UInt8(ascii: "]"))
        needsComma = true
    }

    /// The name of the next member. Names are our own and need no escapes.
    private mutating func name(_ name: StaticString) {
        separate()
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        needsComma = false
    }

    mutating func member(_ name: StaticString, _ value: String) {
        self.name(name)
        string(value)
    }

    /// A text, or null.
    mutating func member(_ name: StaticString, _ value: String?) {
        if let value { member(name, value) } else { null(name) }
    }

    mutating func member(_ name: StaticString, _ value: some BinaryInteger) {
        self.name(name)
        integer(value)
    }

    mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        buffer.writeStaticString(value ? "true" : "false")
        needsComma = true
    }

    mutating func member(_ name: StaticString, _ value: Timestamp) {
        self.name(name)
        timestamp(value)
    }

    /// `null` if there is no value.
    mutating func member(_ name: StaticString, _ value: Timestamp?) {
        if let value { member(name, value) } else { null(name) }
    }

    mutating func null(_ name: StaticString) {
        self.name(name)
        buffer.writeStaticString("null")
        needsComma = true
    }

    /// A number, or null.
    mutating func member(_ name: StaticString, _ value: (some BinaryInteger)?) {
        if let value { member(name, value) } else { null(name) }
    }

    /// Bytes in lower-case hexadecimal, or null.
    mutating func member(_ name: StaticString, hex bytes: [UInt8]?) {
        if let bytes { member(name, Hex.encode(bytes)) } else { null(name) }
    }

    mutating func member(_ name: StaticString, strings: some Sequence<String>) {
        array(name) { writer in
            for value in strings { writer.string(value) }
        }
    }

    mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        object(body)
    }

    mutating func array(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        array(body)
    }

    /// A member whose name is data.
    mutating func member(named name: String, _ value: some BinaryInteger) {
        separate()
        needsComma = false
        string(name)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
        integer(value)
    }

    /// A member whose name is data, written by `body`.
    mutating func member(named name: String, _ body: (inout JSONWriter) -> Void) {
        separate()
        needsComma = false
        string(name)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
        body(&self)
    }

    /// A value that is JSON already.
    mutating func json(_ json: ByteBuffer) {
        separate()
        buffer.writeImmutableBuffer(json)
    }

    /// `null`, `true` or `false`.
    mutating func literal(_ literal: StaticString) {
        separate()
        buffer.writeStaticString(literal)
    }

    /// A string member whose bytes are known to be plain ASCII.
    mutating func member(_ name: StaticString, asciiPages pages: [[UInt8]]) {
        self.name(name)
        buffer.writeInteger(UInt8(ascii: "\""))
        for page in pages { buffer.writeBytes(page) }
        buffer.writeInteger(UInt8(ascii: "\""))
        needsComma = true
    }

    mutating func integer(_ value: some BinaryInteger) {
        separate()
        buffer.writeString(String(value))
    }

    mutating func timestamp(_ value: Timestamp) {
        separate()
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeString(RFC3339.format(value))
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    mutating func string(_ value: String) {
        separate()
        buffer.writeInteger(UInt8(ascii: "\""))
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            buffer.writeString(value)
        } else {
            escape(value)
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    private mutating func escape(_ value: String) {
        let hex = Array("0123456789abcdef".utf8)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
            case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
            case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
            case 0..<0x20:
                buffer.writeStaticString("\\u00")
                buffer.writeInteger(hex[Int(byte >> 4)])
                buffer.writeInteger(hex[Int(byte & 15)])
            default: buffer.writeInteger(byte)
            }
        }
    }
}
