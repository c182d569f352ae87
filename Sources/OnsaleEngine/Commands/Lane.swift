/// The lanes of an inbox, in the order the writer takes them.
public enum Lane: Int, CaseIterable, Sendable {
    case payments
    case orders
    case holds
    case passes
    case joins
}
