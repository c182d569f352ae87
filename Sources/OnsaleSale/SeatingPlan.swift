import OnsaleValues

/// A seat's number in plan order, starting at 0.
@frozen
public struct SeatIndex: Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    public let value: UInt32

    @inlinable
    public init(_ value: UInt32) {
        self.value = value
    }

    @inlinable
    public init(integerLiteral value: UInt32) {
        self.value = value
    }

    init(_ offset: Int) {
        value = UInt32(offset)
    }

    /// Its index in the plan's `seats`.
    var offset: Int { Int(value) }

    @inlinable
    public static func < (left: SeatIndex, right: SeatIndex) -> Bool { left.value < right.value }
}

extension ByteWriter {
    mutating func write(seats: [SeatIndex]) {
        write(count: seats.count)
        for seat in seats { write(serial: seat.value) }
    }
}

extension ByteReader {
    mutating func seats() throws(ByteReadingError) -> [SeatIndex] {
        try serials().map { SeatIndex($0) }
    }
}

/// The seats and areas of an event. They never change during its sale.
///
/// Seats are numbered 0 … n−1 in plan order (zones, then rows, then seats as listed). What the hot path needs
/// (stretches of neighbours, seats by distance to the stage) is computed once, here.
public struct SeatingPlan: Sendable {
    /// A numbered place.
    public struct Seat: Hashable, Sendable {
        /// The `seat_guid` of the plan.
        public let name: String
        public let category: Int
        /// Its row, numbered across the whole plan.
        public let row: UInt32
        /// Position in the plan's units, zone and row offsets included.
        public let x: Int32
        public let y: Int32

        public init(name: String, category: Int, row: UInt32, x: Int32, y: Int32) {
            self.name = name
            self.category = category
            self.row = row
            self.x = x
            self.y = y
        }
    }

    /// Places without numbers.
    public struct Area: Hashable, Sendable {
        public let name: String
        public let capacity: Int
        public let category: Int

        public init(name: String, capacity: Int, category: Int) {
            self.name = name
            self.capacity = capacity
            self.category = category
        }
    }

    /// Seats of one row with no aisle between them; always consecutive in plan order.
    public struct Stretch: Hashable, Sendable {
        public let first: Int
        public let count: Int

        public var end: Int { first + count }
    }

    /// Consecutive seats of one row and one category.
    public struct Part: Hashable, Sendable {
        public let first: Int
        public let count: Int
        public let category: Int
    }

    /// A position in the plan's units.
    public struct Point: Hashable, Sendable {
        public let x: Int32
        public let y: Int32

        public init(x: Int32, y: Int32) {
            self.x = x
            self.y = y
        }
    }

    public let categories: [String]
    public let seats: [Seat]
    public let areas: [Area]
    public let stage: Point

    /// All seats, in plan order.
    public let parts: [Part]
    /// Each seat's part.
    let partOfSeat: [UInt32]
    /// Each seat's stretch.
    let stretchOfSeat: [UInt32]
    let stretches: [Stretch]
    /// Squared distance of each seat to the stage.
    let distances: [Int64]
    /// Each category's stretches, nearest first, with the squared distance of the category's nearest seat in each.
    let stretchesByCategory: [[RankedStretch]]
    /// Each category's seats, nearest first.
    let seatsByCategory: [[SeatIndex]]
    private let indexByName: [Name: SeatIndex]

    struct RankedStretch: Sendable {
        let stretch: UInt32
        let nearest: Int64
    }

    /// - Parameters:
    ///   - seats: in plan order; the seats of a row are consecutive, and names are unique.
    ///   - stage: where distances are measured from; nil means in front of the most expensive category (middle of its
    ///     width, at its front edge).
    ///   - prices: amount by category, to find the most expensive.
    public init(categories: [String], seats: [Seat], areas: [Area], stage: Point?, prices: [Int64]) {
        self.categories = categories
        self.seats = seats
        self.areas = areas
        let stage = stage ?? SeatingPlan.stage(before: seats, prices: prices)
        self.stage = stage

        let distances = seats.map { seat in
            let dx = Int64(seat.x) - Int64(stage.x)
            let dy = Int64(seat.y) - Int64(stage.y)
            return dx * dx + dy * dy
        }
        self.distances = distances
        let stretches = SeatingPlan.stretches(of: seats)
        self.stretches = stretches
        (parts, partOfSeat) = SeatingPlan.parts(of: seats)
        var stretchOfSeat = [UInt32](repeating: 0, count: seats.count)
        var ranked = [[RankedStretch]](repeating: [], count: categories.count)
        for (number, stretch) in stretches.enumerated() {
            var nearest: [Int: Int64] = [:]
            for seat in stretch.first..<stretch.end {
                stretchOfSeat[seat] = UInt32(number)
                let category = seats[seat].category
                nearest[category] = min(nearest[category] ?? .max, distances[seat])
            }
            for (category, distance) in nearest {
                ranked[category].append(RankedStretch(stretch: UInt32(number), nearest: distance))
            }
        }
        self.stretchOfSeat = stretchOfSeat
        stretchesByCategory = ranked.map { list in
            list.sorted { ($0.nearest, $0.stretch) < ($1.nearest, $1.stretch) }
        }
        var byCategory = [[SeatIndex]](repeating: [], count: categories.count)
        for (index, seat) in seats.enumerated() { byCategory[seat.category].append(SeatIndex(index)) }
        seatsByCategory = byCategory.map { list in
            list.sorted { (distances[$0.offset], $0) < (distances[$1.offset], $1) }
        }
        var indexByName = [Name: SeatIndex](minimumCapacity: seats.count)
        for (index, seat) in seats.enumerated() { indexByName[Name(seat.name)] = SeatIndex(index) }
        precondition(indexByName.count == seats.count, "seat names are unique")
        self.indexByName = indexByName
    }

    /// All places, seats and areas together.
    public var capacity: Int {
        areas.reduce(seats.count) { $0 + $1.capacity }
    }

    public subscript(seat: SeatIndex) -> Seat { seats[seat.offset] }

    /// The seat with that name.
    public func seat(named name: String) -> SeatIndex? {
        indexByName[Name(name)]
    }

    public func area(named name: String) -> Int? {
        areas.firstIndex { Name($0.name) == Name(name) }
    }

    public func category(named name: String) -> Int? {
        categories.firstIndex { Name($0) == Name(name) }
    }

    /// Whether no two names have the same bytes.
    public static func areDistinct(_ names: [String]) -> Bool {
        Set(names.map(Name.init)).count == names.count
    }

    /// A plan without a stage: assume it is where the most expensive seats begin.
    private static func stage(before seats: [Seat], prices: [Int64]) -> Point {
        guard let dearest = seats.map({ prices[$0.category] }).max() else { return Point(x: 0, y: 0) }
        let front = seats.filter { prices[$0.category] == dearest }
        let left = front.map(\.x).min() ?? 0
        let right = front.map(\.x).max() ?? 0
        return Point(x: Int32((Int64(left) + Int64(right)) / 2), y: front.map(\.y).min() ?? 0)
    }

    private static func parts(of seats: [Seat]) -> (parts: [Part], partOfSeat: [UInt32]) {
        var parts: [Part] = []
        var partOfSeat: [UInt32] = []
        partOfSeat.reserveCapacity(seats.count)
        var first = 0
        for index in seats.indices {
            partOfSeat.append(UInt32(parts.count))
            let next = index + 1
            if next < seats.count, seats[next].row == seats[index].row, seats[next].category == seats[index].category {
                continue
            }
            parts.append(Part(first: first, count: next - first, category: seats[index].category))
            first = next
        }
        return (parts, partOfSeat)
    }

    /// Splits rows at aisles: gaps between two seats of more than twice the row's median gap.
    private static func stretches(of seats: [Seat]) -> [Stretch] {
        var result: [Stretch] = []
        var rowStart = 0
        while rowStart < seats.count {
            var rowEnd = rowStart + 1
            while rowEnd < seats.count, seats[rowEnd].row == seats[rowStart].row { rowEnd += 1 }
            let gaps = (rowStart..<rowEnd - 1).map { squaredDistance(seats[$0], seats[$0 + 1]) }
            let aisle = gaps.isEmpty ? .max : gaps.sorted()[gaps.count / 2] * 4
            var first = rowStart
            for (offset, gap) in gaps.enumerated() where gap > aisle {
                result.append(Stretch(first: first, count: rowStart + offset + 1 - first))
                first = rowStart + offset + 1
            }
            result.append(Stretch(first: first, count: rowEnd - first))
            rowStart = rowEnd
        }
        return result
    }

    private static func squaredDistance(_ one: Seat, _ other: Seat) -> Int64 {
        let dx = Int64(one.x) - Int64(other.x)
        let dy = Int64(one.y) - Int64(other.y)
        return dx * dx + dy * dy
    }
}
