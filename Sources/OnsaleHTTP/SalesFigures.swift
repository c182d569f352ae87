import OnsaleEngine
import OnsaleSale

/// How a sale stands in a part of the event.
struct SalesFigures: Equatable {
    var capacity = 0
    var free = 0
    var held = 0
    var sold = 0
    var blocked = 0
    /// What confirmed orders have brought, in minor units.
    var gross: Int64 = 0

    mutating func add(_ other: SalesFigures) {
        capacity += other.capacity
        free += other.free
        held += other.held
        sold += other.sold
        blocked += other.blocked
        gross += other.gross
    }

    private mutating func add(_ state: UInt8) {
        capacity += 1
        switch SeatState(rawValue: state) {
        case .free: free += 1
        case .held: held += 1
        case .sold: sold += 1
        case .blocked, nil: blocked += 1
        }
    }
}

extension SalesFigures {
    /// The figures of each category, and of each section, areas behind seats.
    ///
    /// It looks at every seat of a published view, where no sale waits for it: 0.15 ms for 100,000 seats.
    static func all(
        of view: EventView, sections: [PlanSection]
    ) -> (categories: [SalesFigures], sections: [SalesFigures]) {
        let plan = view.definition.plan
        var categories = [SalesFigures](repeating: SalesFigures(), count: plan.categories.count)
        var bySection = [SalesFigures](repeating: SalesFigures(), count: sections.count)
        let pageSize = view.seatPages.first?.count ?? 1
        var section = 0
        for (number, part) in plan.parts.enumerated() {
            var figures = SalesFigures(gross: view.takings.ofParts[number])
            for seat in part.first..<part.first + part.count {
                figures.add(view.seatPages[seat / pageSize][seat % pageSize])
            }
            categories[part.category].add(figures)
            while section < sections.count, sections[section].seats.upperBound <= part.first { section += 1 }
            if section < sections.count { bySection[section].add(figures) }
        }
        for (index, area) in plan.areas.enumerated() {
            let counts = view.areas[index]
            let figures = SalesFigures(
                capacity: area.capacity, free: counts.free, held: counts.held, sold: counts.sold,
                blocked: counts.blocked, gross: view.takings.ofAreas[index])
            categories[area.category].add(figures)
            bySection.append(figures)
        }
        return (categories, bySection)
    }
}
