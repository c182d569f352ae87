import Foundation
import NIOHTTP1
import Seeded

/// What fans choose from.
struct Hall: Sendable {
    let event: String
    /// Seat names in plan order, with each seat's row.
    let seats: [String]
    let rows: [Int]
    let categories: [String]
    /// A standing area, if there is one.
    let area: String?
    /// When the sale opens; nil if unknown.
    let opensAt: Date?
    /// How many may shop at once, and for how long, as far as is known.
    let cap: Int?
    let passSeconds: Double?
}

/// One person who wants to go to the show, and behaves like one.
struct Fan: Sendable {
    /// How the crowd behaves, as shares.
    enum Habits {
        static let onlyLook = 0.06
        static let namedSeats = 0.6
        static let standing = 0.12
        static let wantsPopular = 0.5
        static let abandonsHold = 0.05
        static let doubleClicks = 0.08
        static let triesAnotherCard = 0.6
        static let changesMind = 0.02
        static let thinkSecondsMean = 2.0
        static let attemptsMax = 6
        static let cardsMax = 3
        /// Payment methods by share.
        static let methods: [(String, Double)] = [
            ("pm_card_visa", 0.88), ("pm_card_chargeDeclined", 0.04), ("pm_sandbox_slow", 0.03),
            ("pm_sandbox_error", 0.02), ("pm_sandbox_captureFails", 0.02), ("pm_sandbox_timeout", 0.01),
        ]
    }

    let number: Int
    let hall: Hall
    let client: ContractClient
    let history: History
    var random: SeededRandom
    /// How long this fan thinks over a hold on average, in seconds.
    var thinkSecondsMean = Habits.thinkSecondsMean
    /// From this second on, a refusal for lack of a living pass is correct.
    var passEndsAtSecond = Double.infinity
    private(set) var hasOnlyLooked = false
    /// A hold left to expire; giving up the pass ends it sooner.
    private(set) var abandonedHold: String?

    private var path: String { "/v1/events/\(hall.event)" }

    /// Comes, buys or doesn't, and leaves.
    mutating func visit() async {
        guard let pass = await enter() else { return history.ended(.givenUp) }
        let end = await shop(with: pass)
        if hasOnlyLooked {
            _ = await client.send(.DELETE, path + "/waiting-room/pass", token: pass, as: .release)
        }
        history.ended(end)
    }

    /// Looks, chooses and pays with a pass. The caller gives the pass up.
    mutating func shop(with pass: String) async -> History.End {
        if random.happens(Habits.onlyLook) {
            _ = await availability()
            hasOnlyLooked = true
            return .left
        }
        for attempt in 0..<Habits.attemptsMax {
            let choice: Fan.Choice
            switch await take(pass, attempt: attempt) {
            case .held(let hold): choice = hold
            case .again: continue
            case .nothingLeft: return .tooLate
            case .noAnswer: return .givenUp
            }
            await think()
            if random.happens(Habits.abandonsHold) {
                await abandon(choice, pass)
                return .left
            }
            switch await payWithSomeCard(for: choice, pass) {
            case "confirmed": return .served
            case "declined":
                // The hold is still alive, so the fan gives it back.
                _ = await client.send(.DELETE, path + "/holds/\(choice.hold.hold)", token: pass, as: .release)
                return .left
            case "expired":
                guard random.happens(Habits.triesAnotherCard) else { return .left }
            case nil: return .givenUp
            default: break
            }
        }
        return .tooLate
    }

    // MARK: The way in

    private mutating func enter() async -> String? {
        let email = "fan-\(number)@rush.example"
        guard
            let session = await persist({ [client] in
                await client.send(.POST, "/v1/sessions", json: #"{"email":"\#(email)"}"#, as: .session)
            })?.decode(Contract.Session.self),
            let ticket = await persist({ [client, path] in
                await client.send(.POST, path + "/waiting-room", token: session.token, as: .join)
            })?.decode(Contract.Ticket.self),
            let pass = await persist({ [client, path] in
                await client.send(
                    .POST, path + "/waiting-room/pass", token: session.token,
                    json: #"{"ticket":"\#(ticket.ticket)"}"#, as: .pass)
            })?.decode(Contract.Pass.self)
        else { return nil }
        return pass.pass
    }

    private mutating func persist(
        _ ask: @Sendable () async -> ContractClient.Answer?
    ) async -> ContractClient.Answer? {
        await client.persist(using: &random, ask)
    }

    private func availability() async -> Contract.Availability? {
        await client.send(.GET, path + "/availability", as: .availability)?.decode(Contract.Availability.self)
    }

    private mutating func think() async {
        let seconds = min(10, -log(Double.random(in: 0.0001..<1, using: &random)) * thinkSecondsMean)
        try? await Task.sleep(for: .seconds(seconds))
    }

    // MARK: Choosing

    struct Choice: Sendable {
        let hold: Contract.Hold
        let expiresAtSecond: Double
    }

    private enum Taken {
        case held(Choice)
        case again
        case nothingLeft
        case noAnswer
    }

    private mutating func take(_ pass: String, attempt: Int) async -> Taken {
        guard let availability = await availability() else { return .noAnswer }
        guard let body = wish(availability, attempt: attempt) else { return .nothingLeft }
        let key = "hold-\(number)-\(attempt)"
        let answer = await persist { [client, path] in
            await client.send(.POST, path + "/holds", token: pass, json: body, key: key, as: .hold)
        }
        guard let answer else { return .noAnswer }
        if let hold = answer.decode(Contract.Hold.self), answer.isSuccess {
            let now = client.measurements.elapsedSeconds
            let lifetime = Contract.moment(hold.expiresAt)?.timeIntervalSinceNow ?? 0
            history.held(hold, at: now, forAtMost: lifetime)
            return .held(Choice(hold: hold, expiresAtSecond: now + lifetime))
        }
        switch answer.slug {
        case "seats-unavailable", "orphan-seat": return .again
        case "sold-out", "onsale-closed": return .nothingLeft
        case "not-admitted" where client.measurements.elapsedSeconds > passEndsAtSecond: return .nothingLeft
        default:
            history.contradict("fan \(number): a hold was refused with \(answer.status) \(answer.slug ?? "")")
            return .nothingLeft
        }
    }

    /// The body of the hold this fan wants; nil if nothing suitable is left.
    private mutating func wish(_ availability: Contract.Availability, attempt: Int) -> String? {
        let quantity = [1, 2, 2, 2, 3, 4].randomElement(using: &random) ?? 2
        let standingFree = availability.areas.first { $0.name == hall.area }?.free ?? 0
        let states = Array(availability.seats.utf8)
        let free = states.indices.filter { states[$0] == UInt8(ascii: ".") }
        if let area = hall.area, standingFree >= quantity, free.isEmpty || random.happens(Habits.standing) {
            return #"{"area":"\#(area)","quantity":\#(quantity)}"#
        }
        guard !free.isEmpty else { return nil }
        if random.happens(Habits.namedSeats) || attempt >= 3 {
            // Half go for the popular front, the rest anywhere.
            let isPopular = random.happens(Habits.wantsPopular) && attempt < 2
            let pool = isPopular ? free.prefix(max(1, free.count / 20)) : free[...]
            let first = pool[Int.random(in: pool.indices, using: &random)]
            var chosen = [first]
            while chosen.count < quantity, let last = chosen.last, last + 1 < states.count,
                states[last + 1] == UInt8(ascii: "."), hall.rows[last + 1] == hall.rows[first]
            {
                chosen.append(last + 1)
            }
            return #"{"seats":["\#(chosen.map { hall.seats[$0] }.joined(separator: "\",\""))"]}"#
        }
        let category = hall.categories.randomElement(using: &random) ?? ""
        return #"{"best":{"category":"\#(category)","quantity":\#(quantity)}}"#
    }

    private mutating func abandon(_ choice: Choice, _ pass: String) async {
        // Half give it back, half just close the tab.
        guard random.happens(0.5) else {
            abandonedHold = choice.hold.hold
            return
        }
        history.letGo(choice.hold.hold, at: client.measurements.elapsedSeconds)
        let answer = await client.send(.DELETE, path + "/holds/\(choice.hold.hold)", token: pass, as: .release)
        if let answer, answer.status != 204, client.measurements.elapsedSeconds < choice.expiresAtSecond - 1,
            answer.status < 500
        {
            history.contradict("hold \(choice.hold.hold) lived and could not be given back: \(answer.status)")
        }
    }

    // MARK: Paying

    private mutating func method() -> String {
        var left = Double.random(in: 0..<1, using: &random)
        for (method, share) in Habits.methods {
            left -= share
            if left < 0 { return method }
        }
        return "pm_card_visa"
    }

    /// Tries card after card while the hold lives.
    /// - Returns: the last order's final state, "gone" if the hold ended first, nil if the server didn't say in time.
    private mutating func payWithSomeCard(for choice: Choice, _ pass: String) async -> String? {
        var state = await pay(for: choice, pass, card: 1)
        var card = 1
        while state == "declined", card < Habits.cardsMax, random.happens(Habits.triesAnotherCard) {
            card += 1
            state = await pay(for: choice, pass, card: card)
        }
        return state
    }

    private mutating func pay(for choice: Choice, _ pass: String, card: Int) async -> String? {
        let hold = choice.hold.hold
        let body = #"{"hold":"\#(hold)","payment":{"method":"\#(method())"}}"#
        let key = "order-\(number)-\(hold)-\(card)"
        let sentAt = client.measurements.elapsedSeconds
        // After a declined card nobody knows whether the hold survived until an order says so.
        if card == 1 { history.beganPaying(hold) }
        let isDoubleClick = random.happens(Habits.doubleClicks)
        async let second = isDoubleClick ? order(body, key, pass) : nil
        let answer = await persist { [client, path] in
            await client.send(
                .POST, path + "/orders", token: pass, json: body, key: key, waitSeconds: 10, as: .order)
        }
        let other = await second
        guard let answer else {
            history.letGo(hold, at: sentAt)
            return nil
        }
        guard answer.isSuccess, let order = answer.decode(Contract.Order.self) else {
            // A hold whose payment failed only at capture is gone.
            if card > 1, answer.slug == "hold-expired" {
                history.letGo(hold, at: sentAt)
                return "gone"
            }
            return refused(answer, choice, sentAt)
        }
        history.told(order)
        if let other, other.isSuccess, let twin = other.decode(Contract.Order.self) {
            history.told(twin)
            if twin.order != order.order {
                history.contradict("one key, two orders: \(order.order) and \(twin.order)")
            }
        }
        let state = await follow(order, pass)
        if state == "confirmed" { history.beganPaying(hold) } else { history.letGo(hold, at: sentAt) }
        if state == "confirmed", random.happens(Habits.changesMind) { await cancel(order.order, hold, pass) }
        return state
    }

    private func order(_ body: String, _ key: String, _ pass: String) async -> ContractClient.Answer? {
        await client.send(.POST, path + "/orders", token: pass, json: body, key: key, waitSeconds: 10, as: .order)
    }

    private func refused(_ answer: ContractClient.Answer, _ choice: Choice, _ sentAt: Double) -> String? {
        history.letGo(choice.hold.hold, at: sentAt)
        let isInTime = client.measurements.elapsedSeconds < choice.expiresAtSecond
        if isInTime || answer.slug != "hold-expired" {
            history.contradict(
                "hold \(choice.hold.hold) lived and could not be paid: \(answer.status) \(answer.slug ?? "")")
        }
        return "declined"
    }

    /// Polls until the order is final.
    private mutating func follow(_ order: Contract.Order, _ pass: String) async -> String? {
        var order = order
        let start = client.measurements.elapsedSeconds
        while !order.isFinal {
            guard client.measurements.elapsedSeconds - start < ContractClient.patienceSeconds else { return nil }
            try? await Task.sleep(for: .milliseconds(500))
            let answer = await client.send(.GET, path + "/orders/\(order.order)", token: pass, as: .poll)
            if let next = answer?.decode(Contract.Order.self) {
                order = next
                history.told(order)
            }
        }
        if order.state == "confirmed" { client.measurements.recordSold(order.tickets.count) }
        return order.state
    }

    private mutating func cancel(_ order: String, _ hold: String, _ pass: String) async {
        history.cancelled(order)
        history.letGo(hold, at: client.measurements.elapsedSeconds)
        let answer = await persist { [client, path] in
            await client.send(
                .POST, path + "/orders/\(order)/cancel", token: pass, key: "cancel-\(order)", as: .cancel)
        }
        if let answer, !answer.isSuccess {
            history.contradict("order \(order) was confirmed and could not be cancelled: \(answer.status)")
        }
    }
}
