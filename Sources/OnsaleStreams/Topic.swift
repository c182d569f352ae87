/// A feed with those who listen to it, and what was said lately.
struct Topic {
    /// Deltas kept for those who come back with `Last-Event-ID`.
    static let deltasMax = 256
    static let deltaBytesMax = 1 << 20

    struct Delta {
        let from: UInt64
        let message: Message
    }

    let name: String
    /// Whose news it tells.
    let source: String
    let feed: any Feed
    private(set) var version: UInt64
    private var snapshot: Message
    private var deltas: [Delta] = []
    private var deltaBytes = 0
    /// Slots of the slab.
    var listeners: [UInt32] = []
    /// Its source has news that it has not been asked for.
    var hasNews = false
    /// A connection that is full does not tell when it no longer is, and must be asked.
    var mustAskForSpace = false
    /// It is not asked before, in milliseconds since the loop's start.
    var notBefore: UInt64 = 0
    /// When time alone changes it.
    var changesAt: UInt64 = .max
    /// Since when nobody listens, in seconds; nil while somebody does.
    var emptySince: UInt32?
    /// How long it is kept then, so that whoever comes back finds the deltas.
    static let keptSeconds: UInt32 = 60

    init(name: String, source: String, feed: any Feed) {
        self.name = name
        self.source = source
        self.feed = feed
        snapshot = feed.snapshot()
        version = snapshot.version
    }

    /// When it must be asked next.
    var dueAt: UInt64 { hasNews || mustAskForSpace ? notBefore : max(notBefore, changesAt) }

    /// Asks the feed; returns whether there is something new.
    mutating func poll() -> Bool {
        hasNews = false
        switch feed.poll() {
        case nil: return false
        case .state(let message):
            snapshot = message
            version = message.version
        case .delta(let from, let message):
            version = message.version
            deltas.append(Delta(from: from, message: message))
            deltaBytes += message.bytes.count
            while deltas.count > Topic.deltasMax || deltaBytes > Topic.deltaBytesMax, deltas.count > 1 {
                deltaBytes -= deltas.removeFirst().message.bytes.count
            }
        }
        return true
    }

    /// What somebody at `version` is told next; nil when there is nothing new.
    mutating func message(after known: UInt64?) -> Message? {
        guard known != version else { return nil }
        // A delta says how things are, not how they changed, so one that begins before `known` does no harm.
        if let known, known < version, let first = deltas.first, first.from <= known,
            let next = deltas.first(where: { $0.message.version > known }), next.from <= known
        {
            return next.message
        }
        if snapshot.version != version { snapshot = feed.snapshot() }
        return snapshot
    }
}
