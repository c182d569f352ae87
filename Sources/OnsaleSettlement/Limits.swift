/// What is refused beyond.
enum Limits {
    /// The contract's own limit for an event's prices times places, in minor units.
    static let amountMax: Int64 = 1_000_000_000_000_000
    static let quantityMax = 1_000_000
    static let nameBytesMax = 255
    /// The most messages about one order.
    static let statesMax = 1000
}
