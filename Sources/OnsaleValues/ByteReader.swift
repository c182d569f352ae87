/// Why bytes can't be decoded as facts or a snapshot.
public enum ByteReadingError: Error, Hashable, Sendable {
    /// The bytes end inside a value.
    case truncated(offset: Int)
    /// A value no writer produces.
    case malformed(offset: Int)
}

/// Reads what ``ByteWriter`` wrote. Every length is checked against the remaining bytes, so hostile input causes an
/// error, never a huge allocation or a crash.
@frozen
public struct ByteReader: Sendable {
    private let bytes: [UInt8]
    public private(set) var offset: Int
    /// The version of the format the bytes were written in; decoders check it where an older form differs.
    public var form: UInt8 = newestForm
    /// The form that ``ByteWriter`` writes.
    public static let newestForm: UInt8 = 7

    public init(_ bytes: [UInt8], from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    public var isAtEnd: Bool { offset >= bytes.count }

    /// The error to throw for a value that was read completely but makes no sense.
    public var malformed: ByteReadingError { .malformed(offset: offset) }

    public mutating func byte() throws(ByteReadingError) -> UInt8 {
        guard offset < bytes.count else { throw .truncated(offset: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    public mutating func flag() throws(ByteReadingError) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw malformed
        }
    }

    public mutating func unsigned() throws(ByteReadingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            if shift == 63, next > 1 { throw malformed }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return value }
            shift += 7
            if shift > 63 { throw malformed }
        }
    }

    public mutating func serial() throws(ByteReadingError) -> UInt32 {
        guard let value = UInt32(exactly: try unsigned()) else { throw malformed }
        return value
    }

    /// A count of bytes or elements still to come. Each takes at least one byte, so a count beyond the end is an error.
    public mutating func count() throws(ByteReadingError) -> Int {
        let value = try unsigned()
        guard value <= UInt64(bytes.count - offset) else { throw .truncated(offset: offset) }
        return Int(value)
    }

    /// A non-negative number that is not a count of what follows.
    public mutating func number() throws(ByteReadingError) -> Int {
        guard let value = Int(exactly: try unsigned()) else { throw malformed }
        return value
    }

    public mutating func signed() throws(ByteReadingError) -> Int64 {
        let folded = try unsigned()
        return Int64(bitPattern: (folded >> 1) ^ (0 &- (folded & 1)))
    }

    public mutating func timestamp() throws(ByteReadingError) -> Timestamp {
        Timestamp(milliseconds: try signed())
    }

    public mutating func fixed64() throws(ByteReadingError) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw .truncated(offset: offset) }
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        offset += 8
        return UInt64(littleEndian: value)
    }

    public mutating func buyer() throws(ByteReadingError) -> BuyerID {
        BuyerID(high: try fixed64(), low: try fixed64())
    }

    public mutating func digest() throws(ByteReadingError) -> Digest128 {
        Digest128(high: try fixed64(), low: try fixed64())
    }

    public mutating func string() throws(ByteReadingError) -> String {
        let length = try count()
        let start = offset
        guard let value = String(validating: bytes[start..<start + length], as: UTF8.self) else { throw malformed }
        offset += length
        return value
    }

    public mutating func optionalString() throws(ByteReadingError) -> String? {
        try flag() ? try string() : nil
    }

    public mutating func blob() throws(ByteReadingError) -> [UInt8] {
        let length = try count()
        defer { offset += length }
        return Array(bytes[offset..<offset + length])
    }

    public mutating func serials() throws(ByteReadingError) -> [UInt32] {
        let length = try count()
        var values: [UInt32] = []
        values.reserveCapacity(length)
        for _ in 0..<length { values.append(try serial()) }
        return values
    }

    public mutating func optional<Value>(
        _ body: (inout ByteReader) throws(ByteReadingError) -> Value
    ) throws(ByteReadingError) -> Value? {
        try flag() ? try body(&self) : nil
    }

    /// A count, then that many values, each read by `body`.
    public mutating func list<Value>(
        _ body: (inout ByteReader) throws(ByteReadingError) -> Value
    ) throws(ByteReadingError) -> [Value] {
        let length = try count()
        var values: [Value] = []
        values.reserveCapacity(length)
        for _ in 0..<length { values.append(try body(&self)) }
        return values
    }
}
