import OnsaleSale
import OnsaleValues
import Seeded
import Testing

/// Compares the sale with a simple model on thousands of random histories.
@Suite struct RandomHistoryTests {
    /// One step. Its numbers choose among what exists at that moment, so a history still works when steps are removed.
    enum Step: CustomStringConvertible {
        case hold(buyer: Int, seats: [Int], key: Int?, body: Int)
        case stand(buyer: Int, quantity: Int)
        case best(buyer: Int, category: Int, quantity: Int)
        case release(Int, buyer: Int?)
        case releaseAll(buyer: Int)
        case order(Int, buyer: Int?, key: Int, body: Int)
        case pay(Int, PaymentResult)
        case cancel(Int, byOrganizer: Bool)
        case takeBack(Int, [Int])
        case block([Int])
        case unblock([Int])
        case checkIn(Int)
        case change(ChangeTerms)
        case wait(Int64)

        var description: String {
            switch self {
            case .hold(let buyer, let seats, let key, let body): ".hold(\(buyer), \(seats), key \(key ?? -1)/\(body))"
            case .stand(let buyer, let quantity): ".stand(\(buyer), \(quantity))"
            case .best(let buyer, let category, let quantity): ".best(\(buyer), \(category), \(quantity))"
            case .release(let hold, let buyer): ".release(\(hold), \(buyer ?? -1))"
            case .releaseAll(let buyer): ".releaseAll(\(buyer))"
            case .order(let hold, let buyer, let key, let body): ".order(\(hold), \(buyer ?? -1), key \(key)/\(body))"
            case .pay(let order, let result): ".pay(\(order), \(result))"
            case .cancel(let order, let byOrganizer): ".cancel(\(order), \(byOrganizer))"
            case .takeBack(let order, let picks): ".takeBack(\(order), \(picks))"
            case .block(let seats): ".block(\(seats))"
            case .unblock(let seats): ".unblock(\(seats))"
            case .checkIn(let ticket): ".checkIn(\(ticket))"
            case .change(let change):
                ".change(\(change.prices), \(change.ticketsPerBuyer ?? -1), \(change.holdSeconds ?? -1))"
            case .wait(let milliseconds): ".wait(\(milliseconds))"
            }
        }
    }

    static let width = 6
    static let rows = 3
    static let buyers = 4

    static func history(seed: UInt64, length: Int) -> [Step] {
        var random = SeededRandom(seed: seed)
        return (0..<length).map { _ in step(&random) }
    }

    private static func step(_ random: inout SeededRandom) -> Step {
        let buyer = random.below(buyers)
        switch random.below(110) {
        case 0..<22:
            let first = random.below(width * rows)
            let seats = Array(Set((0...random.below(3)).map { min(width * rows - 1, first + $0) })).sorted()
            return .hold(
                buyer: buyer, seats: seats, key: random.below(3) == 0 ? random.below(6) : nil, body: random.below(2))
        case 22..<28: return .stand(buyer: buyer, quantity: 1 + random.below(4))
        case 28..<34: return .best(buyer: buyer, category: random.below(2), quantity: 1 + random.below(4))
        case 34..<39: return .release(random.below(50), buyer: random.below(4) == 0 ? buyer : nil)
        case 39..<41: return .releaseAll(buyer: buyer)
        case 41..<57:
            return .order(
                random.below(50), buyer: random.below(8) == 0 ? buyer : nil, key: random.below(40),
                body: random.below(2))
        case 57..<83: return .pay(random.below(50), result(&random))
        case 83..<88: return .cancel(random.below(50), byOrganizer: random.below(2) == 0)
        case 88..<90: return .block([random.below(width * rows), random.below(width * rows)].uniqued())
        case 90..<92: return .unblock([random.below(width * rows)])
        case 92..<95: return .checkIn(random.below(20))
        case 95..<101: return .takeBack(random.below(50), (0...random.below(3)).map { _ in random.below(4) })
        case 101..<105: return .change(change(&random))
        default: return .wait([1000, 60_000, 299_999, 300_000, 700_000, 90_000_000][random.below(6)])
        }
    }

    private static func change(_ random: inout SeededRandom) -> ChangeTerms {
        func perhaps<Value>(_ value: Value) -> Value? { random.below(2) == 0 ? value : nil }
        return ChangeTerms(
            prices: [random.below(3): [0, 70_000, 198_000][random.below(3)]],
            ticketsPerBuyer: perhaps(1 + random.below(6)), holdSeconds: perhaps([60, 300, 900][random.below(3)]))
    }

    private static func result(_ random: inout SeededRandom) -> PaymentResult {
        switch random.below(18) {
        case 0...2: .authorized(intent: "pi")
        // 0 stands for the order's own amount.
        case 3...5: .captured(intent: "pi", amount: 0)
        case 6: .captured(intent: "pi", amount: 1)
        case 7, 8: .declined(code: "card_declined")
        case 9: .captureRefused(code: "refused")
        case 10: .voided
        case 11: .actionRequired(intent: "pi", url: "https://bank.example")
        case 12: .mismatched(intent: random.below(2) == 0 ? "pi" : nil)
        case 13: .disputed(random.below(2) == 0)
        case 14: .refunded(total: 100)
        // What must have gone back of a part.
        case 15, 16: .refunded(total: -1)
        // Percent of the captured amount.
        default: .refunded(total: Int64(random.below(3)) * 50)
        }
    }

    @Test("Thousands of random histories match the model", arguments: 0..<40)
    func matchesModel(block: Int) {
        for seed in UInt64(block * 100)..<UInt64(block * 100 + 100) {
            let steps = Self.history(seed: seed, length: 120)
            guard let failure = Self.run(steps) else { continue }
            let short = Self.shrink(steps)
            Issue.record("seed \(seed): \(failure)\nshortest history: \(short)\nwhich gives: \(Self.run(short) ?? "")")
            return
        }
    }

    /// Shrinks a failing history: removes steps while the rest still fails.
    static func shrink(_ steps: [Step]) -> [Step] {
        var steps = steps
        var size = steps.count / 2
        while size >= 1 {
            var start = 0
            while start < steps.count {
                var fewer = steps
                fewer.removeSubrange(start..<min(start + size, steps.count))
                if run(fewer) != nil { steps = fewer } else { start += size }
            }
            size /= 2
        }
        return steps
    }

    /// - Returns: the first difference between sale and model; nil if they agree.
    static func run(_ steps: [Step]) -> String? {
        var run = ModelRun()
        for (index, step) in steps.enumerated() {
            if let difference = run.take(step) { return "step \(index) \(step): \(difference)" }
        }
        return run.recover()
    }
}

extension Array where Element == Int {
    fileprivate func uniqued() -> [Int] { Array(Set(self)).sorted() }
}
