import Foundation
import Synchronization

/// Sends server-sent events to many: one thread, one encoded message for all who listen, a small record each.
///
/// A reader that is slow is skipped forward: what it has not taken is never queued, and once it can be written to it gets the
/// deltas that are still kept, or else the newest state. So a listener costs its record whatever it does. Gone clients
/// are noticed by the system, which is told not to wait long for what they do not confirm; whoever takes
/// nothing for a minute is sent away.
public final class Broadcaster: Sendable {
    /// A listener could not be taken: there are as many as there may be, or the end is near.
    public struct Full: Error {}

    static let heartbeatSeconds: UInt32 = 15
    /// How long a reader may take nothing at all.
    static let patienceSeconds: UInt32 = 60
    static let presenceSeconds: UInt32 = 10

    struct Opening: Sendable {
        let transport: Transport
        let head: [UInt8]
        let topic: String
        let source: String
        let makeFeed: @Sendable () -> any Feed
        let lastVersion: UInt64?
        let listener: UInt32
        let client: UInt64
    }

    private struct Mail {
        var openings: [Opening] = []
        /// Sources that are listened to, and whether news of them have come that nobody was asked for.
        var sources: [String: Bool] = [:]
        /// Those of them of which the loop must still be told.
        var news: Set<String> = []
        var isStopping = false
    }

    /// A listener for whom nobody keeps count.
    public static let uncounted = UInt64.max

    private let listenersMax: Int
    private let ended: @Sendable (_ client: UInt64) -> Void
    private let mail = Mutex(Mail())
    private let open = Atomic<Int>(0)
    private let taken = Atomic<Int>(0)
    private let stopped = DispatchSemaphore(value: 0)
    let poller = Poller()

    /// - Parameters:
    ///   - listenersMax: more are refused.
    ///   - ended: told of every counted listener that has gone.
    public init(listenersMax: Int, ended: @escaping @Sendable (_ client: UInt64) -> Void = { _ in }) {
        self.listenersMax = listenersMax
        self.ended = ended
        let thread = Thread { [self] in
            BroadcastLoop(self).run()
            stopped.signal()
        }
        thread.name = "onsale.streams"
        thread.start()
    }

    /// Listeners there are now.
    public var listeners: Int { open.load(ordering: .relaxed) }

    /// Those of them whose sockets were taken over.
    public var sockets: Int { taken.load(ordering: .relaxed) }

    /// Takes a connected, non-blocking socket over, with everything that is still to be said on it.
    /// - Parameters:
    ///   - head: sent first, as it is.
    ///   - topic: names the feed; `makeFeed` is called when nobody listens to it yet.
    ///   - source: whose news the feed tells, as ``hasNews(of:)`` names it.
    ///   - lastVersion: what the listener has already; nil for nothing.
    ///   - listener: who is present while listening; 0 for nobody.
    ///   - client: what `ended` is told when it is over.
    public func take(
        socket: Int32, head: [UInt8], topic: String, source: String, lastVersion: UInt64?, listener: UInt32,
        client: UInt64 = uncounted,
        makeFeed: @escaping @Sendable () -> any Feed
    ) throws(Full) {
        try put(
            Opening(
                transport: .socket(socket), head: head, topic: topic, source: source, makeFeed: makeFeed,
                lastVersion: lastVersion,
                listener: listener, client: client))
    }

    /// The other way: a connection on which somebody else writes.
    public func take(
        connection: any StreamConnection, head: [UInt8], topic: String, source: String, lastVersion: UInt64?,
        listener: UInt32,
        client: UInt64 = uncounted,
        makeFeed: @escaping @Sendable () -> any Feed
    ) throws(Full) {
        try put(
            Opening(
                transport: .connection(connection), head: head, topic: topic, source: source, makeFeed: makeFeed,
                lastVersion: lastVersion, listener: listener, client: client))
    }

    /// Has the feeds of a source asked what is new, each as soon as it may. Cheap however often it is called: the thread is
    /// woken once for all that comes before they are asked.
    public func hasNews(of source: String) {
        let mustWake = mail.withLock { mail in
            guard mail.sources[source] == false else { return false }
            mail.sources[source] = true
            mail.news.insert(source)
            return true
        }
        if mustWake { poller.wake() }
    }

    private func put(_ opening: Opening) throws(Full) {
        let isTaken = mail.withLock { mail in
            guard !mail.isStopping, open.load(ordering: .relaxed) < listenersMax else { return false }
            open.add(1, ordering: .relaxed)
            if opening.transport.isSocket { taken.add(1, ordering: .relaxed) }
            mail.openings.append(opening)
            return true
        }
        guard isTaken else { throw Full() }
        poller.wake()
    }

    /// Sends everyone away with a hint when to come back, spread over some seconds.
    public func stop() async {
        mail.withLock { $0.isStopping = true }
        poller.wake()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async { [self] in
                stopped.wait()
                // Whoever stops twice does not wait for ever.
                stopped.signal()
                continuation.resume()
            }
        }
    }

    // MARK: For the loop

    func takeMail() -> (openings: [Opening], news: Set<String>, isStopping: Bool) {
        mail.withLock { mail in
            defer {
                mail.openings.removeAll()
                mail.news.removeAll()
            }
            return (mail.openings, mail.news, mail.isStopping)
        }
    }

    /// What comes of a source from here on is news.
    func listen(to source: String) {
        mail.withLock { $0.sources[source] = false }
    }

    /// Nobody wants to know of it any more.
    func ignore(_ source: String) {
        mail.withLock { $0.sources[source] = nil }
    }

    func release(_ transport: Transport, client: UInt64) {
        if client != Broadcaster.uncounted { ended(client) }
        open.subtract(1, ordering: .relaxed)
        if transport.isSocket { taken.subtract(1, ordering: .relaxed) }
    }
}
