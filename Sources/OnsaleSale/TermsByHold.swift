/// The terms of a sale as they changed. Whoever holds places pays what they were told: a hold, and every order on it,
/// keeps the terms that it was made under.
public struct TermsByHold: Hashable, Sendable {
    /// Terms that others have followed.
    struct Earlier: Hashable, Sendable {
        /// No hold before it was made under them.
        let firstHold: UInt32
        let terms: SaleTerms
    }

    /// Those that the next hold is made under.
    public private(set) var current: SaleTerms
    /// No hold before it was made under ``current``.
    private(set) var firstHold: UInt32
    /// Oldest first. At least one hold was made under each.
    private(set) var earlier: [Earlier]

    /// Orders need the terms of their holds for ever, so the changes between holds are counted.
    static let earlierMax = 500

    init(current: SaleTerms, firstHold: UInt32 = 1, earlier: [Earlier] = []) {
        self.current = current
        self.firstHold = firstHold
        self.earlier = earlier
    }

    /// The terms that a hold was made under, in a state that knows the hold.
    public subscript(hold: HoldID) -> SaleTerms {
        if hold.serial >= firstHold { return current }
        let later = earlier.partitioningIndex { $0.firstHold > hold.serial }
        return earlier[..<later].last?.terms ?? current
    }

    /// Whether they can change from this hold on.
    func canChange(from hold: UInt32) -> Bool { hold == firstHold || earlier.count < TermsByHold.earlierMax }

    /// The hold is the next to be made, so nobody has been told what is replaced here.
    mutating func change(to terms: SaleTerms, from hold: UInt32) {
        if hold > firstHold { earlier.append(Earlier(firstHold: firstHold, terms: current)) }
        current = terms
        firstHold = hold
    }
}
