package import Logging
import Synchronization

/// Listens to channels on a connection and a thread of its own, and says so whenever something may have been missed.
///
/// Redis keeps nothing for those who are away. Whoever needs the whole therefore reads the state when a channel is
/// ``Event/subscribed(_:)`` or ``Event/resubscribed(_:)``, and applies messages from there. Nothing is queued here: if
/// `receive` is slow, Redis holds the messages up to its `client-output-buffer-limit pubsub`, then cuts the connection,
/// and the channels are resubscribed. Must be stopped, or the thread lives on.
package final class RedisSubscription: Sendable {
    package enum Event: Sendable, Equatable {
        /// From here on, every message on that channel or pattern comes, until ``away``.
        case subscribed(String)
        /// The same again; whatever was published since ``away``, or shortly before it, is lost.
        case resubscribed(String)
        case message(channel: String, payload: [UInt8])
        /// The connection is lost.
        case away
    }

    /// What a subscription has received since its start.
    package struct Figures: Sendable, Equatable {
        package var messages = 0
        package var bytes = 0
        /// Connections made after the first, each a gap.
        package var gaps = 0
        /// Channels and patterns that are listened to.
        package var channels = 0
    }

    private let limits: RedisLimits
    private let wanted: WantedChannels
    private let worker = Worker()
    private let watch: SentinelWatch?

    /// Starts to connect and to listen.
    /// - Parameters:
    ///   - name: how Redis lists the connection.
    ///   - channels: listened to from the start, with the patterns at most ``RedisLimits/channelsMax``; see
    ///     ``listen(to:)``.
    ///   - patterns: likewise, as `PSUBSCRIBE` has them. A message that matches twice comes twice.
    ///   - receive: called in order, on the subscription's thread; it must be quick and must not block.
    package init(
        _ address: RedisAddress, name: String, channels: [String] = [], patterns: [String] = [],
        limits: RedisLimits = RedisLimits(), logger: Logger, receive: @escaping @Sendable (Event) -> Void
    ) {
        precondition(channels.count + patterns.count <= limits.channelsMax, "too many channels")
        self.limits = limits
        let wanted = WantedChannels(channels: channels, patterns: patterns)
        self.wanted = wanted
        let worker = worker
        watch = SentinelWatch(address, limits: limits) { endpoint in
            if wanted.master(is: endpoint) { worker.alarm.ring() }
        }
        worker.start("onsale.listen") {
            var loop = SubscriptionLoop(
                address, name: name, limits: limits, wanted: wanted, worker: worker, logger: logger, receive: receive)
            loop.run()
        }
    }

    package var state: RedisState { wanted.state }

    package var figures: Figures { wanted.figures }

    /// Listens to one more channel; ``Event/subscribed(_:)`` tells since when.
    /// - Returns: false if there are too many.
    @discardableResult
    package func listen(to channel: String) -> Bool {
        guard channel.utf8.count <= limits.keyBytesMax, wanted.add(channel, atMost: limits.channelsMax) else {
            return false
        }
        worker.alarm.ring()
        return true
    }

    /// Listens to a channel no longer; a message or two may still come.
    package func ignore(_ channel: String) {
        wanted.remove(channel)
        worker.alarm.ring()
    }

    /// Ends the thread; nothing is received after it.
    package func stop() async {
        await watch?.stop()
        await worker.stop()
    }
}
