import OnsaleValues
import Seeded
import Testing

@testable import OnsaleSettlement

func movement(
    _ order: String, _ kind: MovementKind, _ amount: Int64, at: Timestamp = monday, payment: String? = nil
) -> ExpectedMovement {
    ExpectedMovement(
        identity: "\(order)/\(kind)/\(at.milliseconds)", order: order, payment: payment ?? "pi_" + order, kind: kind,
        amount: amount, currency: "KRW", at: at, day: SettlementDay(at, offsetSeconds: 0))
}

func line(
    _ id: String, _ order: String?, _ kind: MovementKind?, _ amount: Int64?, currency: String = "KRW",
    payment: String? = nil, at: Timestamp = monday
) -> ProviderLine {
    ProviderLine(
        id: id, kind: kind, type: kind?.rawValue ?? "payout", amount: amount, fee: 0, net: amount ?? 0,
        currency: currency, source: "ch_" + id, payment: payment ?? order.map { "pi_" + $0 }, order: order,
        created: at, availableOn: at)
}

/// Every difference has its name.
@Suite struct ReconciliationTests {
    private func compare(
        _ expected: [ExpectedMovement], _ lines: [ProviderLine], daysLater: Int = 30
    ) throws -> Reconciliation {
        try Reconciliation(
            expected: expected, lines: lines, currency: "KRW", now: monday.adding(seconds: daysLater * 86_400),
            pendingDays: 3
        ) { SettlementDay($0, offsetSeconds: 0) }
    }

    private func names(
        _ expected: [ExpectedMovement], _ lines: [ProviderLine], daysLater: Int = 30
    ) throws -> [Difference.Name] {
        try compare(expected, lines, daysLater: daysLater).differences.map(\.name)
    }

    @Test("What is the same on both sides is no difference, even if it is listed past midnight or read twice")
    func agreement() throws {
        let evening = Timestamp(milliseconds: monday.milliseconds + 86_399_000)
        let expected = [movement("a", .charge, 100, at: evening), movement("a", .refund, -40, at: evening)]
        let next = evening.adding(seconds: 5)
        let lines = [line("1", "a", .charge, 100, at: next), line("2", "a", .refund, -40, at: next)]
        let result = try compare(expected, lines + lines)
        #expect(result.differences.isEmpty && result.agreed == 2)
        #expect(result.listed == [SettlementDay(monday, offsetSeconds: 0): 60])
    }

    @Test("Missing, unknown, another amount, another currency, twice")
    func names() throws {
        let charge = movement("a", .charge, 100)
        #expect(try names([charge], []) == [.missingAtProvider])
        #expect(try names([], [line("1", "a", .charge, 100)]) == [.unknownToUs])
        #expect(try names([charge], [line("1", "a", .charge, 90)]) == [.amountDiffers])
        #expect(try names([charge], [line("1", "a", .charge, nil)]) == [.amountDiffers])
        for absurd in [Int64.max, .min] {
            #expect(try names([charge], [line("1", "a", .charge, absurd)]) == [.amountDiffers])
        }
        #expect(try names([charge], [line("1", "a", .charge, 100, currency: "JPY")]) == [.currencyDiffers])
        #expect(try names([charge], [line("1", "a", .charge, 100), line("2", "a", .charge, 100)]) == [.twice])
        #expect(try names([charge], [line("1", "a", .refund, 100)]) == [.missingAtProvider, .unknownToUs])
        // A second payment for an order is none that we know.
        #expect(
            try names([charge], [line("1", "a", .charge, 100), line("2", "a", .charge, 100, payment: "pi_b")])
                == [.unknownToUs])
        // A fee or an adjustment of a kind we don't know, about an order's payment.
        #expect(try names([charge], [line("1", "a", .charge, 100), line("2", "a", nil, -5)]) == [.unknownToUs])
    }

    @Test("What may still follow is late on either side, and missing afterward")
    func late() throws {
        #expect(try names([movement("a", .charge, 100)], [], daysLater: 2) == [.late])
        #expect(try names([movement("a", .charge, 100)], [], daysLater: 3) == [.missingAtProvider])
        #expect(try names([], [line("1", "a", .charge, 100)], daysLater: 2) == [.late])
        #expect(try names([], [line("1", "a", .charge, 100)], daysLater: 3) == [.unknownToUs])
    }

    @Test("Payouts and the provider's own fees are of no order")
    func payouts() throws {
        let result = try compare([], [line("1", nil, nil, -5_000_000)])
        #expect(result.differences.isEmpty && result.listed.isEmpty)
    }

    @Test("Refunds that we saw as one, or that the provider made as one, agree in sum")
    func sums() throws {
        let two = [line("1", "a", .refund, -40), line("2", "a", .refund, -60)]
        #expect(try names([movement("a", .refund, -100)], two).isEmpty)
        let seen = [movement("a", .refund, -40), movement("a", .refund, -60, at: monday.adding(seconds: 1))]
        #expect(try names(seen, [line("1", "a", .refund, -100)]).isEmpty)
    }

    @Test("An order whose payment we haven't heard of is found by its own name")
    func byOrder() throws {
        let nameless = ExpectedMovement(
            identity: "1", order: "a", payment: nil, kind: .charge, amount: 100, currency: "KRW", at: monday,
            day: SettlementDay(monday, offsetSeconds: 0))
        #expect(try names([nameless], [line("1", "a", .charge, 100, payment: "pi_x")]).isEmpty)
    }

    @Test("What nobody can have paid is named, and spoils no sum")
    func absurd() throws {
        let lines = [line("1", "a", .charge, .max), line("2", "b", .charge, .max), line("3", "c", .charge, .min)]
        #expect(try names([], lines) == [.unknownToUs, .unknownToUs, .unknownToUs])
    }

    @Test("Of a list that was tampered with, exactly what was done is named", arguments: 1...150)
    func tampered(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var (expected, lines, wanted) = ([ExpectedMovement](), [ProviderLine](), [String]())
        for number in 0..<60 {
            let name = "o\(number)"
            // Sums that can't be met by chance.
            let amount = Int64(1000 + 2 * number)
            let (charge, listed) = (movement(name, .charge, amount), line("t\(number)", name, .charge, amount))
            func add(_ name: Difference.Name?, expects: Bool = true, _ listed: ProviderLine...) {
                if expects { expected.append(charge) }
                lines += listed
                if let name { wanted.append("\(name) o\(number)") }
            }
            switch Int.random(in: 0..<9, using: &random) {
            case 0: add(.missingAtProvider)
            case 1: add(.unknownToUs, expects: false, listed)
            case 2: add(.amountDiffers, line("t\(number)", name, .charge, amount + 1))
            case 3: add(.currencyDiffers, line("t\(number)", name, .charge, amount, currency: "USD"))
            case 4: add(.twice, listed, line("u\(number)", name, .charge, amount))
            case 5: add(nil, listed, listed)
            default: add(nil, listed)
            }
        }
        lines.shuffle(using: &random)
        expected.shuffle(using: &random)
        let result = try compare(expected, lines)
        let found = result.differences.map { "\($0.name) \($0.expected?.order ?? $0.line?.order ?? "")" }
        #expect(found.sorted() == wanted.sorted(), "seed \(seed)")
        let unique = Dictionary(lines.map { ($0.id, $0) }) { first, _ in first }
        let sum = unique.values.reduce(0) { $0 + ($1.currency == "KRW" ? $1.amount ?? 0 : 0) }
        #expect(result.listed.values.reduce(0, +) == sum)
    }
}
