/// What was taken for confirmed orders, by where it came from, in minor units; what went back later is not taken off.
/// Derived. Small enough to be copied with each published view: by parts of rows, not by seats.
public struct Takings: Hashable, Sendable {
    /// By ``SeatingPlan/parts``.
    public private(set) var ofParts: [Int64]
    public private(set) var ofAreas: [Int64]

    init(plan: SeatingPlan) {
        ofParts = [Int64](repeating: 0, count: plan.parts.count)
        ofAreas = [Int64](repeating: 0, count: plan.areas.count)
    }

    mutating func add(_ places: Places, plan: SeatingPlan, prices: [Int64]) {
        switch places {
        case .seats(let seats):
            for seat in seats { ofParts[Int(plan.partOfSeat[seat.offset])] &+= prices[plan[seat].category] }
        case .area(let area, let quantity):
            ofAreas[area] &+= prices[plan.areas[area].category] &* Int64(quantity)
        }
    }
}
