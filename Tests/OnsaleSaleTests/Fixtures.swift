import OnsaleSale
import OnsaleValues
import Seeded

extension SeededRandom {
    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}

enum Hall {
    /// Rows of adjacent seats named `r-s`, category 0 in the first row and 1 elsewhere, and an area of category 2.
    static func plan(rows: Int, width: Int, standing: Int = 5) -> SeatingPlan {
        var seats: [SeatingPlan.Seat] = []
        for row in 0..<rows {
            for seat in 0..<width {
                seats.append(
                    .init(
                        name: "\(row)-\(seat)", category: row == 0 ? 0 : 1, row: UInt32(row), x: Int32(seat * 10),
                        y: Int32(row * 10)))
            }
        }
        return SeatingPlan(
            categories: ["VIP", "R", "Standing"], seats: seats,
            areas: [.init(name: "Standing", capacity: standing, category: 2)], stage: nil, prices: prices)
    }

    static let prices: [Int64] = [198_000, 0, 132_000]

    static func sale(
        rows: Int, width: Int, standing: Int = 5, limit: Int = 4, preventOrphans: Bool = false
    ) -> Sale {
        Sale(
            plan: plan(rows: rows, width: width, standing: standing),
            terms: SaleTerms(prices: prices, ticketsPerBuyer: limit, holdSeconds: 300, preventOrphans: preventOrphans))
    }

    static func buyer(_ number: Int) -> BuyerID { BuyerID(high: 7, low: UInt64(number)) }

    static func key(_ number: Int, body: Int = 0) -> IdempotencyKey {
        IdempotencyKey(
            key: Digest128(high: 1, low: UInt64(number)), fingerprint: Digest128(high: 2, low: UInt64(body)))
    }

    static let start = Timestamp(milliseconds: 1_800_000_000_000)
}

extension Sale {
    /// The outcome of a command.
    mutating func ask<Command: SaleCommand>(
        _ command: Command, at now: Timestamp = Hall.start, facts: inout [SaleFact]
    ) -> Result<Command.Answer, Refusal> {
        do throws(Refusal) {
            return .success(try apply(command, now: now, facts: &facts))
        } catch {
            return .failure(error)
        }
    }

    /// The same, without the facts.
    @discardableResult
    mutating func ask<Command: SaleCommand>(
        _ command: Command, at now: Timestamp = Hall.start
    ) -> Result<Command.Answer, Refusal> {
        var facts: [SaleFact] = []
        return ask(command, at: now, facts: &facts)
    }

    var seatText: String { String(decoding: seatPages.joined(), as: UTF8.self) }
}
