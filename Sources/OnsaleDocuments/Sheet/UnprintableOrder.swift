/// Why an order has no documents. No further attempt will change that.
package struct UnprintableOrder: Error, Hashable, CustomStringConvertible {
    /// Goes on after "The order".
    package let description: String

    init(_ description: String) { self.description = description }
}
