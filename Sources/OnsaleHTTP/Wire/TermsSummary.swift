import OnsaleEngine
import OnsaleSale
import OnsaleValues

extension EventDefinition {
    private static let pricesNamed = 5

    /// What of the terms has changed, in the contract's names, as text for people: the first few prices, and how many
    /// there are.
    func changes(from old: SaleTerms, to new: SaleTerms) -> [String] {
        let prices = plan.categories.indices.filter { old.prices[$0] != new.prices[$0] }
        var changes = prices.prefix(EventDefinition.pricesNamed).map { category in
            "\(plan.categories[category]) \(money(old.prices[category])) → \(money(new.prices[category]))"
        }
        if prices.count > changes.count { changes[changes.count - 1] += " … (\(prices.count))" }
        if let first = changes.first { changes[0] = "prices \(first)" }
        func note<Value: Equatable>(_ name: String, _ value: KeyPath<SaleTerms, Value>) {
            guard old[keyPath: value] != new[keyPath: value] else { return }
            changes.append("\(name) \(old[keyPath: value]) → \(new[keyPath: value])")
        }
        note("ticketsPerBuyer", \.ticketsPerBuyer)
        note("holdSeconds", \.holdSeconds)
        note("preventOrphans", \.preventOrphans)
        return changes
    }

    private func money(_ amount: Int64) -> String { Currency.text(amount, in: currency) }
}
