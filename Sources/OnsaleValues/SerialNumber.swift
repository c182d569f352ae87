/// A number given out in order within an event, starting at 1: holds, orders, passes, tickets … Each kind has its own
/// type, so one can't be mistaken for another.
public protocol SerialNumber: Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    var serial: UInt32 { get }
    init(_ serial: UInt32)
}

extension SerialNumber {
    @inlinable
    public init(integerLiteral serial: UInt32) { self.init(serial) }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.serial < right.serial }

    /// The next number in order.
    @inlinable
    public var next: Self { Self(serial + 1) }
}

extension ByteWriter {
    public mutating func write(_ id: some SerialNumber) {
        write(serial: id.serial)
    }
}

extension ByteReader {
    public mutating func id<ID: SerialNumber>() throws(ByteReadingError) -> ID {
        ID(try serial())
    }
}

/// A pass's number within its event, in the order of granting.
@frozen
public struct PassID: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}
