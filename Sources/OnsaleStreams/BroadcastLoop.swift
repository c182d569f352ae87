import Foundation

/// The broadcaster's thread. Nothing here is shared with other threads.
final class BroadcastLoop {
    /// One listener, in some sixty bytes.
    private struct Listener {
        var transport: Transport?
        var topic: UInt32 = 0
        /// Its index among its topic's listeners.
        var position: UInt32 = 0
        /// Counts the slot's uses, to recognize an event meant for an earlier user.
        var generation: UInt32 = 0
        /// Who is present by listening; 0 for nobody.
        var identity: UInt32 = 0
        var client = Broadcaster.uncounted
        var version: UInt64 = .max
        /// A message begun, to be finished before anything else.
        var pending: [UInt8]?
        var pendingOffset: UInt32 = 0
        /// When bytes were last taken, in seconds since the start.
        var lastSent: UInt32 = 0
        var awaitsSpace = false
    }

    private static let nothing = UInt64.max

    private let broadcaster: Broadcaster
    private var listeners: [Listener] = []
    private var freeSlots: [UInt32] = []
    private var topics: [Topic?] = []
    private var topicByName: [String: UInt32] = [:]
    private let start = DispatchTime.now().uptimeNanoseconds
    private var figures: [String: Broadcaster.Figures] = [:]
    private var scratch = [UInt8](repeating: 0, count: 4096)

    init(_ broadcaster: Broadcaster) {
        self.broadcaster = broadcaster
    }

    private var milliseconds: UInt64 { (DispatchTime.now().uptimeNanoseconds - start) / 1_000_000 }
    private var seconds: UInt32 { UInt32(truncatingIfNeeded: milliseconds / 1000) }

    func run() {
        var nextSweep: UInt64 = 1000
        var nextPresence: UInt64 = UInt64(Broadcaster.presenceSeconds) * 1000
        while true {
            let nextPoll = topics.lazy.compactMap { $0?.dueAt }.min() ?? .max
            let due = min(nextSweep, nextPoll)
            let now = milliseconds
            broadcaster.poller.wait(atMost: due > now ? Int(due - now) : 0) { [self] in handle($0) }
            let mail = broadcaster.takeMail()
            for index in topics.indices where topics[index].map({ mail.news.contains($0.source) }) ?? false {
                topics[index]?.hasNews = true
            }
            for opening in mail.openings { admit(opening) }
            if mail.isStopping { return sendAllAway() }
            for index in topics.indices { poll(index) }
            count()
            if milliseconds >= nextPresence {
                nextPresence = milliseconds + UInt64(Broadcaster.presenceSeconds) * 1000
                tellPresence()
            }
            if milliseconds >= nextSweep {
                nextSweep = milliseconds + 1000
                sweep()
                forgetEmptyTopics()
            }
        }
    }

    // MARK: Listeners

    private func admit(_ opening: Broadcaster.Opening) {
        let slot = freeSlots.popLast() ?? UInt32(listeners.count)
        if slot == listeners.count { listeners.append(Listener()) }
        let topic = topic(opening)
        let generation = listeners[Int(slot)].generation &+ 1
        listeners[Int(slot)] = Listener(
            transport: opening.transport, topic: topic, position: UInt32(topics[Int(topic)]?.listeners.count ?? 0),
            generation: generation, identity: opening.listener, client: opening.client,
            version: opening.lastVersion ?? BroadcastLoop.nothing,
            lastSent: seconds)
        topics[Int(topic)]?.listeners.append(slot)
        topics[Int(topic)]?.emptySince = nil
        if case .socket(let descriptor) = opening.transport,
            !broadcaster.poller.watch(descriptor, key: key(slot), isNew: true, awaitsSpace: false)
        {
            return remove(slot)
        }
        if opening.listener != 0 { topics[Int(topic)]?.feed.present([opening.listener]) }
        greet(slot, opening)
    }

    /// Sends the head and the first message. The message stays the shared one, however little of it is taken.
    private func greet(_ slot: UInt32, _ opening: Broadcaster.Opening) {
        guard !opening.transport.isSocket else {
            if opening.head.isEmpty || send(opening.head, to: slot) { deliver(slot) }
            return
        }
        // In one piece: a connection takes one at a time, and a second would wait for the feed's next turn.
        var bytes = opening.head
        let topic = Int(listeners[Int(slot)].topic)
        if let message = topics[topic]?.message(after: opening.lastVersion) {
            listeners[Int(slot)].version = message.version
            bytes += message.bytes
        }
        if bytes.isEmpty || send(bytes, to: slot) { deliver(slot) }
    }

    private func topic(_ opening: Broadcaster.Opening) -> UInt32 {
        if let index = topicByName[opening.topic] { return index }
        // From here on the topic hears of news; its first state has everything before.
        broadcaster.listen(to: opening.source)
        var topic = Topic(name: opening.topic, source: opening.source, feed: opening.makeFeed())
        topic.changesAt = changesAt(topic.feed)
        let index = topics.firstIndex { $0 == nil } ?? topics.count
        if index == topics.count { topics.append(topic) } else { topics[index] = topic }
        topicByName[opening.topic] = UInt32(index)
        return UInt32(index)
    }

    private func remove(_ slot: UInt32) {
        let listener = listeners[Int(slot)]
        guard let transport = listener.transport else { return }
        transport.close()
        broadcaster.release(transport, client: listener.client)
        listeners[Int(slot)] = Listener(generation: listener.generation)
        freeSlots.append(slot)
        let topic = Int(listener.topic)
        guard let last = topics[topic]?.listeners.popLast() else { return }
        if last != slot {
            topics[topic]?.listeners[Int(listener.position)] = last
            listeners[Int(last)].position = listener.position
        }
        if topics[topic]?.listeners.isEmpty ?? false { topics[topic]?.emptySince = seconds }
    }

    private func key(_ slot: UInt32) -> UInt64 {
        UInt64(listeners[Int(slot)].generation) << 32 | UInt64(slot)
    }

    private func handle(_ event: Poller.Event) {
        let slot = UInt32(truncatingIfNeeded: event.key)
        guard slot < listeners.count, key(slot) == event.key,
            case .socket(let descriptor)? = listeners[Int(slot)].transport
        else { return }
        if event.isReadable {
            // A client has nothing to say: one that talks or hangs up is removed.
            let count = read(descriptor, &scratch, scratch.count)
            if count >= 0 || errno != EAGAIN && errno != EINTR { return remove(slot) }
        }
        if event.isGone { return remove(slot) }
        if event.isWritable { deliver(slot) }
    }

    // MARK: Sending

    private func poll(_ index: Int) {
        let before = milliseconds
        guard let topic = topics[index], topic.dueAt <= before else { return }
        topics[index]?.mustAskForSpace = false
        var hasNews = false
        if topic.hasNews || topic.changesAt <= before {
            // Before the feed is asked: what comes from here on is news again.
            broadcaster.listen(to: topic.source)
            hasNews = topics[index]?.poll() ?? false
        }
        // Iterates over a copy, since listeners found gone leave the list meanwhile.
        for slot in topics[index]?.listeners ?? [] where hasNews || isConnectionWithoutSpace(slot) { deliver(slot) }
        var interval = topic.feed.intervalMilliseconds
        // An empty topic only collects deltas for those who return; once a second will do.
        if topics[index]?.listeners.isEmpty ?? true { interval = max(interval, 1000) }
        // The more time a delivery takes, the longer until the next, so that some of the thread's time stays free.
        topics[index]?.notBefore = before + max(UInt64(interval), (milliseconds - before) * 3 / 2)
        topics[index]?.changesAt = changesAt(topic.feed)
    }

    private func changesAt(_ feed: any Feed) -> UInt64 {
        feed.millisecondsToChange.map { milliseconds + UInt64(max(0, $0)) } ?? .max
    }

    /// Connections don't say when they can be written to, so they are asked.
    private func isConnectionWithoutSpace(_ slot: UInt32) -> Bool {
        guard case .connection? = listeners[Int(slot)].transport else { return false }
        return listeners[Int(slot)].awaitsSpace
    }

    /// Sends what the listener lacks, as far as it takes it.
    private func deliver(_ slot: UInt32) {
        guard listeners[Int(slot)].transport != nil, finishPending(slot) else { return }
        let topic = Int(listeners[Int(slot)].topic)
        while true {
            let version = listeners[Int(slot)].version
            guard let message = topics[topic]?.message(after: version == BroadcastLoop.nothing ? nil : version) else {
                return awaitSpace(slot, false)
            }
            // Marked before sending, since a message begun is always finished.
            listeners[Int(slot)].version = message.version
            switch listeners[Int(slot)].transport?.send(message.bytes[...]) {
            case .sent(let count):
                listeners[Int(slot)].lastSent = seconds
                topics[topic]?.sent.messages += 1
                topics[topic]?.sent.bytes += count
                guard count < message.bytes.count else { continue }
                keep(message.bytes, from: count, slot)
                return
            case .blocked:
                listeners[Int(slot)].version = version
                topics[topic]?.sent.skips += 1
                return awaitSpace(slot, true)
            case .gone, nil: return remove(slot)
            }
        }
    }

    /// - Returns: whether nothing is left over.
    private func finishPending(_ slot: UInt32) -> Bool {
        guard let pending = listeners[Int(slot)].pending else { return true }
        listeners[Int(slot)].pending = nil
        return send(pending, from: Int(listeners[Int(slot)].pendingOffset), to: slot)
    }

    /// Sends bytes that must go out whole, keeping what isn't taken.
    /// - Returns: whether everything was taken.
    private func send(_ bytes: [UInt8], from offset: Int = 0, to slot: UInt32) -> Bool {
        switch listeners[Int(slot)].transport?.send(bytes[offset...]) {
        case .sent(let count):
            listeners[Int(slot)].lastSent = seconds
            topics[Int(listeners[Int(slot)].topic)]?.sent.bytes += count
            if offset + count == bytes.count { return true }
            keep(bytes, from: offset + count, slot)
        case .blocked: keep(bytes, from: offset, slot)
        case .gone, nil: remove(slot)
        }
        return false
    }

    private func keep(_ bytes: [UInt8], from offset: Int, _ slot: UInt32) {
        listeners[Int(slot)].pending = bytes
        listeners[Int(slot)].pendingOffset = UInt32(offset)
        awaitSpace(slot, true)
    }

    private func awaitSpace(_ slot: UInt32, _ awaitsSpace: Bool) {
        if awaitsSpace, !(listeners[Int(slot)].transport?.isSocket ?? true) {
            topics[Int(listeners[Int(slot)].topic)]?.mustAskForSpace = true
        }
        guard listeners[Int(slot)].awaitsSpace != awaitsSpace else { return }
        listeners[Int(slot)].awaitsSpace = awaitsSpace
        if case .socket(let descriptor)? = listeners[Int(slot)].transport {
            _ = broadcaster.poller.watch(descriptor, key: key(slot), isNew: false, awaitsSpace: awaitsSpace)
        }
    }

    // MARK: Now and then

    /// Adds up what has been sent, and tells it where others can read it.
    private func count() {
        for kind in figures.keys { figures[kind]?.listeners = 0 }
        for index in topics.indices {
            guard let topic = topics[index] else { continue }
            figures[topic.kind, default: Broadcaster.Figures()].listeners += topic.listeners.count
            figures[topic.kind]?.messages += topic.sent.messages
            figures[topic.kind]?.bytes += topic.sent.bytes
            figures[topic.kind]?.skips += topic.sent.skips
            topics[index]?.sent = Broadcaster.Figures()
        }
        broadcaster.tell(figures)
    }

    private static let heartbeat = Array(": \n\n".utf8)

    private func sweep() {
        let now = seconds
        for slot in listeners.indices where listeners[slot].transport != nil {
            let silence = now &- listeners[slot].lastSent
            if silence >= Broadcaster.patienceSeconds || listeners[slot].transport?.isKnownToBeGone ?? true {
                remove(UInt32(slot))
            } else if silence >= Broadcaster.heartbeatSeconds, listeners[slot].pending == nil {
                _ = send(BroadcastLoop.heartbeat, to: UInt32(slot))
            }
        }
    }

    private func forgetEmptyTopics() {
        for index in topics.indices {
            guard let topic = topics[index], let emptySince = topic.emptySince,
                seconds &- emptySince >= Topic.keptSeconds
            else { continue }
            topicByName[topic.name] = nil
            topics[index] = nil
            if !topics.contains(where: { $0?.source == topic.source }) { broadcaster.ignore(topic.source) }
        }
    }

    private func tellPresence() {
        for topic in topics {
            guard let topic else { continue }
            let present = topic.listeners.compactMap { slot -> UInt32? in
                let identity = listeners[Int(slot)].identity
                return identity == 0 ? nil : identity
            }
            if !present.isEmpty { topic.feed.present(present) }
        }
    }

    /// The spread of the clients' return after a stop, in milliseconds.
    private static let returnMilliseconds = 1000...10_000

    private func sendAllAway() {
        for slot in listeners.indices where listeners[slot].transport != nil {
            // A hint in the middle of a half-sent message would garble it.
            if listeners[slot].pending == nil {
                let hint = "retry: \(Int.random(in: BroadcastLoop.returnMilliseconds))\n\n"
                _ = send(Array(hint.utf8), to: UInt32(slot))
            }
            remove(UInt32(slot))
        }
    }
}
