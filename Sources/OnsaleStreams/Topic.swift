/// A feed with its listeners and its latest deltas.
struct Topic {
    /// Deltas kept for listeners who return with `Last-Event-ID`.
    static let deltasMax = 256
    static let deltaBytesMax = 1 << 20

    struct Delta {
        let from: UInt64
        let message: Message
    }

    let name: String
    /// The part of the name before the slash.
    let kind: String
    /// Whose news the feed reports.
    let source: String
    let feed: any Feed
    private(set) var version: UInt64
    private var snapshot: Message
    private var deltas: [Delta] = []
    private var deltaBytes = 0
    /// What has been sent since the loop last counted.
    var sent = Broadcaster.Figures()
    /// Indices into the loop's listeners.
    var listeners: [UInt32] = []
    /// The source has news that the feed hasn't been polled for.
    var hasNews = false
    /// A full connection doesn't say when it has space again, so it must be asked.
    var mustAskForSpace = false
    /// The earliest next poll, in milliseconds since the loop's start.
    var notBefore: UInt64 = 0
    /// When time alone changes the feed.
    var changesAt: UInt64 = .max
    /// When the last listener left, in seconds; nil while there is one.
    var emptySince: UInt32?
    /// How long an empty topic is kept, so that a returning listener finds the deltas.
    static let keptSeconds: UInt32 = 60

    init(name: String, source: String, feed: any Feed) {
        self.name = name
        kind = String(name.prefix { $0 != "/" })
        self.source = source
        self.feed = feed
        snapshot = feed.snapshot()
        version = snapshot.version
    }

    /// When the feed must be polled next.
    var dueAt: UInt64 { hasNews || mustAskForSpace ? notBefore : max(notBefore, changesAt) }

    /// Polls the feed; returns whether it had something new.
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

    /// What a listener at version `known` gets next; nil if nothing is new.
    mutating func message(after known: UInt64?) -> Message? {
        guard known != version else { return nil }
        // A delta states how things are, not how they changed, so one that begins before `known` does no harm.
        if let known, known < version, let first = deltas.first, first.from <= known,
            let next = deltas.first(where: { $0.message.version > known }), next.from <= known
        {
            return next.message
        }
        if snapshot.version != version { snapshot = feed.snapshot() }
        return snapshot
    }
}
