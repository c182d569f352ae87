import OnsaleValues

/// Amounts as the provider counts them: ISO 4217 minor units, except in a few currencies.
/// <https://docs.stripe.com/currencies#minor-units>
enum StripeAmount {
    /// ISO 4217 gives these no minor unit, yet the provider uses two digits.
    private static let twoDigits: Set<String> = ["ISK", "UGX"]
    /// ISO 4217 gives this two digits, the provider none.
    private static let noDigits: Set<String> = ["MGA"]
    /// The provider requires the last of their three digits to be zero.
    private static let threeDigits: Set<String> = ["BHD", "JOD", "KWD", "OMR", "TND"]

    /// The amount to ask for; nil if the provider can't take it.
    static func provider(_ amount: Int64, _ currency: String) -> Int64? {
        if twoDigits.contains(currency) {
            let (product, isOverflow) = amount.multipliedReportingOverflow(by: 100)
            return isOverflow ? nil : product
        }
        if noDigits.contains(currency) { return amount % 100 == 0 ? amount / 100 : nil }
        if threeDigits.contains(currency), amount % 10 != 0 { return nil }
        return amount
    }

    /// The provider's amount in minor units; one that can't be converted becomes -1, which equals no real amount.
    static func minor(_ amount: Int64, _ currency: String) -> Int64 {
        guard amount >= 0 else { return -1 }
        if twoDigits.contains(currency) { return amount % 100 == 0 ? amount / 100 : -1 }
        if noDigits.contains(currency) {
            let (product, isOverflow) = amount.multipliedReportingOverflow(by: 100)
            return isOverflow ? -1 : product
        }
        return amount
    }

    /// The provider's amount of either sign in minor units; nil if it is no whole number of them.
    static func signedMinor(_ amount: Int64, _ currency: String) -> Int64? {
        guard amount < 0 else { return nonNegative(minor(amount, currency)) }
        guard amount > .min else { return nil }
        return nonNegative(minor(-amount, currency)).map { -$0 }
    }

    private static func nonNegative(_ amount: Int64) -> Int64? { amount < 0 ? nil : amount }
}
