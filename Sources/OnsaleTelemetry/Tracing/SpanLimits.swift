package import Tracing

/// How much one span may carry, so that nobody's input makes it big.
package enum SpanLimits {
    package static let attributesMax = 64
    package static let eventsMax = 128
    package static let linksMax = 128
    /// Of a name, a message or a string in an attribute.
    package static let stringBytesMax = 1024
    package static let arrayElementsMax = 64

    /// Cut between Unicode scalars, where it's too long.
    package static func cut(_ text: String) -> String {
        let bytes = text.utf8
        guard bytes.count > stringBytesMax else { return text }
        var end = bytes.index(bytes.startIndex, offsetBy: stringBytesMax)
        while bytes[end] & 0xc0 == 0x80 {
            end = bytes.index(before: end)
        }
        return String(text[..<end])
    }

    package static func cut(_ attribute: FinishedSpan.Attribute) -> FinishedSpan.Attribute {
        FinishedSpan.Attribute(cut(attribute.key), cut(attribute.value))
    }

    static func cut(_ value: FinishedSpan.Value) -> FinishedSpan.Value {
        switch value {
        case .string(let text): .string(cut(text))
        case .strings(let texts): .strings(texts.prefix(arrayElementsMax).map(cut))
        case .bools(let values): .bools(Array(values.prefix(arrayElementsMax)))
        case .ints(let values): .ints(Array(values.prefix(arrayElementsMax)))
        case .doubles(let values): .doubles(Array(values.prefix(arrayElementsMax)))
        case .bool, .int, .double: value
        }
    }

    /// Sorted by key, since the library's have no order, and cut to fit.
    static func attributes(_ attributes: SpanAttributes) -> [FinishedSpan.Attribute] {
        var all: [FinishedSpan.Attribute] = []
        all.reserveCapacity(attributes.count)
        attributes.forEach { key, attribute in
            if let value = FinishedSpan.Value(attribute) {
                all.append(cut(FinishedSpan.Attribute(key, value)))
            }
        }
        all.sort { $0.key < $1.key }
        return all.count > attributesMax ? Array(all.prefix(attributesMax)) : all
    }
}

extension FinishedSpan.Value {
    /// nil for a kind of attribute that this version of the library doesn't have.
    package init?(_ attribute: SpanAttribute) {
        switch attribute {
        case .string(let value): self = .string(value)
        case .bool(let value): self = .bool(value)
        case .int32(let value): self = .int(Int64(value))
        case .int64(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .stringConvertible(let value): self = .string("\(value)")
        case .stringArray(let values): self = .strings(values)
        case .boolArray(let values): self = .bools(values)
        case .int32Array(let values): self = .ints(values.map(Int64.init))
        case .int64Array(let values): self = .ints(values)
        case .doubleArray(let values): self = .doubles(values)
        case .stringConvertibleArray(let values): self = .strings(values.map { "\($0)" })
        default: return nil
        }
    }
}
