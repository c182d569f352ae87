/// Finds orphans: free seats that a choice would leave with no free neighbour in their stretch.
enum OrphanRule {
    /// The orphans that taking `chosen` would leave, in plan order.
    static func orphans(leftBy chosen: [SeatIndex], plan: SeatingPlan, seats: SeatMap) -> [SeatIndex] {
        let taken = Set(chosen)
        var orphans: Set<SeatIndex> = []
        for seat in chosen {
            let stretch = plan.stretches[Int(plan.stretchOfSeat[seat.offset])]
            func isFree(_ index: Int) -> Bool {
                index >= stretch.first && index < stretch.end && seats.isFree(index)
                    && !taken.contains(SeatIndex(index))
            }
            let index = seat.offset
            if isFree(index - 1), !isFree(index - 2) { orphans.insert(SeatIndex(index - 1)) }
            if isFree(index + 1), !isFree(index + 2) { orphans.insert(SeatIndex(index + 1)) }
        }
        return orphans.sorted()
    }
}
