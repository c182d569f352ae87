import Synchronization

/// Where a batch's outcomes arrive: at once, while the loop is still there, or later, by mail.
final class Landing: Sendable {
    private enum State {
        case open
        case landed([AppendOutcome])
        case left
    }

    private let state = Mutex(State.open)

    /// Called with the outcomes.
    /// - Returns: whether the loop has gone on, and must be told.
    func isLate(_ outcomes: [AppendOutcome]) -> Bool {
        state.withLock { state in
            if case .left = state { return true }
            state = .landed(outcomes)
            return false
        }
    }

    /// The outcomes if they are there; from now on they are late.
    func take() -> [AppendOutcome]? {
        state.withLock { state in
            if case .landed(let outcomes) = state { return outcomes }
            state = .left
            return nil
        }
    }
}
