import DequeModule
import OnsaleValues

/// How many idempotency keys an event remembers. What is not remembered is refused: a key that is forgotten early would
/// let a repeated request have its effect twice.
struct KeyLimits: Sendable {
    /// In all.
    var all = 2_000_000
    /// Of these, kept back from holds, so that whoever has a hold can pay.
    var forOrders = 200_000
    /// Of one buyer.
    var ofBuyer = 1000
}

/// What was answered under which idempotency key, for as long as keys are kept.
struct IdempotencyMemory: Sendable {
    enum Answer: Hashable, Sendable {
        /// A hold as it was made: the first answer is given again, whatever has become of the hold.
        case hold(Hold)
        /// An order, which is answered as it stands now; asked for by the buyer or, without one, by the organizer.
        case order(OrderID, buyer: BuyerID?)

        /// Whose share it counts against; nil for the organizer's.
        var buyer: BuyerID? {
            switch self {
            case .hold(let hold): hold.buyer
            case .order(_, let buyer): buyer
            }
        }
    }

    struct Entry: Hashable, Sendable {
        let fingerprint: Digest128
        let answer: Answer
        let at: Timestamp
    }

    private(set) var entries: [Digest128: Entry] = [:]
    /// Keys in the order in which they came.
    private var arrivals: Deque<Digest128> = []

    var count: Int { entries.count }

    /// What was answered under this key, if that is not too long ago.
    func entry(for key: Digest128, now: Timestamp) -> Entry? {
        guard let entry = entries[key], !isOld(entry, at: now) else { return nil }
        return entry
    }

    private func isOld(_ entry: Entry, at now: Timestamp) -> Bool {
        entry.at < now.adding(seconds: -SaleTerms.keySeconds)
    }

    /// Whether another key can be remembered, among so many: ``remember(_:_:at:)`` forgets old ones first.
    func hasSpace(among max: Int, at now: Timestamp) -> Bool {
        guard entries.count >= max else { return true }
        var forgettable = 0
        for key in arrivals {
            guard let entry = entries[key], isOld(entry, at: now) else { break }
            forgettable += 1
            if entries.count - forgettable < max { return true }
        }
        return false
    }

    /// The buyer's keys that the next ``remember(_:_:at:)`` would forget: the oldest ones.
    func forgettable(of buyer: BuyerID, at now: Timestamp) -> Int {
        var count = 0
        for key in arrivals {
            guard let entry = entries[key], isOld(entry, at: now) else { break }
            if entry.answer.buyer == buyer { count += 1 }
        }
        return count
    }

    /// Remembers an answer, and forgets what is older than keys are kept. Forgetting happens here alone, so that it
    /// follows from the facts and a replay forgets the same.
    /// - Returns: whose keys were forgotten.
    mutating func remember(_ key: IdempotencyKey, _ answer: Answer, at now: Timestamp) -> [BuyerID] {
        let forgotten = forget(at: now)
        entries[key.key] = Entry(fingerprint: key.fingerprint, answer: answer, at: now)
        arrivals.append(key.key)
        return forgotten
    }

    private mutating func forget(at now: Timestamp) -> [BuyerID] {
        var forgotten: [BuyerID] = []
        while let key = arrivals.first, let entry = entries[key], isOld(entry, at: now) {
            if let buyer = entry.answer.buyer { forgotten.append(buyer) }
            entries[key] = nil
            arrivals.removeFirst()
        }
        return forgotten
    }

    /// Keys and entries in the order in which they came.
    var inOrder: [(key: Digest128, entry: Entry)] {
        arrivals.compactMap { key in entries[key].map { (key, $0) } }
    }
}
