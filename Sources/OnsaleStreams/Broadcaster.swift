import Foundation
import Synchronization

/// Sends server-sent events to many listeners: one thread, one encoded message for all, a small record each.
///
/// A slow reader skips forward: nothing is queued for it, and once it can be written to, it gets the deltas that are
/// still kept, or else the newest state. So a listener costs no more than its record, whatever it does. The kernel
/// notices vanished clients, with a short limit on unacknowledged bytes; a reader that takes nothing for a minute is
/// disconnected.
package final class Broadcaster: Sendable {
    /// A listener was refused: the limit is reached, or the broadcaster is stopping.
    package struct Refused: Error {}

    static let heartbeatSeconds: UInt32 = 15
    /// How long a reader may take nothing at all, in seconds.
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
        /// The sources someone listens to, and whether each has news that its feeds haven't been polled for.
        var sources: [String: Bool] = [:]
        /// The sources with news the loop hasn't been told of yet.
        var news: Set<String> = []
        var isStopping = false
    }

    /// A listener that is not counted against any client.
    package static let uncounted = UInt64.max

    /// What has been sent, by the part of the topics' names before the slash.
    package struct Figures: Sendable, Equatable {
        package var listeners = 0
        package var messages = 0
        package var bytes = 0
        /// Times that a listener could not take a message, and had to skip forward.
        package var skips = 0

        package init() {}
    }

    private let listenersMax: Int
    private let ended: @Sendable (_ client: UInt64) -> Void
    private let mail = Mutex(Mail())
    private let open = Atomic<Int>(0)
    private let taken = Atomic<Int>(0)
    private let refusedCount = Atomic<Int>(0)
    private let told = Mutex<[String: Figures]>([:])
    private let stopped = DispatchSemaphore(value: 0)
    let poller = Poller()

    /// - Parameters:
    ///   - listenersMax: further listeners are refused.
    ///   - ended: called for every counted listener that has gone.
    package init(listenersMax: Int, ended: @escaping @Sendable (_ client: UInt64) -> Void = { _ in }) {
        self.listenersMax = listenersMax
        self.ended = ended
        let thread = Thread { [self] in
            BroadcastLoop(self).run()
            stopped.signal()
        }
        thread.name = "onsale.streams"
        thread.start()
    }

    /// The current number of listeners.
    package var listeners: Int { open.load(ordering: .relaxed) }

    /// How many listeners have been refused.
    package var refused: Int { refusedCount.load(ordering: .relaxed) }

    /// What has been sent so far, by kind of topic.
    package var figures: [String: Figures] { told.withLock { $0 } }

    func tell(_ figures: [String: Figures]) { told.withLock { $0 = figures } }

    /// How many of them use a socket taken over.
    package var sockets: Int { taken.load(ordering: .relaxed) }

    /// Takes over a connected, non-blocking socket and everything still to be sent on it.
    /// - Parameters:
    ///   - head: sent first, as it is.
    ///   - topic: names the feed; `makeFeed` is called if nobody listens to it yet.
    ///   - source: whose news the feed reports, as in ``hasNews(of:)``.
    ///   - lastVersion: the version the listener already has; nil for none.
    ///   - listener: who is present while listening; 0 for nobody.
    ///   - client: passed to `ended` when the stream is over.
    package func take(
        socket: Int32, head: [UInt8], topic: String, source: String, lastVersion: UInt64?, listener: UInt32,
        client: UInt64 = uncounted,
        makeFeed: @escaping @Sendable () -> any Feed
    ) throws(Refused) {
        try put(
            Opening(
                transport: .socket(socket), head: head, topic: topic, source: source, makeFeed: makeFeed,
                lastVersion: lastVersion,
                listener: listener, client: client))
    }

    /// Takes a connection that someone else writes to, with the same parameters.
    package func take(
        connection: any StreamConnection, head: [UInt8], topic: String, source: String, lastVersion: UInt64?,
        listener: UInt32,
        client: UInt64 = uncounted,
        makeFeed: @escaping @Sendable () -> any Feed
    ) throws(Refused) {
        try put(
            Opening(
                transport: .connection(connection), head: head, topic: topic, source: source, makeFeed: makeFeed,
                lastVersion: lastVersion, listener: listener, client: client))
    }

    /// Has a source's feeds polled, each as soon as its interval allows. Cheap however often it is called: the thread
    /// wakes once for all news that come before the poll.
    package func hasNews(of source: String) {
        let mustWake = mail.withLock { mail in
            guard mail.sources[source] == false else { return false }
            mail.sources[source] = true
            mail.news.insert(source)
            return true
        }
        if mustWake { poller.wake() }
    }

    private func put(_ opening: Opening) throws(Refused) {
        let isTaken = mail.withLock { mail in
            guard !mail.isStopping, open.load(ordering: .relaxed) < listenersMax else { return false }
            open.add(1, ordering: .relaxed)
            if opening.transport.isSocket { taken.add(1, ordering: .relaxed) }
            mail.openings.append(opening)
            return true
        }
        guard isTaken else {
            refusedCount.add(1, ordering: .relaxed)
            throw Refused()
        }
        poller.wake()
    }

    /// Disconnects everyone, with a hint to come back at a moment spread over some seconds.
    package func stop() async {
        mail.withLock { $0.isStopping = true }
        poller.wake()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async { [self] in
                stopped.wait()
                // A second call to `stop` must not wait for ever.
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

    /// From here on, anything from this source is news.
    func listen(to source: String) {
        mail.withLock { $0.sources[source] = false }
    }

    /// Nobody listens to this source any more.
    func ignore(_ source: String) {
        mail.withLock { $0.sources[source] = nil }
    }

    func release(_ transport: Transport, client: UInt64) {
        if client != Broadcaster.uncounted { ended(client) }
        open.subtract(1, ordering: .relaxed)
        if transport.isSocket { taken.subtract(1, ordering: .relaxed) }
    }
}
