/// The values of a statement in PostgreSQL's binary form: numbers big-endian, text and bytes as they are, arrays with
/// their dimension, their elements' type and each element's length (`array_send` in the server's source).
package struct PostgresValues: Sendable {
    /// All of them, end to end.
    private(set) var bytes: [UInt8] = []
    /// Where each lies; nil for NULL.
    private(set) var ranges: [Range<Int>?] = []

    package init() {}

    package mutating func add(_ value: Int64) {
        add { $0.append(value) }
    }

    package mutating func add(_ value: Bool) {
        add { $0.bytes.append(value ? 1 : 0) }
    }

    package mutating func add(_ value: String) {
        add { $0.bytes.append(contentsOf: value.utf8) }
    }

    package mutating func add(_ value: [UInt8]) {
        add { $0.bytes.append(contentsOf: value) }
    }

    package mutating func addNull() {
        ranges.append(nil)
    }

    package mutating func add(_ values: some Collection<Int64>) {
        addArray(values, type: 20) { values, element in values.append(element) }
    }

    package mutating func add(_ values: some Collection<String>) {
        addArray(values, type: 25) { values, element in values.bytes.append(contentsOf: element.utf8) }
    }

    package mutating func add(_ values: some Collection<[UInt8]>) {
        addArray(values, type: 17) { values, element in values.bytes.append(contentsOf: element) }
    }

    // MARK: Form

    private mutating func add(_ body: (inout PostgresValues) -> Void) {
        let start = bytes.count
        body(&self)
        ranges.append(start..<bytes.count)
    }

    private mutating func addArray<Element>(
        _ elements: some Collection<Element>, type: Int32, _ append: (inout PostgresValues, Element) -> Void
    ) {
        add { values in
            values.append(Int32(elements.isEmpty ? 0 : 1))
            values.append(Int32(0))
            values.append(type)
            if elements.isEmpty { return }
            values.append(Int32(elements.count))
            values.append(Int32(1))
            for element in elements {
                let place = values.bytes.count
                values.append(Int32(0))
                append(&values, element)
                let length = UInt32(values.bytes.count - place - 4)
                for index in 0..<4 {
                    values.bytes[place + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index))
                }
            }
        }
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Calls `body` with libpq's three arrays: values, lengths, formats.
    func withPointers<Value>(
        _ body: (Int32, [UnsafePointer<CChar>?], [Int32], [Int32]) -> Value
    ) -> Value {
        // libpq takes no pointer for NULL, so that even an empty value needs a byte to point to.
        (bytes + [0]).withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return body(
                Int32(ranges.count),
                ranges.map { range in range.flatMap { range in start.map { $0 + range.lowerBound } } },
                ranges.map { Int32($0?.count ?? 0) }, ranges.map { _ in 1 })
        }
    }
}
