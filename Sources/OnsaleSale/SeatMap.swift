public import OnsaleValues

/// A seat's state; the raw value is the character the API shows for it.
public enum SeatState: UInt8, Hashable, Sendable, CaseIterable {
    /// `.`
    case free = 0x2e
    /// `h`
    case held = 0x68
    /// `x`
    case sold = 0x78
    /// `b`
    case blocked = 0x62
}

/// Why a seat is kept back from sale, and since when.
public struct SeatBlock: Hashable, Sendable {
    /// In the organizer's words; nil where none were given.
    public let reason: String?
    public let since: Timestamp
}

/// How many places are in each state; together they are the capacity.
public struct PlaceCounts: Hashable, Sendable {
    public internal(set) var free: Int
    public internal(set) var held: Int
    public internal(set) var sold: Int
    public internal(set) var blocked: Int

    public var capacity: Int { free + held + sold + blocked }

    init(free: Int = 0, held: Int = 0, sold: Int = 0, blocked: Int = 0) {
        self.free = free
        self.held = held
        self.sold = sold
        self.blocked = blocked
    }

    subscript(state: SeatState) -> Int {
        get {
            switch state {
            case .free: free
            case .held: held
            case .sold: sold
            case .blocked: blocked
            }
        }
        set {
            switch state {
            case .free: free = newValue
            case .held: held = newValue
            case .sold: sold = newValue
            case .blocked: blocked = newValue
            }
        }
    }

    mutating func move(_ quantity: Int, from: SeatState, to: SeatState) {
        self[from] -= quantity
        self[to] += quantity
        assert(self[from] >= 0, "counts never go below zero")
    }

    static func + (left: PlaceCounts, right: PlaceCounts) -> PlaceCounts {
        PlaceCounts(
            free: left.free + right.free, held: left.held + right.held,
            sold: left.sold + right.sold, blocked: left.blocked + right.blocked)
    }
}

/// Every seat's state and claim: the single source of truth.
///
/// States live in pages of 1,024, so a published copy shares every page a batch didn't touch.
struct SeatMap: Sendable {
    static let pageSize = 1024

    private(set) var pages: [[UInt8]]
    /// The hold of a held seat or the order of a sold one; 0 for free and blocked.
    private(set) var claims: [UInt32]
    private(set) var counts: PlaceCounts
    /// Free seats by stretch, so a search skips stretches with too few.
    private(set) var freeByStretch: [UInt32]
    private(set) var freeByCategory: [Int]

    init(plan: SeatingPlan) {
        let count = plan.seats.count
        pages = stride(from: 0, to: count, by: SeatMap.pageSize).map { start in
            [UInt8](repeating: SeatState.free.rawValue, count: min(SeatMap.pageSize, count - start))
        }
        claims = [UInt32](repeating: 0, count: count)
        counts = PlaceCounts(free: count)
        freeByStretch = plan.stretches.map { UInt32($0.count) }
        freeByCategory = plan.seatsByCategory.map(\.count)
    }

    var count: Int { claims.count }

    func state(_ seat: Int) -> SeatState {
        // Only this map writes its pages.
        SeatState(rawValue: byte(seat)) ?? .blocked
    }

    func isFree(_ seat: Int) -> Bool {
        byte(seat) == SeatState.free.rawValue
    }

    private func byte(_ seat: Int) -> UInt8 {
        pages[seat / SeatMap.pageSize][seat % SeatMap.pageSize]
    }

    func claim(_ seat: Int) -> UInt32 {
        claims[seat]
    }

    mutating func set(_ seat: Int, to state: SeatState, claim: UInt32, plan: SeatingPlan) {
        let before = self.state(seat)
        pages[seat / SeatMap.pageSize][seat % SeatMap.pageSize] = state.rawValue
        claims[seat] = claim
        counts.move(1, from: before, to: state)
        let change = (state == .free ? 1 : 0) - (before == .free ? 1 : 0)
        if change != 0 {
            let stretch = Int(plan.stretchOfSeat[seat])
            freeByStretch[stretch] = UInt32(Int(freeByStretch[stretch]) + change)
            freeByCategory[plan.seats[seat].category] += change
        }
    }
}
