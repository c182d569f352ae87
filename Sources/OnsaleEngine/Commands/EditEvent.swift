public import OnsaleSale
public import OnsaleValues

/// Change what an event tells about itself and the terms that it sells under: both, or neither.
public struct EditEvent: EventCommand {
    public let profile: ChangeProfile
    public let terms: ChangeTerms

    public static var lane: Lane { .passes }

    public init(_ profile: ChangeProfile, _ terms: ChangeTerms) {
        self.profile = profile
        self.terms = terms
    }

    /// - Returns: the terms before and after.
    public func decide(
        in partition: inout Partition, now: Timestamp, facts: inout [Fact]
    ) throws(Refusal) -> (before: SaleTerms, after: SaleTerms) {
        let before = partition.sale.terms.current
        // First, for nothing else can be refused.
        try terms.decide(in: &partition, now: now, facts: &facts)
        profile.decide(in: &partition, now: now, facts: &facts)
        return (before, partition.sale.terms.current)
    }
}
