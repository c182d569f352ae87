import Foundation
import OnsaleValues
import Testing

@testable import OnsaleSale

/// Every event at every stage of a payment.
@Suite struct PaymentMachineTests {
    /// All events, in the words of docs/payments.md.
    private static let events: [(name: String, event: PaymentEvent)] = [
        ("an intent, not decided", .answered(.pending(intent: "pi_1"))),
        ("the payer must confirm", .answered(.actionRequired(intent: "pi_1", url: "https://bank.example"))),
        ("authorized", .answered(.authorized(intent: "pi_1"))),
        ("captured", .answered(.captured(intent: "pi_1", amount: 198_000))),
        ("captured, another amount", .answered(.captured(intent: "pi_1", amount: 1))),
        ("declined", .answered(.declined(code: "card_declined"))),
        ("not what was asked for", .answered(.mismatched(intent: "pi_1"))),
        ("not what was asked for, another's intent", .answered(.mismatched(intent: nil))),
        ("never to be captured", .answered(.captureRefused(code: "payment_missing"))),
        ("nothing reserved any more", .answered(.voided)),
        ("all has gone back", .answered(.refunded(total: 198_000))),
        ("a part has gone back", .answered(.refunded(total: 1000))),
        ("nothing has gone back after all", .answered(.refunded(total: 0))),
        ("disputed", .answered(.disputed(true))),
        ("the dispute was won", .answered(.disputed(false))),
        ("nothing decided for 10 minutes", .timedOut),
        ("cancelled", .cancelled(byOrganizer: true, reason: nil, key: nil)),
        ("a ticket is taken back", .partReturned(positions: [2], amount: 1000, reason: nil, key: nil)),
    ]

    private static let order = OrderID(1)

    /// A sale whose only order has reached the stage.
    private static func sale(at stage: PaymentStage) -> Sale {
        var sale = Hall.sale(rows: 2, width: 4)
        // The seats of the second row cost nothing.
        sale.ask(HoldPlaces(.seats([0, 4, 5]), buyer: Hall.buyer(1), pass: 1, key: nil))
        sale.ask(PlaceOrder(1, buyer: Hall.buyer(1), paymentMethod: "card", trace: nil, key: Hall.key(1)))
        let results: [PaymentResult] =
            switch stage {
            case .authorizing: []
            case .requiresAction: [.actionRequired(intent: "pi_1", url: "https://bank.example")]
            case .capturing: [.authorized(intent: "pi_1")]
            case .confirmed, .returning, .refunding, .refunded: [.captured(intent: "pi_1", amount: 198_000)]
            case .releasing: [.mismatched(intent: "pi_1")]
            case .owing: [.declined(code: "card_declined"), .captured(intent: "pi_1", amount: 198_000)]
            case .closed: [.declined(code: "card_declined")]
            }
        sale.ask(SettlePayment(order, results))
        if stage == .returning { sale.ask(ReturnTickets([1], of: order, reason: nil, key: nil)) }
        if stage == .refunding || stage == .refunded { sale.ask(CancelOrder(order, buyer: nil, key: nil)) }
        if stage == .refunded { sale.ask(SettlePayment(order, [.refunded(total: 198_000)])) }
        return sale
    }

    /// The outcome of an event: the facts' names, and the sale afterward.
    private static func outcome(of event: PaymentEvent, at stage: PaymentStage) throws -> (facts: [String], sale: Sale)
    {
        var sale = sale(at: stage)
        if case .answered(.disputed(false)) = event { sale.ask(SettlePayment(order, [.disputed(true)])) }
        var facts: [SaleFact] = []
        sale.advance(try #require(sale.order(order)), on: event, now: Hall.start, facts: &facts)
        return (facts.map { "\(type(of: $0.body))" }, sale)
    }

    @Test("Every stage is reachable, and no event breaks a rule at any stage", arguments: PaymentStage.allCases)
    func everyEvent(stage: PaymentStage) throws {
        #expect(Self.sale(at: stage).order(Self.order)?.stage == stage)
        for (name, event) in Self.events {
            let sale = try Self.outcome(of: event, at: stage).sale
            #expect(sale.breaches().isEmpty && sale.fault == nil, "\(name) at \(stage)")
        }
    }

    @Test("A finished payment needs nothing from the provider; any other does", arguments: PaymentStage.allCases)
    func duties(stage: PaymentStage) throws {
        let duty = try #require(Self.sale(at: stage).order(Self.order)).duty
        #expect((duty == nil) == [.confirmed, .closed, .refunded].contains(stage))
    }

    @Test("docs/payments.md matches the machine (ONSALE_WRITE_DOCS=1 updates it)")
    func document() throws {
        let url = URL(filePath: #filePath).appending(path: "../../../docs/payments.md").standardized
        let text = try String(contentsOf: url, encoding: .utf8)
        let marks = ("<!-- the machine -->\n", "<!-- end -->\n")
        let start = try #require(text.range(of: marks.0)).upperBound
        let end = try #require(text.range(of: marks.1)).lowerBound
        let table = try Self.table()
        if ProcessInfo.processInfo.environment["ONSALE_WRITE_DOCS"] != nil {
            try (text[..<start] + table + text[end...]).write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(text[start..<end] == table)
        }
    }

    private static func table() throws -> String {
        var rows = "| stage | what happens | facts | stage after it | asked next |\n| --- | --- | --- | --- | --- |\n"
        for stage in PaymentStage.allCases {
            var lines: [(events: [String], rest: String)] = []
            for (name, event) in events {
                let (facts, sale) = try outcome(of: event, at: stage)
                guard !facts.isEmpty, let order = sale.order(order) else { continue }
                let rest =
                    "\(facts.joined(separator: ", ")) | \(order.stage == stage ? "stays" : "\(order.stage)") | "
                    + "\(order.duty.map { "\($0)" } ?? "nothing")"
                if let same = lines.firstIndex(where: { $0.rest == rest }) {
                    lines[same].events.append(name)
                } else {
                    lines.append(([name], rest))
                }
            }
            for line in lines { rows += "| \(stage) | \(line.events.joined(separator: "; ")) | \(line.rest) |\n" }
        }
        return rows
    }
}
