/// Why something can't be settled.
public struct SettlementError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        /// The message contradicts itself or what is booked. No further attempt will change that.
        case unusable
        /// A sum is beyond what 64 bits hold.
        case overflow
        /// There is more than the limits allow.
        case full
        /// The store holds what nobody can have written.
        case damaged
    }

    public let code: Code
    public let description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    static let overflow = SettlementError(.overflow, "a sum of money is beyond 64 bits")
}
