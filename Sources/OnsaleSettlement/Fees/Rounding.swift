/// How a part of a minor unit becomes a whole one.
public enum Rounding: String, CaseIterable, Hashable, Sendable, Decodable {
    case down
    case up
    case halfUp
    case halfEven

    /// `numerator / denominator`, rounded. Neither is negative, and `denominator` is not zero.
    func quotient(_ numerator: Int64, _ denominator: Int64) -> Int64 {
        let (whole, rest) = numerator.quotientAndRemainder(dividingBy: denominator)
        return whole + (isUp(whole: whole, rest: rest, of: denominator) ? 1 : 0)
    }

    /// `amount * share / whole`, rounded, where the share is a part of the whole, and neither is negative.
    func part(of amount: Int64, share: Int64, whole: Int64) -> Int64 {
        precondition((0...whole).contains(share) && amount >= 0 && whole > 0, "a share is a part of a whole")
        let product = UInt64(amount).multipliedFullWidth(by: UInt64(share))
        // The quotient is at most `amount`, so that this can't overflow.
        let (quotient, rest) = UInt64(whole).dividingFullWidth(product)
        return Int64(quotient) + (isUp(whole: Int64(quotient), rest: Int64(rest), of: whole) ? 1 : 0)
    }

    private func isUp(whole: Int64, rest: Int64, of denominator: Int64) -> Bool {
        let missing = denominator - rest
        return switch self {
        case .down: false
        case .up: rest > 0
        case .halfUp: rest >= missing
        case .halfEven: rest > missing || rest == missing && whole % 2 == 1
        }
    }
}
