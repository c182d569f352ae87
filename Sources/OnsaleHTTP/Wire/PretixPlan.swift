import OnsaleSale

/// A seating plan in pretix's open format, as far as a sale needs it.
/// <https://github.com/pretix/pretix/blob/master/src/pretix/static/seating/seating-plan.schema.json>
struct PretixPlan: Decodable {
    struct Position: Decodable {
        let x: Double
        let y: Double
    }

    struct Category: Decodable {
        let name: String
    }

    struct Seat: Decodable {
        let name: String
        let position: Position
        let category: String

        private enum CodingKeys: String, CodingKey {
            case name = "seat_guid"
            case position, category
        }
    }

    struct Row: Decodable {
        let position: Position?
        let seats: [Seat]
    }

    struct Area: Decodable {
        let position: Position?
        let text: String?

        private enum CodingKeys: String, CodingKey {
            case position, text
        }

        private struct Text: Decodable {
            let text: String?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            position = try container.decodeIfPresent(Position.self, forKey: .position)
            // Some editors write a string here, others an object with its style.
            text =
                (try? container.decodeIfPresent(String.self, forKey: .text))
                ?? (try? container.decodeIfPresent(Text.self, forKey: .text))?.text
        }
    }

    struct Zone: Decodable {
        let position: Position?
        let rows: [Row]?
        let areas: [Area]?
    }

    let name: String?
    let categories: [Category]
    let zones: [Zone]
}

extension PretixPlan {
    static let seatsMax = 250_000
    static let nameBytesMax = 200

    /// The seats in plan order. Adds what is wrong with them to `faults`.
    func seats(categories: [Name: Int], faults: inout Faults) -> [SeatingPlan.Seat] {
        var seats: [SeatingPlan.Seat] = []
        var names: Set<Name> = []
        var rowNumber: UInt32 = 0
        for (zoneIndex, zone) in zones.enumerated() {
            for (rowIndex, row) in (zone.rows ?? []).enumerated() {
                rowNumber += 1
                for (seatIndex, seat) in row.seats.enumerated() {
                    let pointer = { "/seatingPlan/zones/\(zoneIndex)/rows/\(rowIndex)/seats/\(seatIndex)" }
                    let name = seat.name
                    if name.isEmpty || name.utf8.count > PretixPlan.nameBytesMax {
                        faults.add(pointer() + "/seat_guid", "must have 1 to \(PretixPlan.nameBytesMax) bytes")
                    }
                    if !names.insert(Name(name)).inserted {
                        faults.add(pointer() + "/seat_guid", "is there twice: \(name)")
                    }
                    guard let category = categories[Name(seat.category)] else {
                        faults.add(pointer() + "/category", "is not among the plan's categories: \(seat.category)")
                        continue
                    }
                    guard let x = PretixPlan.sum(zone.position?.x, row.position?.x, seat.position.x),
                        let y = PretixPlan.sum(zone.position?.y, row.position?.y, seat.position.y)
                    else {
                        faults.add(pointer() + "/position", "is out of range")
                        continue
                    }
                    seats.append(.init(name: name, category: category, row: rowNumber, x: x, y: y))
                }
            }
        }
        if seats.count > PretixPlan.seatsMax {
            faults.add("/seatingPlan", "has more than \(PretixPlan.seatsMax) seats")
        }
        return seats
    }

    /// Where the plan draws its stage, if it does.
    var stage: SeatingPlan.Point? {
        for zone in zones {
            for area in zone.areas ?? [] where ["stage", "무대"].contains(area.text?.lowercased()) {
                if let x = PretixPlan.sum(zone.position?.x, area.position?.x, 0),
                    let y = PretixPlan.sum(zone.position?.y, area.position?.y, 0)
                {
                    return .init(x: x, y: y)
                }
            }
        }
        return nil
    }

    static func sum(_ zone: Double?, _ row: Double?, _ seat: Double) -> Int32? {
        let value = (zone ?? 0) + (row ?? 0) + seat
        return abs(value) <= 10_000_000 ? Int32(value.rounded()) : nil
    }
}
