package import OnsaleEngine
import OnsaleValues
import Synchronization

/// Keeps each event's ``Timeline``: live from what the writer commits, and from the journal, once someone asks, for what
/// was before this process or before the event was loaded.
///
/// A timeline is only a cache of the journal: where memory runs short, the one that was longest neither changed nor asked
/// for is forgotten, and read again when it is needed. Reading replays all of the event's facts, one event
/// at a time.
package final class TimelineFollower: Sendable {
    private struct Track {
        var timeline = Timeline()
        /// The last fact before the timeline's first sample. What came up to it is in the journal alone; 0 if nothing did.
        var begin: UInt64
        /// The last fact followed.
        var last: UInt64
        /// Its rank by when it was last changed or asked for.
        var used: UInt64

        var isWhole: Bool { begin == 0 }
    }

    private struct State {
        var tracks: [String: Track] = [:]
        /// Of all tracks together.
        var samples = 0
        var lastUse: UInt64 = 0

        mutating func nextUse() -> UInt64 {
            lastUse += 1
            return lastUse
        }
    }

    /// A million samples take some 50 MB. One event has at most 49,000.
    package static let samplesMax = 1 << 20

    private let journal: any EventStore
    private let samplesMax: Int
    private let state = Mutex(State())
    private let readings = ReadingQueue(label: "onsale.timelines")

    /// - Parameter samplesMax: how many samples to keep of all events together.
    package init(journal: any EventStore, samplesMax: Int = TimelineFollower.samplesMax) {
        self.journal = journal
        self.samplesMax = samplesMax
    }

    /// How many samples it keeps now.
    package var samples: Int { state.withLock { $0.samples } }

    /// The event's timeline, from its first fact on. May take as long as replaying the event.
    /// - Throws: ``EngineError``, ``JournalError`` or ``JournalDamage``.
    package func timeline(of event: String) async throws -> Timeline {
        if let timeline = whole(event) { return timeline }
        // Whoever asks for the same event meanwhile waits behind this and then finds it whole.
        return try await readings.run { [self] in
            // Twice, since the event may be put away and loaded again in between.
            for _ in 0..<2 {
                if let timeline = whole(event) { return timeline }
                let begin = state.withLock { $0.tracks[event]?.begin }
                let last = try begin ?? journal.head(of: event)?.lastSequence ?? 0
                let past = try replay(event, through: last)
                // An event that isn't followed has no live samples, so the journal has everything.
                guard begin != nil else { return past }
                if let timeline = join(past, to: event, at: last) { return timeline }
            }
            throw EngineError.unavailable
        }
    }

    /// Ends a replay in progress. The journal may be closed once this returns.
    package func stop() async {
        await readings.stop()
    }

    private func replay(_ event: String, through last: UInt64) throws -> Timeline {
        var past = Timeline()
        guard last > 0 else { return past }
        try Recovery.replay(event, from: journal, through: last) { partition, time in
            try readings.checkIsOpen()
            past.note(Sample(partition), at: time)
        }
        return past
    }

    private func whole(_ event: String) -> Timeline? {
        state.withLock { state in
            guard let track = state.tracks[event], track.isWhole else { return nil }
            let use = state.nextUse()
            state.tracks[event]?.used = use
            return track.timeline
        }
    }

    /// Puts the past in front of the live samples, if those still begin where it ends.
    private func join(_ past: Timeline, to event: String, at begin: UInt64) -> Timeline? {
        state.withLock { state in
            guard var track = state.tracks[event], track.begin == begin else { return nil }
            let samples = track.timeline.count
            track.timeline = past.followed(by: track.timeline)
            track.begin = 0
            track.used = state.nextUse()
            state.tracks[event] = track
            state.samples += track.timeline.count - samples
            shed(&state)
            return track.timeline
        }
    }

    /// Forgets the samples of the event that was longest of no use, until there is room.
    private func shed(_ state: inout State) {
        while state.samples > samplesMax {
            let oldest = state.tracks.filter { $0.value.timeline.count > 0 }.min { $0.value.used < $1.value.used }
            guard let oldest else { return }
            state.samples -= oldest.value.timeline.count
            state.tracks[oldest.key]?.timeline = Timeline()
            state.tracks[oldest.key]?.begin = oldest.value.last
        }
    }
}

extension TimelineFollower: Follower {
    package func follow(_ committed: Committed, in partition: borrowing Partition) {
        let row = committed.row
        let sample = Sample(committed.view)
        state.withLock { state in
            let used = state.nextUse()
            var track =
                state.tracks.removeValue(forKey: row.partition)
                // A new event, which nobody has loaded.
                ?? Track(begin: row.sequence - 1, last: row.sequence - 1, used: used)
            let samples = track.timeline.count
            track.timeline.note(sample, at: row.time)
            track.last = row.lastSequence
            track.used = used
            state.samples += track.timeline.count - samples
            state.tracks[row.partition] = track
            shed(&state)
        }
    }

    package func resume(_ partition: borrowing Partition, at head: JournalHead) {
        state.withLock { state in
            // It was put away and came back, and nothing has happened to it.
            if state.tracks[head.partition]?.last == head.lastSequence { return }
            forget(head.partition, &state)
            state.tracks[head.partition] = Track(
                begin: head.lastSequence, last: head.lastSequence, used: state.nextUse())
        }
    }

    package func leave(_ event: String) {
        state.withLock { forget(event, &$0) }
    }

    private func forget(_ event: String, _ state: inout State) {
        state.samples -= state.tracks.removeValue(forKey: event)?.timeline.count ?? 0
    }
}
