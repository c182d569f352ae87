/// Writes the compact binary form of facts and snapshots: LEB128 integers, length-prefixed strings and lists.
@frozen
public struct ByteWriter: Sendable {
    public private(set) var bytes: [UInt8]

    public init(reservingCapacity capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public var count: Int { bytes.count }

    /// Empties the writer but keeps its storage.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    public mutating func write(byte: UInt8) {
        bytes.append(byte)
    }

    public mutating func write(flag: Bool) {
        bytes.append(flag ? 1 : 0)
    }

    /// An unsigned integer in LEB128: seven bits per byte, least significant first.
    public mutating func write(unsigned value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    public mutating func write(count value: Int) {
        write(unsigned: UInt64(value))
    }

    public mutating func write(serial value: UInt32) {
        write(unsigned: UInt64(value))
    }

    /// A signed integer, zigzag-folded so that small negatives stay small.
    public mutating func write(signed value: Int64) {
        write(unsigned: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    public mutating func write(timestamp value: Timestamp) {
        write(signed: value.milliseconds)
    }

    public mutating func write(fixed64 value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func write(buyer: BuyerID) {
        write(fixed64: buyer.high)
        write(fixed64: buyer.low)
    }

    public mutating func write(digest: Digest128) {
        write(fixed64: digest.high)
        write(fixed64: digest.low)
    }

    public mutating func write(string: String) {
        var string = string
        string.withUTF8 { utf8 in
            write(count: utf8.count)
            bytes.append(contentsOf: utf8)
        }
    }

    public mutating func write(blob: [UInt8]) {
        write(count: blob.count)
        bytes.append(contentsOf: blob)
    }

    public mutating func write(serials: [UInt32]) {
        write(count: serials.count)
        for serial in serials { write(serial: serial) }
    }

    public mutating func write<Value>(optional value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        guard let value else {
            write(flag: false)
            return
        }
        write(flag: true)
        body(&self, value)
    }
}
