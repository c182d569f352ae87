import OnsaleBus

/// A member of a group. The group's members divide its lanes without speaking to one another: each says now and then
/// that it is there, counts the others, and takes or gives up lanes until it has its share.
actor TableMembership: BusMembership {
    private let group: String
    private let topics: [Topic]
    private let bus: TableBus
    /// Tells this member from all others, for ever.
    private let token: String
    /// Its lanes, and the position of the next message to read of each.
    private var lanes: [Lane: Int64] = [:]
    /// When to be heard of again, and to look after the share.
    private var attendance = ContinuousClock.now
    /// The lane that has its turn first.
    private var turn = 0

    init(_ group: String, topics: [Topic], on bus: TableBus) {
        self.group = group
        self.topics = topics
        self.bus = bus
        token = String(UInt64.random(in: 0 ... .max), radix: 36) + String(UInt64.random(in: 0 ... .max), radix: 36)
    }

    func next(limit: Int, except paused: Set<Lane>, wait: Duration) async throws -> BusUpdate {
        let clock = ContinuousClock()
        let deadline = clock.now + wait
        while true {
            let rings = bus.bell.rings
            var update = BusUpdate()
            if clock.now >= attendance { update.lost = try await attend() }
            update.deliveries = try await read(limit: limit, except: paused)
            let now = clock.now
            guard update.lost.isEmpty, update.deliveries.isEmpty, now < deadline else { return update }
            let moment = min(deadline, attendance, now + .milliseconds(TableBus.pollMilliseconds))
            try await bus.bell.wait(after: rings, atMost: moment - now)
            try bus.checkIsOpen()
        }
    }

    func commit(_ offsets: [Lane: Int64]) async throws {
        let offsets = offsets.sorted { $0.key < $1.key }
        try await bus.write { [group, token] session, _ in
            for (lane, offset) in offsets {
                try GroupTables.commit(offset, of: lane, group, by: token, in: session)
            }
        }
        try await bus.trim()
    }

    func leave() async {
        lanes = [:]
        // Whoever leaves has mostly been cancelled, so this must not ask. Who can't be told will find that the lease is over.
        try? await bus.tables.write { [group, token] session in try GroupTables.leave(group, token, in: session) }
        bus.bell.ring()
    }

    /// Says that it is there, and takes or gives up lanes.
    /// - Returns: the lanes that it had and has no more.
    @discardableResult
    func attend() async throws -> Set<Lane> {
        let now = ContinuousClock.now
        let held = try await bus.write { [group, topics, token] session, now in
            try GroupTables.attend(group, topics, token, at: now, in: session)
        }
        attendance = now + .milliseconds(TableBus.leaseMilliseconds / 3)
        let lost = Set(lanes.keys).subtracting(held.filter { !$0.isNew }.map(\.lane))
        lanes = Dictionary(
            uniqueKeysWithValues: held.map { ($0.lane, $0.isNew ? $0.position : lanes[$0.lane] ?? $0.position) })
        return lost
    }

    private func read(limit: Int, except paused: Set<Lane>) async throws -> [Delivery] {
        let wanted = lanes.filter { !paused.contains($0.key) }.sorted { $0.key < $1.key }
        guard !wanted.isEmpty, limit > 0 else { return [] }
        let first = turn % wanted.count
        turn = first + 1
        let turns = wanted[first...] + wanted[..<first]
        let deliveries = try await bus.read { [topics] session, _ in
            let ends = try BusTables.ends(of: topics, in: session)
            var deliveries: [Delivery] = []
            for (lane, position) in turns where position < ends[lane] ?? 0 && deliveries.count < limit {
                deliveries += try BusTables.messages(
                    of: lane, from: position, limit: limit - deliveries.count, in: session)
            }
            return deliveries
        }
        for delivery in deliveries { lanes[delivery.lane] = delivery.offset + 1 }
        return deliveries
    }
}
