import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// What a fact is called in a story, and what it says there.
struct Words: Hashable {
    let what: String
    let detail: String

    init(_ what: String, _ detail: String) {
        self.what = what
        self.detail = detail
    }
}

/// The draw of an event, once it was held, from which a place's number in line follows.
package struct DrawnNumbers: Sendable {
    let lobbySize: UInt32
    private let seed: [UInt8]
    private lazy var numbers = Draw.numbers(seed: seed, count: Int(lobbySize))

    /// - Parameter seed: public from the draw on.
    package init(seed: [UInt8], lobbySize: UInt32) {
        self.seed = seed
        self.lobbySize = lobbySize
    }

    mutating func number(of place: PlaceID) -> UInt32? {
        (1...max(1, lobbySize)).contains(place.serial) && lobbySize > 0 ? numbers[Int(place.serial) - 1] : nil
    }
}

/// The things that a story is about, as far as the facts read so far tell of them. It knows the words for a fact.
struct Cast {
    struct Placed {
        let hold: HoldID
        let at: Timestamp
        var intent: String?
        var confirmedAt: Timestamp?

        /// When it expires, unless the provider has answered.
        var decidedBy: Timestamp { at.adding(seconds: SaleTerms.authorizationSeconds) }
    }

    let definition: EventDefinition
    var draw: DrawnNumbers?
    /// As they were made.
    var holds: [HoldID: SaleFact.Held] = [:]
    var orders: [OrderID: Placed] = [:]
    /// What of confirmed orders has gone back, and what must have, in minor units.
    var refunded: [OrderID: Int64] = [:]
    var due: [OrderID: Int64] = [:]
    /// How many payments for a hold were declined.
    var declines: [HoldID: Int] = [:]
    /// Which order's tickets these are, as it stands now.
    var ticketOrders: [Order] = []
    /// The places in line, newest last.
    var places: [PlaceID] = []
    /// The place that each pass was granted for.
    var passes: [PassID: PlaceID] = [:]

    init(_ definition: EventDefinition, draw: DrawnNumbers?) {
        self.definition = definition
        self.draw = draw
    }

    // MARK: Names

    /// An amount of the event's currency, such as “1,250.00 EUR”.
    func money(_ amount: Int64) -> String { Currency.text(amount, in: definition.currency) }

    private static let namesMax = 20

    func names(of seats: [SeatIndex]) -> String {
        let names = seats.prefix(Cast.namesMax).compactMap { seat in
            Int(seat.value) < definition.plan.seats.count ? definition.plan[seat].name : nil
        }
        let more = seats.count - Cast.namesMax
        return (seats.count == 1 ? "seat " : "seats ") + names.joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
    }

    func name(of places: Places) -> String {
        switch places {
        case .seats(let seats): return names(of: seats)
        case .area(let area, let quantity):
            let name = area < definition.plan.areas.count ? definition.plan.areas[area].name : "an area"
            return quantity == 1 ? "1 place in \(name)" : "\(quantity) places in \(name)"
        }
    }

    /// Some of the places.
    func name(of places: Places, at positions: [Int]) -> String {
        switch places {
        case .seats(let seats): names(of: positions.compactMap { seats.indices.contains($0) ? seats[$0] : nil })
        case .area(let area, _): name(of: .area(area, quantity: positions.count))
        }
    }

    func places(of hold: HoldID) -> String { holds[hold].map { name(of: $0.places) } ?? "its places" }
    func places(of order: OrderID) -> String { orders[order].map { places(of: $0.hold) } ?? "its places" }

    func amount(of order: OrderID) -> String {
        orders[order].flatMap { holds[$0.hold] }.map { money($0.amount) } ?? "the price"
    }

    func quantity(of order: OrderID) -> Int? { orders[order].flatMap { holds[$0.hold] }?.places.quantity }

    func id(of order: OrderID) -> String {
        guard let placed = orders[order] else { return "number \(order.serial)" }
        return PublicID(.order, at: placed.at, serial: order.serial, tag: definition.tag).text
    }

    /// The order that a ticket belongs to, if it is one of the story's.
    func order(of ticket: TicketID) -> Order? {
        ticketOrders.first { $0.tickets.contains(ticket) }
    }

    func name(of ticket: TicketID) -> String {
        guard let order = order(of: ticket), let issuedAt = order.confirmedAt else { return "number \(ticket.serial)" }
        return PublicID(.ticket, at: issuedAt, serial: ticket.serial, tag: definition.tag).text
    }

    /// A place's number in line.
    mutating func number(of place: PlaceID) -> UInt32 { draw?.number(of: place) ?? place.serial }
}

extension String {
    /// With a capital first letter, for the beginning of a sentence.
    var atSentenceStart: String { prefix(1).uppercased() + dropFirst() }
}
