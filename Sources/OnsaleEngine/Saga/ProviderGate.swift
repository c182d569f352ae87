public import OnsaleValues

/// What is known of the payment provider.
public enum ProviderHealth: Sendable, Equatable {
    /// Nobody has asked it yet.
    case unknown
    case well
    /// It has not answered since then.
    case away(since: Timestamp)
    /// It does not take our secret key.
    case unauthorized(since: Timestamp)
}

/// Whether calls are made to the provider at all.
///
/// While it does not answer, calls would only fill the slots of those that could be served at its return, each until its
/// time is up. So after several in a row without an answer nothing is sent but a probe now and then, and all that waits
/// goes on as soon as one is answered.
struct ProviderGate: Sendable {
    /// Calls without an answer, in a row, after which it counts as away.
    private static let unansweredMax = 8

    private(set) var health = ProviderHealth.unknown
    private var unanswered = 0
    /// A probe was answered after it had been away, and no order's call yet: a few are let through.
    private(set) var isOnTrial = false

    /// Whether orders may be asked about.
    var isOpen: Bool {
        switch health {
        case .unknown, .well: true
        case .away, .unauthorized: false
        }
    }

    /// - Returns: whether more calls may be made than before.
    mutating func noteAnswer(isProbe: Bool) -> Bool {
        let wasOpen = isOpen
        let wasOnTrial = isOnTrial
        unanswered = 0
        health = .well
        isOnTrial = isProbe && (!wasOpen || wasOnTrial)
        return !wasOpen || wasOnTrial && !isOnTrial
    }

    /// - Returns: whether it has just closed.
    mutating func noteSilence(at now: Timestamp) -> Bool {
        unanswered += 1
        guard unanswered >= (isOnTrial ? 1 : ProviderGate.unansweredMax), isOpen else { return false }
        health = .away(since: now)
        isOnTrial = false
        return true
    }

    /// - Returns: whether that is news.
    mutating func noteRefusedKey(at now: Timestamp) -> Bool {
        if case .unauthorized = health { return false }
        health = .unauthorized(since: now)
        isOnTrial = false
        return true
    }
}
