/// Finds seats that a choice would leave single: free, with nothing free beside them in their stretch.
enum OrphanRule {
    /// The seats that taking `chosen` would leave single, in plan order.
    static func orphans(leftBy chosen: [UInt32], plan: SeatingPlan, seats: SeatMap) -> [UInt32] {
        let taken = Set(chosen)
        var orphans: Set<UInt32> = []
        for seat in chosen {
            let stretch = plan.stretches[Int(plan.stretchOfSeat[Int(seat)])]
            func isFree(_ index: Int) -> Bool {
                index >= stretch.first && index < stretch.end && seats.isFree(index) && !taken.contains(UInt32(index))
            }
            let index = Int(seat)
            if isFree(index - 1), !isFree(index - 2) { orphans.insert(UInt32(index - 1)) }
            if isFree(index + 1), !isFree(index + 2) { orphans.insert(UInt32(index + 1)) }
        }
        return orphans.sorted()
    }
}
