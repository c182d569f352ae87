import DequeModule

/// The messages of one lane that a consumer has and hasn't finished: which may be handled now, which wait, and how far
/// the lane is done. Pure: moments are milliseconds of a monotonic clock.
///
/// Messages with the same key are handled one after the other, in their order. One that fails is tried again after a
/// while; until then its key waits, and others go on. One that can't be handled is given up, so that its key goes on
/// too.
public struct DeliveryWindow: Sendable {
    /// What a message that failed is in for.
    public enum Verdict: Hashable, Sendable {
        case again(at: Int64)
        case giveUp
    }

    /// How often, and when, a message is tried again.
    public struct Patience: Hashable, Sendable {
        public var attemptsMax: Int
        /// The first pause; each is twice as long as the one before, up to the longest.
        public var firstMilliseconds: Int64
        public var longestMilliseconds: Int64

        public init(attemptsMax: Int, firstMilliseconds: Int64, longestMilliseconds: Int64) {
            self.attemptsMax = attemptsMax
            self.firstMilliseconds = firstMilliseconds
            self.longestMilliseconds = longestMilliseconds
        }

        /// Some ten minutes.
        public static let standard = Patience(attemptsMax: 14, firstMilliseconds: 200, longestMilliseconds: 120_000)

        func pause(after attempts: Int) -> Int64 {
            guard attempts < 40 else { return longestMilliseconds }
            return min(longestMilliseconds, firstMilliseconds << Int64(attempts - 1))
        }
    }

    private enum State: Hashable {
        case waiting(until: Int64)
        case underWay
        case done
    }

    private struct Entry {
        let offset: Int64
        let key: String
        var attempts = 0
        var state = State.waiting(until: .min)
    }

    /// The most messages that it takes.
    public let capacity: Int
    private let patience: Patience
    private var entries: Deque<Entry> = []
    /// The first offset that is not done.
    private var reached: Int64?
    private var told: Int64?

    public init(capacity: Int, patience: Patience = .standard) {
        self.capacity = max(1, capacity)
        self.patience = patience
    }

    public var count: Int { entries.count }
    public var isFull: Bool { entries.count >= capacity }

    /// Takes in the lane's next message.
    /// - Returns: false, and nothing is taken in, if it comes out of turn or there is no room.
    public mutating func add(offset: Int64, key: String) -> Bool {
        guard !isFull, offset >= reached ?? .min, offset > entries.last?.offset ?? .min else { return false }
        entries.append(Entry(offset: offset, key: key))
        if reached == nil {
            reached = offset
            told = offset
        }
        return true
    }

    /// Messages to handle now, in their order; several of one key may be among them. Each is under way until
    /// ``finish(_:)``, ``fail(_:at:)`` or ``putBack(_:)``.
    public mutating func take(limit: Int, at now: Int64) -> [Int64] {
        var taken: [Int64] = []
        var waiting: Set<String> = []
        for index in entries.indices where taken.count < limit {
            switch entries[index].state {
            case .done: continue
            case .waiting(let until) where until <= now && !waiting.contains(entries[index].key):
                entries[index].state = .underWay
                taken.append(entries[index].offset)
            // What was taken just now comes before in the same batch; what was taken before must end first.
            case .waiting, .underWay: waiting.insert(entries[index].key)
            }
        }
        return taken
    }

    /// A message is handled, or given up for good.
    public mutating func finish(_ offset: Int64) {
        guard let index = index(of: offset) else { return }
        entries[index].state = .done
        while let first = entries.first, first.state == .done {
            entries.removeFirst()
            reached = entries.first?.offset ?? first.offset + 1
        }
    }

    /// A message couldn't be handled. Unless it is given up, it waits; if it is, it stays under way until
    /// ``finish(_:)``, so that whoever gives it up can put it away first.
    public mutating func fail(_ offset: Int64, at now: Int64) -> Verdict {
        guard let index = index(of: offset) else { return .giveUp }
        entries[index].attempts += 1
        let attempts = entries[index].attempts
        guard attempts < patience.attemptsMax else { return .giveUp }
        let moment = now + patience.pause(after: attempts)
        entries[index].state = .waiting(until: moment)
        return .again(at: moment)
    }

    /// A message that was taken has not been tried.
    public mutating func putBack(_ offset: Int64) {
        guard let index = index(of: offset), entries[index].state == .underWay else { return }
        entries[index].state = .waiting(until: .min)
    }

    /// What to commit: the offset of the first message that isn't done; nil if that has been told already.
    public mutating func takeProgress() -> Int64? {
        guard reached != told else { return nil }
        told = reached
        return reached
    }

    /// When the next message may be taken; nil if none waits, but for others of its key.
    public func nextMoment() -> Int64? {
        var next: Int64?
        var keys: Set<String> = []
        for entry in entries where entry.state != .done && keys.insert(entry.key).inserted {
            if case .waiting(let until) = entry.state { next = min(next ?? until, until) }
        }
        return next
    }

    private func index(of offset: Int64) -> Int? {
        // Offsets ascend, with gaps.
        var (low, high) = (entries.startIndex, entries.endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low < entries.endIndex && entries[low].offset == offset ? low : nil
    }
}
