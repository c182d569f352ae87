/// The lanes of an inbox, in the order in which they are taken.
public enum Lane: Int, CaseIterable, Sendable {
    case payments
    case orders
    case holds
    case passes
    case joins
}
