/// What the provider's list and our book don't have in common.
public struct Difference: Hashable, Sendable {
    public enum Name: String, CaseIterable, Hashable, Sendable {
        /// We expect it, and it isn't listed.
        case missingAtProvider
        /// It is listed, and we know of no such thing.
        case unknownToUs
        case amountDiffers
        case currencyDiffers
        /// It is listed once more than we expect.
        case twice
        /// One side has it, so lately that the other may still follow.
        case late
    }

    public let name: Name
    /// The event's day of what we expect, or else of the line.
    public let day: SettlementDay
    public let expected: ExpectedMovement?
    public let line: ProviderLine?

    public init(
        _ name: Name, day: SettlementDay, expected: ExpectedMovement? = nil, line: ProviderLine? = nil
    ) {
        self.name = name
        self.day = day
        self.expected = expected
        self.line = line
    }
}
