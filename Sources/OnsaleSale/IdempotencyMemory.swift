import DequeModule
import OnsaleValues

/// How many idempotency keys an event remembers. Beyond that, requests are refused: forgetting a key early would let a
/// repeated request take effect twice.
struct KeyLimits: Sendable {
    /// In total.
    var all = 2_000_000
    /// The share of `all` that holds can't use, so a buyer with a hold can always pay.
    var forOrders = 200_000
    /// Per buyer.
    var ofBuyer = 1000
}

/// The answer given under each idempotency key, while keys are kept (``SaleTerms/keySeconds``).
struct IdempotencyMemory: Sendable {
    enum Answer: Hashable, Sendable {
        /// The hold as it was made: a repeat gets the first answer, whatever has happened to the hold since.
        case hold(Hold)
        /// An order, answered in its current state. `buyer` is nil if the organizer asked.
        case order(OrderID, buyer: BuyerID?)

        /// The buyer whose limit it counts against; nil for the organizer.
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
    /// Keys in order of arrival.
    private var arrivals: Deque<Digest128> = []

    var count: Int { entries.count }

    /// The entry under this key, unless it is too old.
    func entry(for key: Digest128, now: Timestamp) -> Entry? {
        guard let entry = entries[key], !isOld(entry, at: now) else { return nil }
        return entry
    }

    private func isOld(_ entry: Entry, at now: Timestamp) -> Bool {
        entry.at < now.adding(seconds: -SaleTerms.keySeconds)
    }

    /// Whether one more key fits within `max`, counting that ``remember(_:_:at:)`` forgets old ones first.
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

    /// How many of the buyer's keys the next ``remember(_:_:at:)`` will forget for their age.
    func forgettable(of buyer: BuyerID, at now: Timestamp) -> Int {
        var count = 0
        for key in arrivals {
            guard let entry = entries[key], isOld(entry, at: now) else { break }
            if entry.answer.buyer == buyer { count += 1 }
        }
        return count
    }

    /// Remembers an answer and forgets keys that are too old. Nothing else forgets keys, so what is forgotten follows
    /// from the facts alone, and a replay forgets the same.
    /// - Returns: the owners of the forgotten keys, one entry per key.
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

    /// Keys and entries in order of arrival.
    var inOrder: [(key: Digest128, entry: Entry)] {
        arrivals.compactMap { key in entries[key].map { (key, $0) } }
    }
}
