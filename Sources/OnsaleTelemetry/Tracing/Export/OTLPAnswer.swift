import Foundation

/// What a collector says with a success: perhaps that it left out some spans. Those are lost, and never sent again.
/// <https://opentelemetry.io/docs/specs/otlp/#partial-success-1>
///
/// An answer that makes no sense says nothing.
struct OTLPAnswer: Equatable {
    private(set) var rejectedSpans: Int64 = 0
    private(set) var message = ""

    /// `ExportTraceServiceResponse {1: {1: rejected_spans, 2: error_message}}`
    init(protobuf bytes: [UInt8]) {
        var answer = ProtobufReader(bytes[...])
        while let field = answer.next() {
            guard case (1, .bytes(let partial)) = field else { continue }
            var reader = ProtobufReader(partial)
            while let field = reader.next() {
                switch field {
                case (1, .varint(let count)): rejectedSpans = Int64(bitPattern: count)
                case (2, .bytes(let text)): message = String(decoding: text, as: UTF8.self)
                default: break
                }
            }
        }
    }

    init(json bytes: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(JSONAnswer.self, from: Data(bytes)) else { return }
        rejectedSpans = answer.partialSuccess?.rejectedSpans?.value ?? 0
        message = answer.partialSuccess?.errorMessage ?? ""
    }

    private struct JSONAnswer: Decodable {
        struct Partial: Decodable {
            let rejectedSpans: Count?
            let errorMessage: String?
        }

        /// A 64-bit integer is a string in this JSON, but a number is understood too.
        struct Count: Decodable {
            let value: Int64

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                value = try (try? container.decode(Int64.self)) ?? Int64(container.decode(String.self)) ?? 0
            }
        }

        let partialSuccess: Partial?
    }
}

/// Reads the fields of one message in Protocol Buffers' wire format, as far as they make sense.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed32(UInt32)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// nil at the end, and where it makes no sense.
    mutating func next() -> (field: UInt64, value: Value)? {
        guard let tag = varint(), tag >> 3 != 0 else { return nil }
        let value: Value? =
            switch tag & 7 {
            case 0: varint().map(Value.varint)
            case 1: fixed(UInt64.self).map(Value.fixed64)
            case 2: varint().flatMap { Int(exactly: $0) }.flatMap { take($0) }.map(Value.bytes)
            case 5: fixed(UInt32.self).map(Value.fixed32)
            default: nil
            }
        return value.map { (tag >> 3, $0) }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    private mutating func fixed<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        take(Number.bitWidth / 8)?.reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}
