import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Seeded
import Synchronization

@testable import OnsaleEngine

/// What people ask for.
extension World {
    func create(_ id: String) {
        guard let node = nodes.filter(\.sells).randomElement(using: &random) else { return }
        let plan = SeatingPlan(
            categories: ["A"],
            seats: (0..<World.seats).map { (seat: Int) -> SeatingPlan.Seat in
                .init(name: "s\(seat)", category: 0, row: UInt32(seat / 10), x: Int32(seat % 10), y: Int32(seat / 10))
            }, areas: [], stage: nil, prices: [1000])
        let isLobby = random.happens(0.5)
        let definition = EventDefinition(
            id: id, tag: UInt64(events.firstIndex(of: id) ?? 0) + 7, title: id, venue: "Hall", startsAt: World.start,
            currency: "KRW", planDigest: nil, plan: plan,
            terms: SaleTerms(prices: [1000], ticketsPerBuyer: 100, holdSeconds: 60, preventOrphans: false),
            schedule: OnsaleSchedule(
                lobbyOpensAt: isLobby ? World.start.adding(seconds: -400) : nil,
                opensAt: World.start.adding(seconds: isLobby ? 5 : -400), closesAt: nil, hasWaitingRoom: true,
                maxActiveShoppers: 5, passSeconds: 600))
        let partition = Partition(definition: definition)
        // Some organizers send their request twice, to two nodes.
        let second = random.happens(0.4) ? nodes.filter { $0 !== node && $0.sells }.randomElement(using: &random) : nil
        for node in [node, second].compactMap({ $0 }) {
            let handle = EventHandle(
                id: id, view: EventView(partition, lastSequence: 0), limits: EngineLimits(), isHere: false)
            node.steward.inbox.put(
                .create(handle, partition, nil) { [crowd] result in
                    guard case .success = result else { return }
                    crowd.told.withLock { $0.created[id, default: 0] += 1 }
                })
        }
    }

    func ask() {
        if random.happens(0.3), let again = crowd.told.withLock({ $0.unanswered.popLast() }) {
            return send(again)
        }
        guard let event = events.randomElement(using: &random) else { return }
        let number = Int.random(in: 0..<World.buyers, using: &random)
        guard let wish = wish(of: number, event) else { return }
        requests += 1
        send(Request(number: requests, event: event, wish: wish))
    }

    func wish(of number: Int, _ event: String) -> Request.Wish? {
        keys += 1
        switch Int.random(in: 0..<14, using: &random) {
        case 10, 11: return .look
        case 0: return .join(number)
        case 1: return crowd.told.withLock({ $0.places[event]?[number] }).map { .claim(number, $0) }
        case 2...5:
            let seat = UInt32.random(in: 0..<UInt32(World.seats), using: &random)
            let seats = random.happens(0.5) ? [seat] : [seat, (seat + 1) % UInt32(World.seats)]
            return crowd.told.withLock({ $0.passes[event]?[number] }).map { .hold(number, $0, seats: seats, key: keys) }
        case 6...8:
            guard let hold = crowd.told.withLock({ $0.holds[event] })?.randomElement(using: &random) else { return nil }
            return .order(
                hold, method: random.happens(0.2) ? "declined" : "card", waits: random.happens(0.5), key: keys)
        case 12:
            let several = crowd.told.withLock { $0.orders[event] ?? [] }.filter { $0.tickets.count > 1 }
            return several.randomElement(using: &random).map { .part($0) }
        case 13: return random.happens(0.2) ? .price(Int64.random(in: 1...20, using: &random) * 100) : .look
        default:
            return crowd.told.withLock({ $0.orders[event] })?.randomElement(using: &random).map { .cancel($0) }
        }
    }

    func probe() {
        for event in events where crowd.told.withLock({ $0.soldAgainAt[event] == nil }) && random.happens(0.4) {
            requests += 1
            send(Request(number: requests, event: event, wish: .probe(1000 + requests, at: now)))
        }
    }

    /// Sends a request to any node, which passes it on as far as it knows.
    func send(_ request: Request) {
        guard var node = nodes.randomElement(using: &random) else { return }
        for _ in 0..<3 {
            guard let seat = node.steward.inbox.seat(of: request.event) else { break }
            if seat.isHere { break }
            guard let owner = seat.owner, let next = nodes.first(where: { $0.id == owner }), next !== node else {
                break
            }
            node = next
        }
        guard let handle = try? node.directory.loaded(request.event) else { return again(request) }
        put(request, node, handle)
    }

    func again(_ request: Request) {
        guard request.repeats < 6 else { return }
        var request = request
        request.repeats += 1
        crowd.told.withLock { $0.unanswered.insert(request, at: 0) }
    }

    func put(_ request: Request, _ node: SimulatedNode, _ handle: EventHandle) {
        let (event, number) = (request.event, request.number &* 8 + request.repeats)
        let failed: @Sendable (any Error) -> Void = { [crowd] error in
            guard error is EngineError, request.repeats < 6 else { return }
            var request = request
            request.repeats += 1
            crowd.told.withLock { [request] in $0.unanswered.insert(request, at: 0) }
        }
        func put<Command: EventCommand>(
            _ command: Command, _ note: @escaping @Sendable (inout Crowd.Told, Command.Answer) -> Void
        ) {
            let envelope = command.envelope { [crowd] result in
                crowd.told.withLock { told in
                    told.answers[number, default: 0] += 1
                    if case .success(let answer) = result { note(&told, answer) }
                }
                if case .failure(let error) = result { failed(error) }
            }
            node.access.put(envelope, lane: Command.lane, into: handle)
        }
        crowd.told.withLock { $0.sentTo[number] = node.id }
        let buyer = { (number: Int) in BuyerID(high: 1, low: UInt64(number)) }
        let key = { (number: Int) in
            IdempotencyKey(key: Digest128(high: 0, low: UInt64(number)), fingerprint: Digest128(high: 0, low: 0))
        }
        switch request.wish {
        case .join(let who): put(JoinLine(buyer(who))) { $0.places[event, default: [:]][who] = $1.place.id }
        case .probe(let who, let at):
            put(JoinLine(buyer(who))) { told, _ in
                told.soldAgainAt[event] = min(told.soldAgainAt[event] ?? at, at)
            }
        case .claim(let who, let place):
            put(ClaimPass(of: place, buyer: buyer(who))) { $0.passes[event, default: [:]][who] = $1.id }
        case .hold(let who, let pass, let seats, let number):
            let seats = seats.map { SeatIndex($0) }
            put(HoldPlaces(.seats(seats), buyer: buyer(who), pass: pass, key: key(number))) { told, hold in
                told.holds[event, default: []].append(hold)
                told.byKey[number, default: []].insert("hold \(hold.id.serial)")
            }
        case .order(let hold, let method, let waits, let number):
            let command = PlaceOrder(hold.id, buyer: hold.buyer, paymentMethod: method, trace: nil, key: key(number))
            let note: @Sendable (inout Crowd.Told, Order) -> Void = { told, order in
                told.orders[event, default: []].append(order)
                told.byKey[number, default: []].insert("order \(order.id.serial)")
            }
            guard waits else { return put(command, note) }
            let envelope = Envelope(command, waitUntil: node.wall(now).adding(seconds: 10)) { [crowd] result in
                crowd.told.withLock { told in
                    told.answers[request.number &* 8 + request.repeats, default: 0] += 1
                    if case .success(let order) = result { note(&told, order) }
                }
                if case .failure(let error) = result { failed(error) }
            }
            node.access.put(envelope, lane: PlaceOrder.lane, into: handle)
        case .cancel(let order): put(CancelOrder(order.id, buyer: nil, key: nil)) { _, _ in }
        case .part(let order):
            put(ReturnTickets(Set(order.tickets.prefix(1)), of: order.id, reason: nil, key: nil)) { _, _ in }
        case .price(let amount): put(ChangeTerms(prices: [0: amount])) { _, _ in }
        case .look:
            let envelope = Envelope(reading: { $0.epoch }) { [crowd, database, now] result in
                let ago = (try? result.get()).flatMap { database.supersededFor(event, $0, at: now) } ?? 0
                crowd.told.withLock { told in
                    told.answers[number, default: 0] += 1
                    guard ago > World.unawareMilliseconds else { return }
                    told.findings.append("\(event): a look was answered from a state that had been over for \(ago) ms")
                }
            }
            node.access.put(envelope, lane: .passes, into: handle)
        }
    }
}
