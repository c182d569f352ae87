public import Logging

/// What a service does with the events of its topics.
public protocol EventHandler: Sendable {
    /// Handles events in their order, in one commit with their identities, so that those it has handled before are
    /// passed over. After an error nothing has been done.
    /// - Throws: ``Unacceptable`` for an event that no further attempt will help, anything else to be asked again.
    func handle(_ events: [CloudEvent]) async throws

    /// Whether events can be handled at all, asked after one couldn't.
    /// - Throws: what keeps all of them from it; then none is given up.
    func check() async throws
}

/// Why an event can't be handled, now or later.
public struct Unacceptable: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Brings a group's messages to its handler: each until it is handled or given up, and those of a key in order.
///
/// What was handled is committed afterward, so after a crash it comes again. What the handler refuses for good, or again
/// and again, goes to the dead letters; only when it lies there is it passed.
public struct Consumer: Sendable {
    /// The most messages handled in one commit.
    static let batchMax = 256
    /// The most unfinished messages of a lane.
    static let windowMax = 4 * batchMax
    /// The longest wait for the bus, so that what waits for its moment gets it.
    static let waitMilliseconds: Int64 = 500
    /// The longest pause before a bus that failed is asked again.
    static let pauseMillisecondsMax: Int64 = 10_000

    private let bus: any EventBus
    private let group: String
    private let topics: [Topic]
    private let handler: any EventHandler
    private let patience: DeliveryWindow.Patience
    private let logger: Logger
    /// Milliseconds of a monotonic clock.
    private let now: @Sendable () -> Int64
    private let onFailure: @Sendable (String?) -> Void
    private let rest: @Sendable () async -> Void

    /// - Parameters:
    ///   - onFailure: told why the bus fails, and nil once it works.
    ///   - rest: called after each round, once what it has handled is committed; less long than members may say nothing.
    public init(
        _ group: String, of topics: [Topic], on bus: any EventBus, handler: any EventHandler,
        patience: DeliveryWindow.Patience = .standard, logger: Logger,
        now: @escaping @Sendable () -> Int64 = Consumer.monotonicMilliseconds,
        onFailure: @escaping @Sendable (String?) -> Void = { _ in },
        rest: @escaping @Sendable () async -> Void = {}
    ) {
        self.bus = bus
        self.group = group
        self.topics = topics
        self.handler = handler
        self.patience = patience
        self.logger = logger
        self.now = now
        self.onFailure = onFailure
        self.rest = rest
    }

    /// The system's monotonic clock.
    public static let monotonicMilliseconds: @Sendable () -> Int64 = {
        let (seconds, attoseconds) = epoch.duration(to: ContinuousClock.now).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    private static let epoch = ContinuousClock.now

    /// Works until the task is cancelled. A bus that fails is joined again.
    public func run() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                let membership = try await bus.join(group, topics: topics)
                do {
                    try await work(membership) {
                        failures = 0
                        onFailure(nil)
                    }
                } catch {
                    await membership.leave()
                    throw error
                }
            } catch {
                if Task.isCancelled { return }
                failures += 1
                onFailure("\(error)")
                let pause = min(Consumer.pauseMillisecondsMax, patience.pause(after: failures))
                logger.warning(
                    "The bus failed; what isn't committed will be read again",
                    metadata: ["group": "\(group)", "error": "\(error)", "pauseMilliseconds": "\(pause)"])
                try? await Task.sleep(for: .milliseconds(pause))
            }
        }
    }

    /// A member's lanes, each with what it has of them.
    private struct Desk {
        var windows: [Lane: DeliveryWindow] = [:]
        var messages: [Lane: [Int64: BusMessage]] = [:]
    }

    private struct Item {
        let lane: Lane
        let offset: Int64
        let message: BusMessage
    }

    private func work(_ membership: any BusMembership, onProgress: () -> Void) async throws {
        var desk = Desk()
        while true {
            try Task.checkCancellation()
            let crowded = desk.windows.filter { $0.value.count + Consumer.batchMax > Consumer.windowMax }
            let moment = desk.windows.values.compactMap { $0.nextMoment() }.min()
            let wait = min(Consumer.waitMilliseconds, max(moment ?? .max, now()) - now())
            let update = try await membership.next(
                limit: Consumer.batchMax, except: Set(crowded.keys), wait: .milliseconds(wait))
            take(update, to: &desk)
            try await handle(takeDue(&desk), &desk)
            var reached: [Lane: Int64] = [:]
            for lane in desk.windows.keys {
                if let offset = desk.windows[lane]?.takeProgress() { reached[lane] = offset }
            }
            if !reached.isEmpty { try await membership.commit(reached) }
            onProgress()
            await rest()
        }
    }

    private func take(_ update: BusUpdate, to desk: inout Desk) {
        for lane in update.lost {
            desk.windows[lane] = nil
            desk.messages[lane] = nil
        }
        for delivery in update.deliveries {
            let lane = delivery.lane
            var window = desk.windows[lane] ?? DeliveryWindow(capacity: Consumer.windowMax, patience: patience)
            // One that comes again is here already.
            if window.add(offset: delivery.offset, key: delivery.message.key) {
                desk.messages[lane, default: [:]][delivery.offset] = delivery.message
            }
            desk.windows[lane] = window
        }
    }

    private func takeDue(_ desk: inout Desk) -> [Item] {
        var items: [Item] = []
        let moment = now()
        for lane in desk.windows.keys.sorted() where items.count < Consumer.batchMax {
            let due = desk.windows[lane]?.take(limit: Consumer.batchMax - items.count, at: moment) ?? []
            for offset in due {
                guard let message = desk.messages[lane]?[offset] else { continue }
                items.append(Item(lane: lane, offset: offset, message: message))
            }
        }
        return items
    }

    /// Handles messages together; if that fails, one by one, so that one alone bears its failure.
    private func handle(_ items: [Item], _ desk: inout Desk) async throws {
        if items.count > 1, let events = try? items.map({ try CloudEvent($0.message) }) {
            do {
                try await handler.handle(events)
                for item in items { finish(item, &desk) }
                return
            } catch {
                try Task.checkCancellation()
                try await handler.check()
            }
        }
        var waiting: Set<String> = []
        for item in items {
            if waiting.contains(item.message.key) {
                desk.windows[item.lane]?.putBack(item.offset)
            } else if try await !handle(item, &desk) {
                waiting.insert(item.message.key)
            }
        }
    }

    /// - Returns: whether the message is done with, one way or the other.
    private func handle(_ item: Item, _ desk: inout Desk) async throws -> Bool {
        let reason: String
        do {
            try await handler.handle([try CloudEvent(item.message)])
            finish(item, &desk)
            return true
        } catch let error as UnreadableMessage {
            reason = "The message \(error)"
        } catch let error as Unacceptable {
            reason = error.description
        } catch {
            try Task.checkCancellation()
            // Tables that are away are no message's fault.
            try await handler.check()
            switch desk.windows[item.lane]?.fail(item.offset, at: now()) ?? .giveUp {
            case .again(let moment):
                logger.warning(
                    "A message couldn't be handled and will be tried again; its key waits",
                    metadata: [
                        "group": "\(group)", "lane": "\(item.lane)", "offset": "\(item.offset)",
                        "key": "\(item.message.key)", "error": "\(error)",
                        "pauseMilliseconds": "\(max(0, moment - now()))",
                    ])
                return false
            case .giveUp: reason = "It failed again and again, at last with: \(error)"
            }
        }
        try await bus.bury([
            DeadLetter(topic: item.lane.topic, message: item.message, group: group, reason: reason)
        ])
        logger.error(
            "A message was given up and lies with the dead letters; see onsale bus dead",
            metadata: [
                "group": "\(group)", "lane": "\(item.lane)", "offset": "\(item.offset)",
                "key": "\(item.message.key)", "reason": "\(reason)",
            ])
        finish(item, &desk)
        return true
    }

    private func finish(_ item: Item, _ desk: inout Desk) {
        desk.windows[item.lane]?.finish(item.offset)
        desk.messages[item.lane]?[item.offset] = nil
    }
}
