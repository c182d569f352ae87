package import OnsaleBus

/// Hears all that is said on some topics.
package actor Listener {
    private let bus: any EventBus
    private let topics: [Topic]
    private var membership: (any BusMembership)?
    /// In the order of arrival.
    package private(set) var events: [CloudEvent] = []

    package init(_ topics: [Topic], on bus: any EventBus) {
        self.bus = bus
        self.topics = topics
    }

    /// Listens until there are so many of a type, or for half a minute.
    /// - Returns: all of that type.
    package func wait(for count: Int, of type: EventType) async throws -> [CloudEvent] {
        let member: any BusMembership
        if let membership { member = membership } else { member = try await bus.join("listener", topics: topics) }
        membership = member
        let deadline = ContinuousClock.now + .seconds(30)
        while events.count(where: { $0.type == type }) < count, ContinuousClock.now < deadline {
            try await listen(member)
        }
        // What comes too much comes soon.
        try await listen(member)
        return events.filter { $0.type == type }
    }

    private func listen(_ member: any BusMembership) async throws {
        let update = try await member.next(limit: 1_000, except: [], wait: .milliseconds(300))
        events += try update.deliveries.map { try CloudEvent($0.message) }
    }
}
