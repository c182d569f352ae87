import OnsaleValues

/// What was answered under which idempotency key, for as long as keys are kept.
struct IdempotencyMemory: Sendable {
    enum Answer: Hashable, Sendable {
        /// A hold as it was made: the first answer is given again, whatever has become of the hold.
        case hold(Hold)
        /// An order, which is answered as it stands now.
        case order(OrderID)
    }

    struct Entry: Hashable, Sendable {
        let fingerprint: Digest128
        let answer: Answer
        let at: Timestamp
    }

    private(set) var entries: [Digest128: Entry] = [:]
    /// Keys in the order in which they came; those before `oldest` are forgotten.
    private var arrivals: [Digest128] = []
    private var oldest = 0

    var count: Int { entries.count }

    /// What was answered under this key, if that is not too long ago.
    func entry(for key: Digest128, now: Timestamp) -> Entry? {
        guard let entry = entries[key], entry.at >= now.adding(seconds: -SaleTerms.keySeconds) else { return nil }
        return entry
    }

    /// Remembers an answer, and forgets what is older than keys are kept. Forgetting happens here alone, so that it
    /// follows from the facts and a replay forgets the same.
    mutating func remember(_ key: IdempotencyKey, _ answer: Answer, at now: Timestamp) {
        forget(before: now.adding(seconds: -SaleTerms.keySeconds))
        entries[key.key] = Entry(fingerprint: key.fingerprint, answer: answer, at: now)
        arrivals.append(key.key)
    }

    private mutating func forget(before limit: Timestamp) {
        while oldest < arrivals.count, let entry = entries[arrivals[oldest]], entry.at < limit {
            entries[arrivals[oldest]] = nil
            oldest += 1
        }
        if oldest > 4096, oldest > arrivals.count / 2 {
            arrivals.removeFirst(oldest)
            oldest = 0
        }
    }

    /// Keys and entries in the order in which they came.
    var inOrder: [(key: Digest128, entry: Entry)] {
        arrivals[oldest...].compactMap { key in entries[key].map { (key, $0) } }
    }
}
