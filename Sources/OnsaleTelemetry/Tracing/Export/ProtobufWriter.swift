/// Writes Protocol Buffers' wire format. <https://protobuf.dev/programming-guides/encoding/>
///
/// What has proto3's default value is left out, but for members of a `oneof`, whose presence says something.
struct ProtobufWriter {
    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    private(set) var bytes: [UInt8] = []

    private mutating func tag(_ field: UInt64, _ type: WireType) {
        raw(field << 3 | type.rawValue)
    }

    private mutating func raw(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func raw(littleEndian value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func varint(_ field: UInt64, _ value: UInt64, inOneof: Bool = false) {
        guard value != 0 || inOneof else { return }
        tag(field, .varint)
        raw(value)
    }

    mutating func fixed64(_ field: UInt64, _ value: UInt64, inOneof: Bool = false) {
        guard value != 0 || inOneof else { return }
        tag(field, .fixed64)
        raw(littleEndian: value)
    }

    mutating func fixed32(_ field: UInt64, _ value: UInt32) {
        guard value != 0 else { return }
        tag(field, .fixed32)
        raw(littleEndian: value)
    }

    mutating func string(_ field: UInt64, _ text: String, inOneof: Bool = false) {
        guard !text.isEmpty || inOneof else { return }
        let utf8 = text.utf8
        tag(field, .bytes)
        raw(UInt64(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    /// An ID, with its high bytes first.
    mutating func id(_ field: UInt64, _ parts: UInt64...) {
        tag(field, .bytes)
        raw(UInt64(parts.count * 8))
        for part in parts {
            raw(littleEndian: part.byteSwapped)
        }
    }

    mutating func message(_ field: UInt64, _ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        tag(field, .bytes)
        raw(UInt64(inner.bytes.count))
        bytes.append(contentsOf: inner.bytes)
    }
}
