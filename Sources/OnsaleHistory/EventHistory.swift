package import OnsaleEngine
package import OnsaleSale
package import OnsaleValues
package import OnsaleWaitingRoom

/// What has been: how an event stood over time, and what became of one order, hold or buyer. All of it follows from the
/// journal.
package struct EventHistory: Sendable {
    private let journal: any EventStore
    private let timelines: TimelineFollower
    private let stories = ReadingQueue(label: "onsale.stories")

    /// - Parameter timelines: a follower of the engine that writes `journal`.
    package init(journal: any EventStore, timelines: TimelineFollower) {
        self.journal = journal
        self.timelines = timelines
    }

    /// A point for each step; see ``Timeline/points(from:to:step:now:)``. The first time after a start it waits until the
    /// event's facts have been replayed.
    /// - Throws: ``EngineError``, ``JournalError`` or ``JournalDamage``.
    package func timeline(
        of event: EventHandle, from: Timestamp, to: Timestamp, step: Timeline.Step, now: Timestamp
    ) async throws -> [Timeline.Point] {
        try await timelines.timeline(of: event.id).points(from: from, to: to, step: step, now: now)
    }

    /// The story of an order. Stories are read one at a time; see ``EventHistory/story(of:in:draw:now:journal:isWanted:)``
    /// for what that costs.
    /// - Throws: ``EngineError`` or ``JournalError``.
    package func story(of order: Order, in event: EventHandle, now: Timestamp) async throws -> [StoryStep] {
        let view = event.view
        let subject = StorySubject(order, under: view.terms[order.hold], in: view.definition)
        return try await stories.run { [journal, stories] in
            try EventHistory.story(
                of: subject, in: view.definition, draw: DrawnNumbers(view.line), now: now, journal: journal,
                isWanted: { try stories.checkIsOpen() })
        }
    }

    /// Ends what is being read. The journal may be closed once this returns.
    package func stop() async {
        await stories.stop()
        await timelines.stop()
    }

    /// Reads a story. It blocks: for an order or a hold while it decodes all facts from shortly before it to the journal's
    /// end, for a buyer while it decodes all there are. Nothing is replayed, and memory holds the story alone.
    /// - Parameters:
    ///   - draw: the event's, once it was held.
    ///   - isWanted: called for each row; throws to end the reading.
    package static func story(
        of subject: StorySubject, in definition: EventDefinition, draw: DrawnNumbers?, now: Timestamp,
        journal: any EventStore, isWanted: () throws -> Void = {}
    ) throws -> [StoryStep] {
        func read(from sequence: UInt64) throws -> Storyteller {
            var teller = Storyteller(subject, in: definition, draw: draw)
            try JournalSearch.read(definition.id, from: sequence, in: journal) { facts, time in
                try isWanted()
                for fact in facts { teller.take(fact, at: time) }
            }
            return teller
        }
        guard let since = subject.since else { return try read(from: 1).story(now: now) }
        let first = try JournalSearch.firstFact(notBefore: since, of: definition.id, in: journal)
        let teller = try read(from: first)
        // An event that was sold by other rules, of another version, may have a hold that is older than it could be.
        guard !teller.hasBeginning, first > 1 else { return teller.story(now: now) }
        return try read(from: 1).story(now: now)
    }
}

extension DrawnNumbers {
    /// Nil before the draw.
    package init?(_ line: LineView) {
        guard let seed = line.drawSeed, let lobbySize = line.lobbySize else { return nil }
        self.init(seed: seed, lobbySize: lobbySize)
    }

    /// Nil before the draw.
    package init?(_ line: borrowing Line) {
        guard let draw = line.draw else { return nil }
        self.init(seed: draw.seed, lobbySize: draw.lobbySize)
    }
}
