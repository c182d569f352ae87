import OnsaleSale
import OnsaleValues

/// (a) The pure sale on one thread.
enum SaleBench {
    static func run(_ table: inout Table) {
        let plan = Arena.plan()
        let commands = Arena.wholeSale()
        var best = Double.infinity
        var count = 0
        for _ in 0..<5 {
            var sale = Sale(plan: plan, terms: Arena.terms)
            var facts: [SaleFact] = []
            facts.reserveCapacity(4096)
            let elapsed = seconds {
                for command in commands {
                    command.apply(to: &sale, facts: &facts)
                    if facts.count > 4000 {
                        count += facts.count
                        facts.removeAll(keepingCapacity: true)
                    }
                }
            }
            precondition(sale.counts.sold == Arena.seatCount && sale.breaches().isEmpty)
            best = min(best, elapsed)
        }
        table.add(
            "(a) Sale, one thread", Table.perSecond(commands.count, best), goal: "1 M/s",
            "\(commands.count) commands sell 100,000 seats: of 13, 3 holds, 3 refused, 1 release, 2 each of order, authorized, captured"
        )
    }
}
