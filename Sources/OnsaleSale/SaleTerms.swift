/// What an organizer decides about a sale before it opens: prices and limits.
public struct SaleTerms: Hashable, Sendable {
    /// Amount in minor units of the currency, by category.
    public let prices: [Int64]
    /// Live holds, orders in progress and valid tickets that one buyer may have at a time.
    public let ticketsPerBuyer: Int
    /// How long a hold lives without an order, in seconds.
    public let holdSeconds: Int
    /// Whether a hold may leave a single free seat between taken ones.
    public let preventOrphans: Bool

    /// An authorization that the provider has not answered for so long ends its order.
    public static let authorizationSeconds = 600
    /// How long an idempotency key is remembered.
    public static let keySeconds = 86_400
    /// How much longer a hold lives, in seconds, when the first order on it was declined.
    public static let declinedHoldSeconds = 60
    /// The largest amount that a payment can have, in minor units; what is told beyond it is nobody's money.
    public static let amountMax: Int64 = 1_000_000_000_000_000
    /// Why an order is declined whose payment is not what was asked for.
    public static let mismatchCode = "payment_mismatch"
    /// Why an order is declined whose money the provider no longer keeps for us.
    static let releasedCode = "authorization_released"
    /// A hold on which so many orders were declined is given back.
    public static let declinesMax = 5

    public init(prices: [Int64], ticketsPerBuyer: Int, holdSeconds: Int, preventOrphans: Bool) {
        self.prices = prices
        self.ticketsPerBuyer = ticketsPerBuyer
        self.holdSeconds = holdSeconds
        self.preventOrphans = preventOrphans
    }
}
