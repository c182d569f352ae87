/// Picks the best available seats for buyers who don't choose their own.
///
/// Among all windows of adjacent free seats in the category, it picks the one with the least sum of squared distances
/// to the stage that leaves no single seat behind. If every window leaves one, it picks the least of all; if there is
/// no window, the nearest free seats one by one. Ties go to the smaller seat number. It tries stretches nearest first
/// and stops when even a stretch's nearest seat could not beat the best window found.
enum BestAvailable {
    static func choose(category: Int, quantity: Int, plan: SeatingPlan, seats: SeatMap) -> [SeatIndex]? {
        guard quantity > 0, seats.freeByCategory[category] >= quantity else { return nil }
        var clean: (score: Int64, first: Int)?
        var orphaning: (score: Int64, first: Int)?
        for ranked in plan.stretchesByCategory[category] {
            if let clean, ranked.nearest * Int64(quantity) > clean.score { break }
            guard seats.freeByStretch[Int(ranked.stretch)] >= UInt32(quantity) else { continue }
            let stretch = plan.stretches[Int(ranked.stretch)]
            var run = 0
            var score: Int64 = 0
            for seat in stretch.first..<stretch.end {
                guard seats.isFree(seat), plan.seats[seat].category == category else {
                    run = 0
                    score = 0
                    continue
                }
                run += 1
                score += plan.distances[seat]
                if run > quantity { score -= plan.distances[seat - quantity] }
                guard run >= quantity else { continue }
                let first = seat - quantity + 1
                if leavesSingle(first: first, end: seat + 1, stretch: stretch, seats: seats) {
                    if orphaning.map({ (score, first) < $0 }) ?? true { orphaning = (score, first) }
                } else if clean.map({ (score, first) < $0 }) ?? true {
                    clean = (score, first)
                }
            }
        }
        if let window = clean ?? orphaning {
            return (window.first..<window.first + quantity).map { SeatIndex($0) }
        }
        return nearestSingles(category: category, quantity: quantity, plan: plan, seats: seats)
    }

    private static func leavesSingle(first: Int, end: Int, stretch: SeatingPlan.Stretch, seats: SeatMap) -> Bool {
        func isFree(_ index: Int) -> Bool {
            index >= stretch.first && index < stretch.end && seats.isFree(index)
        }
        return (isFree(first - 1) && !isFree(first - 2)) || (isFree(end) && !isFree(end + 1))
    }

    private static func nearestSingles(
        category: Int, quantity: Int, plan: SeatingPlan, seats: SeatMap
    ) -> [SeatIndex]? {
        var chosen: [SeatIndex] = []
        for seat in plan.seatsByCategory[category] where seats.isFree(seat.offset) {
            chosen.append(seat)
            if chosen.count == quantity { return chosen.sorted() }
        }
        return nil
    }
}
