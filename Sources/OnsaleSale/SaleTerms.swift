/// What the organizer sets: prices and limits. ``TermsByHold`` has them as they change.
public struct SaleTerms: Hashable, Sendable {
    /// Price per place by category, in minor units of the currency.
    public let prices: [Int64]
    /// The most places one buyer may have at a time: live holds, orders in progress and valid tickets together.
    public let ticketsPerBuyer: Int
    /// How long a hold lives without an order, in seconds.
    public let holdSeconds: Int
    /// Whether to refuse holds that would leave a single free seat between taken ones.
    public let preventOrphans: Bool

    /// An order expires if its payment isn't authorized after this many seconds.
    public static let authorizationSeconds = 600
    /// How long an idempotency key is remembered, in seconds.
    public static let keySeconds = 86_400
    /// The least time a hold has left, in seconds, after the first order on it is declined.
    public static let declinedHoldSeconds = 60
    /// The largest plausible payment, in minor units. A provider's report of a larger amount is ignored.
    public static let amountMax: Int64 = 1_000_000_000_000_000
    /// The most that all places may cost together, in minor units: sold ten thousand times over, they must still fit the
    /// ledger's integers.
    public static let takingsMax: Int64 = 1_000_000_000_000_000
    /// The decline code when a payment doesn't match what we asked for.
    public static let mismatchCode = "payment_mismatch"
    /// The decline code when the provider has released the authorization.
    static let releasedCode = "authorization_released"
    /// A hold is released after this many declined orders.
    public static let declinesMax = 5

    public init(prices: [Int64], ticketsPerBuyer: Int, holdSeconds: Int, preventOrphans: Bool) {
        self.prices = prices
        self.ticketsPerBuyer = ticketsPerBuyer
        self.holdSeconds = holdSeconds
        self.preventOrphans = preventOrphans
    }
}

extension SaleTerms {
    /// Whether all these places at these prices, by category, come to at most ``takingsMax``.
    public static func areCountable(
        _ prices: [Int64], seats: [SeatingPlan.Seat], areas: [SeatingPlan.Area]
    ) -> Bool {
        var takings: Int64 = 0
        func add(_ category: Int, _ places: Int) {
            guard prices.indices.contains(category), takings <= takingsMax else { return }
            let (product, isLarge) = prices[category].multipliedReportingOverflow(by: Int64(places))
            let (sum, isLarger) = takings.addingReportingOverflow(product)
            takings = isLarge || isLarger ? .max : sum
        }
        for seat in seats { add(seat.category, 1) }
        for area in areas { add(area.category, area.capacity) }
        return takings <= takingsMax
    }
}
