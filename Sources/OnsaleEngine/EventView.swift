public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// An immutable copy of an event, published after each batch, so readers never wait for the writer.
///
/// A class, so that copying a view retains one reference instead of fifteen.
public final class EventView: Sendable {
    public let definition: EventDefinition
    /// What the event tells about itself now.
    public let profile: EventProfile
    /// What places cost, and cost when they were held.
    public let terms: TermsByHold
    /// The schedule in force.
    public let schedule: OnsaleSchedule
    public let isPaused: Bool
    /// Seat states in plan order, one character per seat, in pages of 1,024 shared with the writer.
    public let seatPages: [[UInt8]]
    /// The counts of each area, in plan order.
    public let areas: [PlaceCounts]
    /// The counts of all seats and areas together.
    public let counts: PlaceCounts
    /// Increases with every change of a seat or an area.
    public let availabilityVersion: UInt64
    /// How many orders are in each state.
    public let orders: [OrderState: Int]
    /// All money ever captured, in minor units.
    public let gross: Int64
    /// The part of ``gross`` that has gone back, in minor units.
    public let refunded: Int64
    /// What confirmed orders have brought, by rows and areas.
    public let takings: Takings
    public let line: LineView
    /// Whether the totals of rules 1 and 2 hold.
    public let totalsHold: Bool
    /// The last fact this view includes.
    public let lastSequence: UInt64

    init(_ partition: Partition, lastSequence: UInt64) {
        let sale = partition.sale
        definition = partition.definition
        profile = partition.profile
        terms = sale.terms
        schedule = partition.line.schedule
        isPaused = partition.line.isPaused
        seatPages = sale.seatPages
        areas = sale.areaCounts
        counts = sale.counts
        availabilityVersion = sale.availabilityVersion
        orders = Dictionary(uniqueKeysWithValues: OrderState.allCases.map { ($0, sale.orderCount($0)) })
        gross = sale.ledger.gross
        refunded = sale.ledger.refunded
        takings = sale.takings
        line = LineView(partition.line, placesLeft: partition.placesLeft)
        totalsHold = sale.totalsHold
        self.lastSequence = lastSequence
    }

    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = schedule.phase(at: now, isPaused: isPaused)
        return phase == .open && counts.free == 0 && counts.held == 0 ? .soldOut : phase
    }
}

extension EventView {
    /// What a hold's places cost, a line for each category. The view must be as new as the hold.
    package func lines(of hold: Hold) -> [PriceLine] {
        hold.places.lines(plan: definition.plan, prices: terms[hold.id].prices)
    }

    /// What an order's places cost, a line for each category. The view must be as new as the order's hold.
    package func lines(of order: Order) -> [PriceLine] {
        order.places.lines(plan: definition.plan, prices: terms[order.hold].prices)
    }
}

/// The public view of the line.
public struct LineView: Sendable {
    /// How many places are waiting for a pass.
    public let waiting: Int
    /// How many passes are live.
    public let activeShoppers: Int
    /// How many numbers have been given out.
    public let issuedNumbers: UInt32
    /// The largest number called so far.
    public let admittedThrough: LineNumber
    /// How many numbers the line advances per minute, as measured; 0 without a waiting room.
    public let numbersPerMinute: Double
    /// How many people entered the lobby; nil without a lobby.
    public let lobbySize: UInt32?
    /// SHA-256 of the draw's seed; nil without a draw.
    public let drawCommitment: [UInt8]?
    /// The seed of the draw; nil until the numbers are drawn.
    public let drawSeed: [UInt8]?
    /// SHA-256 of the published list of entrants; nil until the numbers are drawn.
    public let entrantsHash: [UInt8]?

    init(_ line: Line, placesLeft: Int) {
        waiting = line.waiting
        activeShoppers = line.activeShoppers
        issuedNumbers = line.issuedNumbers
        // Without a waiting room, everyone with a number is admitted.
        admittedThrough = line.schedule.hasWaitingRoom ? line.admittedThrough : LineNumber(line.issuedNumbers)
        numbersPerMinute = line.schedule.hasWaitingRoom ? line.numbersPerMinute(placesLeft: placesLeft) : 0
        lobbySize = line.lobbySize
        drawCommitment = line.drawCommitment
        drawSeed = line.draw?.seed
        entrantsHash = line.draw?.entrantsHash
    }
}
