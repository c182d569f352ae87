public import OnsaleBus
import OnsaleValues

/// Something that every adapter of the `EventBus` port must do. Each is checked on an empty bus of its own.
public struct BusRule: Sendable, CustomStringConvertible {
    /// Opens the bus, perhaps for a second time. Whoever opens it closes it.
    public typealias Factory = @Sendable () async throws -> any EventBus

    /// A sentence about the bus.
    public let description: String
    /// - Throws: ``BrokenRule``, and whatever the bus throws.
    public let check: @Sendable (Factory) async throws -> Void

    init(_ description: String, _ check: @escaping @Sendable (any EventBus, Factory) async throws -> Void) {
        self.description = description
        self.check = { open in
            let bus = try await open()
            do {
                try await check(bus, open)
            } catch {
                await bus.close()
                throw error
            }
            await bus.close()
        }
    }

    /// All there are.
    public static let all = publishing + consuming + sharing + burying
}

/// An adapter that doesn't do what it must.
public struct BrokenRule: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ otherwise: @autoclosure () -> String) throws {
    if !condition { throw BrokenRule(otherwise()) }
}

/// Events of some orders, numbered, of several keys in turn.
package func events(_ count: Int, keys: Int = 5, from first: Int = 0) -> [CloudEvent] {
    (first..<first + count).map { number in
        CloudEvent(
            id: "event-\(number % keys)/\(number)", type: .orderConfirmed, subject: "order-\(number)",
            time: Timestamp(milliseconds: 1_800_000_000_000 + Int64(number)), key: "event-\(number % keys)",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            data: Array("{\"n\":\(number)}".utf8))
    }
}

/// What a member has been given so far.
struct Reading {
    var deliveries: [Delivery] = []
    var lost: Set<Lane> = []

    /// Takes messages until there are so many, or nothing more comes.
    mutating func go(
        _ member: any BusMembership, until count: Int, limit: Int = 1_000, except paused: Set<Lane> = []
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while deliveries.count < count, ContinuousClock.now < deadline {
            let update = try await member.next(limit: limit, except: paused, wait: .milliseconds(500))
            try require(update.deliveries.count <= limit, "\(update.deliveries.count) came, more than \(limit)")
            lost.formUnion(update.lost)
            deliveries.removeAll { update.lost.contains($0.lane) }
            deliveries += update.deliveries
        }
        try require(deliveries.count >= count, "\(deliveries.count) of \(count) messages have come")
    }

    /// Where the group stands when all of it has been handled.
    var position: [Lane: Int64] {
        deliveries.reduce(into: [:]) { $0[$1.lane] = max($0[$1.lane] ?? 0, $1.offset + 1) }
    }

    func events() throws -> [CloudEvent] { try deliveries.map { try CloudEvent($0.message) } }
}

func byKey(_ events: [CloudEvent]) -> [String: [CloudEvent]] { Dictionary(grouping: events, by: \.key) }
