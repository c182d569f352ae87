public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// An event as readers see it: an immutable copy published after each batch, so that no reader waits for the writer.
///
/// A class, so that a look at it costs one reference and not fifteen.
public final class EventView: Sendable {
    public let definition: EventDefinition
    public let schedule: OnsaleSchedule
    public let isPaused: Bool
    /// Seat states in plan order, in pages of 1,024, one character a seat; shared with the writer.
    public let seatPages: [[UInt8]]
    public let areas: [PlaceCounts]
    public let counts: PlaceCounts
    public let availabilityVersion: UInt64
    public let orders: [OrderState: Int]
    public let gross: Int64
    public let refunded: Int64
    public let line: LineView
    /// Whether the totals of rules 1 and 2 hold.
    public let totalsHold: Bool
    /// How far the journal reaches.
    public let lastSequence: UInt64

    init(_ partition: Partition, lastSequence: UInt64) {
        let sale = partition.sale
        definition = partition.definition
        schedule = partition.line.schedule
        isPaused = partition.line.isPaused
        seatPages = sale.seatPages
        areas = sale.areaCounts
        counts = sale.counts
        availabilityVersion = sale.availabilityVersion
        orders = Dictionary(uniqueKeysWithValues: OrderState.allCases.map { ($0, sale.orderCount($0)) })
        gross = sale.ledger.gross
        refunded = sale.ledger.refunded
        line = LineView(partition.line, placesLeft: partition.placesLeft)
        totalsHold = sale.totalsHold
        self.lastSequence = lastSequence
    }

    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = schedule.phase(at: now, isPaused: isPaused)
        return phase == .open && counts.free == 0 && counts.held == 0 ? .soldOut : phase
    }
}

/// The line as everybody may see it.
public struct LineView: Sendable {
    public let waiting: Int
    public let activeShoppers: Int
    /// Numbers given so far.
    public let issuedNumbers: UInt32
    /// The largest number called so far.
    public let admittedThrough: LineNumber
    public let numbersPerMinute: Double
    /// Entrants of the lobby; nil without one.
    public let lobbySize: UInt32?
    public let drawCommitment: [UInt8]?
    /// Known once the numbers are drawn.
    public let drawSeed: [UInt8]?
    public let entrantsHash: [UInt8]?

    init(_ line: Line, placesLeft: Int) {
        waiting = line.waiting
        activeShoppers = line.activeShoppers
        issuedNumbers = line.issuedNumbers
        // Without a line everyone who has a number is admitted.
        admittedThrough = line.schedule.hasWaitingRoom ? line.admittedThrough : LineNumber(line.issuedNumbers)
        numbersPerMinute = line.schedule.hasWaitingRoom ? line.numbersPerMinute(placesLeft: placesLeft) : 0
        lobbySize = line.lobbySize
        drawCommitment = line.drawCommitment
        drawSeed = line.draw?.seed
        entrantsHash = line.draw?.entrantsHash
    }
}
