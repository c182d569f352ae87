import OnsaleValues

/// Places taken together: numbered seats, or a quantity in one area.
public enum Places: Hashable, Sendable {
    /// In the order the buyer named them, or in plan order if chosen for the buyer.
    case seats([SeatIndex])
    case area(Int, quantity: Int)

    public var quantity: Int {
        switch self {
        case .seats(let seats): seats.count
        case .area(_, let quantity): quantity
        }
    }
}

extension Places {
    /// The places at these positions.
    func only(_ positions: [Int]) -> Places {
        switch self {
        case .seats(let seats): .seats(positions.map { seats[$0] })
        case .area(let area, _): .area(area, quantity: positions.count)
        }
    }
}

/// What a buyer asks to hold.
public enum Selection: Hashable, Sendable {
    /// Exactly these seats, all or none. They are distinct.
    case seats([SeatIndex])
    case area(Int, quantity: Int)
    /// The best free seats of a category, adjacent if possible; ``BestAvailable`` picks them.
    case best(category: Int, quantity: Int)

    public var quantity: Int {
        switch self {
        case .seats(let seats): seats.count
        case .area(_, let quantity): quantity
        case .best(_, let quantity): quantity
        }
    }
}

/// One line of a price: a quantity in one category.
public struct PriceLine: Hashable, Sendable {
    public let category: Int
    public let unitAmount: Int64
    public internal(set) var quantity: Int
}

extension Places {
    /// The price, one line per category, in the plan's category order.
    public func lines(plan: SeatingPlan, prices: [Int64]) -> [PriceLine] {
        switch self {
        case .area(let area, let quantity):
            let category = plan.areas[area].category
            return [PriceLine(category: category, unitAmount: prices[category], quantity: quantity)]
        case .seats(let seats):
            var lines: [PriceLine] = []
            for seat in seats {
                let category = plan[seat].category
                if let index = lines.firstIndex(where: { $0.category == category }) {
                    lines[index].quantity += 1
                } else {
                    lines.append(PriceLine(category: category, unitAmount: prices[category], quantity: 1))
                }
            }
            return lines.count == 1 ? lines : lines.sorted { $0.category < $1.category }
        }
    }
}

extension ByteWriter {
    mutating func write(places: Places) {
        switch places {
        case .seats(let seats):
            write(byte: 0)
            write(seats: seats)
        case .area(let area, let quantity):
            write(byte: 1)
            write(count: area)
            write(count: quantity)
        }
    }
}

extension ByteReader {
    mutating func places() throws(ByteReadingError) -> Places {
        switch try byte() {
        case 0: return .seats(try seats())
        case 1: return .area(try number(), quantity: try number())
        default: throw malformed
        }
    }
}
