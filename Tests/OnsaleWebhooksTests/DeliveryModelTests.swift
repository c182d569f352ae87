import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import Seeded
import Testing

@testable import OnsaleWebhooks

/// Everything that may happen to deliveries, in an order that a seed gives, on real tables and a made-up clock.
@Suite(.timeLimit(.minutes(10))) struct DeliveryModelTests {
    @Test(
        "No delivery is forgotten, sent after its end, or sent beyond the bounds",
        arguments: 1...30 as ClosedRange<UInt64>)
    func history(seed: UInt64) async throws {
        try await withWebhookTables(.sqlite) { open in
            let tables = try open()
            let faults = try await tables.write { session in
                var model = DeliveryModel(seed: seed, session: session)
                try model.run()
                return model.faults
            }
            await tables.close()
            #expect(faults == [])
        }
    }
}

private struct DeliveryModel {
    private struct Key: Hashable {
        let endpoint: EndpointID
        let message: WebhookID
    }

    private(set) var faults: [String] = []
    private var random: SeededRandom
    private var now: Int64 = 1_800_000_000_000
    private let session: any SQLSession
    private let webhooks: WebhookTables

    private var events = 0
    private var leases = 0
    private var on: Set<EndpointID> = []
    private var off: Set<EndpointID> = []
    /// What was promised and has no end yet.
    private var open: Set<Key> = []
    private var ended: Set<Key> = []
    /// By process.
    private var underWay: [[(delivery: TakenDelivery, until: Int64)]] = [[], []]
    /// How each endpoint answers now, and which never does anything but fail.
    private var dead: Set<EndpointID> = []

    init(seed: UInt64, session: any SQLSession) {
        random = SeededRandom(seed: seed)
        self.session = session
        var limits = WebhookLimits()
        limits.attemptsMax = 6
        limits.attemptsPerEndpointMax = 3
        limits.failingAttemptsMax = 2
        guard let seal = SecretSeal(key: [UInt8](repeating: 1, count: 32)) else { preconditionFailure() }
        webhooks = WebhookTables(seal: seal, limits: limits)
    }

    mutating func run() throws {
        for _ in 0..<4 { try addEndpoint() }
        for _ in 0..<600 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<12: try happen()
            case 12..<45: try take()
            case 45..<80: try end()
            case 80..<83: underWay[Int.random(in: 0...1, using: &random)] = []
            case 83..<85: try redeliver()
            case 85..<87: try toggle()
            case 87: try removeOne()
            case 88: try addEndpoint()
            case 89: if let id = on.sorted().randomElement(using: &random) { dead.formSymmetricDifference([id]) }
            case 90..<96: now += Int64.random(in: 0...20_000, using: &random)
            default: now += Int64.random(in: 0...40_000_000, using: &random)
            }
        }
        try finish()
    }

    private mutating func addEndpoint() throws {
        guard on.count + off.count < 6 else { return }
        let id = EndpointID(using: &random)
        _ = try webhooks.create(
            id, url: WebhookURL("https://a.com/", reach: .isPublic), filter: EndpointFilter(["*"]),
            secret: WebhookSecret(using: &random), at: now, in: session)
        on.insert(id)
    }

    private mutating func happen() throws {
        events += 1
        let happened = event(events)
        for _ in 0...1 { try webhooks.add(happened, at: now, in: session) }
        for id in on { open.insert(Key(endpoint: id, message: WebhookID(of: happened))) }
    }

    private mutating func take() throws {
        let process = Int.random(in: 0...1, using: &random)
        leases += 1
        let taken = try webhooks.take(
            free: webhooks.limits.attemptsMax - underWay[process].count, lease: "\(leases)", at: now, in: session,
            using: &random)
        for delivery in taken {
            let key = Key(endpoint: delivery.endpoint, message: delivery.message)
            if !on.contains(key.endpoint) { faults.append("sent to one that is off") }
            if ended.contains(key) || !open.contains(key) { faults.append("sent after its end") }
            if live.contains(where: { $0.endpoint == key.endpoint && $0.message == key.message }) {
                faults.append("sent twice at a time")
            }
            if delivery.secrets == nil { faults.append("unsigned") }
            underWay[process].append((delivery, now + webhooks.limits.leaseMilliseconds))
        }
        if underWay[process].count > webhooks.limits.attemptsMax { faults.append("too much in a process") }
        for (_, group) in Dictionary(grouping: live, by: \.endpoint)
        where group.count > webhooks.limits.attemptsPerEndpointMax { faults.append("too much to an endpoint") }
    }

    private var live: [TakenDelivery] {
        underWay.joined().filter { $0.until > now }.map(\.delivery)
    }

    private mutating func end() throws {
        let process = Int.random(in: 0...1, using: &random)
        guard !underWay[process].isEmpty else { return }
        let index = Int.random(in: underWay[process].indices, using: &random)
        let (delivery, _) = underWay[process].remove(at: index)
        try settle(delivery, dead.contains(delivery.endpoint) ? .late : anyOutcome())
    }

    private mutating func anyOutcome() -> AttemptOutcome {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<9: .delivered(status: 200)
        case 9: Bool.random(using: &random) ? .gone : .cut
        case 10: .notTried
        case 11..<13: .refused(status: 429, retryAfterSeconds: Int64.random(in: 0...100_000, using: &random))
        case 13: .forbidden
        default: .refused(status: 500)
        }
    }

    private mutating func settle(_ delivery: TakenDelivery, _ outcome: AttemptOutcome) throws {
        let key = Key(endpoint: delivery.endpoint, message: delivery.message)
        let attempt = WebhookAttempt(
            outcome, beganAt: Timestamp(milliseconds: now), durationMilliseconds: 1, answer: Array("x".utf8))
        guard try webhooks.settle(delivery, attempt, at: now, in: session, using: &random) else { return }
        let state = try state(of: key)
        switch (outcome, state) {
        case (.delivered, "delivered"): close(key)
        case (.delivered, _): faults.append("delivered and yet \(state ?? "gone")")
        case (_, "exhausted"):
            let waited = DeliverySchedule.horizonMilliseconds - delivery.waited
            if outcome != .gone, waited > 40_000_000 { faults.append("given up too early") }
            close(key)
        case (_, "pending"): break
        default: faults.append("in a strange state: \(state ?? "gone")")
        }
        let isOff = try session.rows("SELECT switched_off FROM webhook_endpoint WHERE id = $1", [key.endpoint.text])
        if isOff.first?.first != .some(nil), on.remove(key.endpoint) != nil {
            off.insert(key.endpoint)
            if outcome != .gone, !dead.contains(key.endpoint) {
                let since = try session.rows(
                    "SELECT failing_milliseconds FROM webhook_endpoint WHERE id = $1", [key.endpoint.text])
                if try since[0].number(0) < EndpointHealth.failingMillisecondsMax { faults.append("off too early") }
            }
        }
    }

    private mutating func close(_ key: Key) {
        open.remove(key)
        ended.insert(key)
    }

    private func state(of key: Key) throws -> String? {
        try session.rows(
            "SELECT state FROM webhook_delivery WHERE endpoint = $1 AND message = $2",
            [key.endpoint.text, key.message.text]
        ).first?.first ?? nil
    }

    private mutating func redeliver() throws {
        let keys = (open.union(ended)).filter { on.contains($0.endpoint) }
        let sorted = keys.sorted { ($0.endpoint, $0.message) < ($1.endpoint, $1.message) }
        guard let key = sorted.randomElement(using: &random) else { return }
        try webhooks.redeliver(key.message, to: key.endpoint, at: now, in: session)
        ended.remove(key)
        open.insert(key)
    }

    private mutating func toggle() throws {
        if Bool.random(using: &random), let id = on.sorted().randomElement(using: &random) {
            try webhooks.switchOff(id, .backlog, in: session)
            on.remove(id)
            off.insert(id)
        } else if let id = off.sorted().randomElement(using: &random) {
            try webhooks.switchOn(id, in: session)
            off.remove(id)
            on.insert(id)
        }
    }

    private mutating func removeOne() throws {
        guard let id = on.union(off).sorted().randomElement(using: &random) else { return }
        try webhooks.remove(id, in: session)
        on.remove(id)
        off.remove(id)
        dead.remove(id)
        open = open.filter { $0.endpoint != id }
        ended = ended.filter { $0.endpoint != id }
    }

    /// Everybody is well again: what is open now must come to its end.
    private mutating func finish() throws {
        dead = []
        for id in off.sorted() {
            try webhooks.switchOn(id, in: session)
            on.insert(id)
        }
        off = []
        for _ in 0..<2000 where !open.isEmpty {
            try take()
            for process in 0...1 {
                for (delivery, _) in underWay[process] { try settle(delivery, .delivered(status: 200)) }
                underWay[process] = []
            }
            now += 3_600_000
        }
        if !open.isEmpty { faults.append("\(open.count) forgotten") }
        // And in the end nothing is kept.
        now += webhooks.limits.keptMilliseconds + 1
        for _ in 0..<1000 where try webhooks.trim(limit: 7, at: now, in: session) {}
        for table in ["webhook_delivery", "webhook_attempt", "webhook_message"] {
            if try !session.rows("SELECT 1 FROM \(table) LIMIT 1", []).isEmpty { faults.append("\(table) isn't empty") }
        }
        let standing = try webhooks.count(in: session)
        if standing.pending != 0 || standing.switchedOff != 0 { faults.append("miscounted") }
    }
}
