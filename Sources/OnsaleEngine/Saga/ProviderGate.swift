public import OnsaleValues

/// The health of the payment provider, as far as known.
public enum ProviderHealth: Sendable, Equatable {
    /// It has not been called yet.
    case unknown
    case well
    /// It has not answered since this moment.
    case away(since: Timestamp)
    /// It has rejected our secret key since this moment.
    case unauthorized(since: Timestamp)
}

/// A circuit breaker: whether to call the provider at all.
///
/// While the provider doesn't answer, each call would block a slot until it times out. So after several unanswered
/// calls in a row only an occasional probe is sent. Once a probe is answered, waiting orders go on, at first a few at a
/// time.
struct ProviderGate: Sendable {
    /// After this many unanswered calls in a row the provider counts as away.
    private static let unansweredMax = 8

    private static let unansweredProbesMax = 2

    private(set) var health = ProviderHealth.unknown
    private var unanswered = 0
    private var unansweredProbes = 0
    /// Whether a probe has been answered after an outage but no order's call yet; meanwhile only a few calls go out.
    private(set) var isOnTrial = false

    /// Whether orders' calls may go out.
    var isOpen: Bool {
        switch health {
        case .unknown, .well: true
        case .away, .unauthorized: false
        }
    }

    /// - Returns: whether more calls may go out than before.
    mutating func noteAnswer(isProbe: Bool) -> Bool {
        let wasOpen = isOpen
        let wasOnTrial = isOnTrial
        unanswered = 0
        unansweredProbes = 0
        health = .well
        isOnTrial = isProbe && (!wasOpen || wasOnTrial)
        return !wasOpen || wasOnTrial && !isOnTrial
    }

    /// - Returns: whether this closed the gate.
    mutating func noteSilence(at now: Timestamp) -> Bool {
        unanswered += 1
        guard unanswered >= (isOnTrial ? 1 : ProviderGate.unansweredMax), isOpen else { return false }
        health = .away(since: now)
        isOnTrial = false
        return true
    }

    /// A probe stands for no order, so two in a row without an answer are enough.
    /// - Returns: whether this closed the gate.
    mutating func noteUnansweredProbe(at now: Timestamp) -> Bool {
        unansweredProbes += 1
        guard unansweredProbes >= ProviderGate.unansweredProbesMax, isOpen else { return false }
        health = .away(since: now)
        isOnTrial = false
        return true
    }

    /// - Returns: whether this is news.
    mutating func noteRefusedKey(at now: Timestamp) -> Bool {
        if case .unauthorized = health { return false }
        health = .unauthorized(since: now)
        isOnTrial = false
        return true
    }
}
