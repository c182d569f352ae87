import OnsaleBus
import OnsaleValues
import Seeded

@testable import OnsaleSettlement

func modelFees() throws -> FeeSchedule {
    let from = Timestamp(milliseconds: 0)
    return try FeeSchedule([
        .init(
            currency: "KRW", from: from, basis: .ticket, fixed: 500, perMille: 33, rounding: .up, isReturned: true),
        .init(category: "S", from: from, basis: .ticket, perMille: 17, rounding: .halfUp),
        .init(event: "evt_1", from: from, basis: .order, perMille: 5, rounding: .down, isReturned: true),
    ])
}

struct Told {
    let event: CloudEvent
    let message: OrderMessage
}

/// What each day should have, computed from the orders' messages in their order by simple sums.
func bookModel(_ history: [Told], _ fees: FeeSchedule) throws -> [Book.Page: [Account: Int64]] {
    var pages: [Book.Page: [Account: Int64]] = [:]
    for messages in Dictionary(grouping: history, by: \.message.order).values {
        var last: [Account: Int64] = [:]
        for told in messages.sorted(by: { $0.event.id.suffix(6) < $1.event.id.suffix(6) }) {
            let message = told.message
            let charge = try fees.charge(for: message)
            let isDispute = message.reason == "dispute"
            let owed =
                told.event.type == .orderCancelled && !isDispute ? message.amount - message.refundedAmount : 0
            let disputed = isDispute ? message.amount - message.refundedAmount : 0
            let gone = message.refundedAmount + owed
            var returned = 0.0
            if message.amount > 0 {
                returned = Double(charge.returnable) * Double(gone) / Double(message.amount)
            }
            let isSold = told.event.type == .orderConfirmed || !message.tickets.isEmpty
            let fee = !isSold ? 0 : charge.amount - Int64(returned.rounded(.toNearestOrEven))
            let rounding = fee == 0 ? 0 : charge.rounding
            let now: [Account: Int64] = [
                .provider: message.amount - message.refundedAmount - disputed, .refunds: -owed,
                .disputes: disputed, .fees: rounding - fee, .rounding: -rounding,
                .organizer: gone + fee - message.amount,
            ]
            let day = SettlementDay(told.event.time, offsetSeconds: 32_400)
            for account in Account.allCases {
                pages[.init(event: message.event.id, day: day), default: [:]][account, default: 0] +=
                    (now[account] ?? 0) - (last[account] ?? 0)
            }
            last = now
        }
    }
    return pages
}

/// An order's messages, as the sale may tell them.
func told(_ random: inout SeededRandom, orders: Int) -> [Told] {
    var history: [Told] = []
    var sequence = 100_000
    for number in 0..<orders {
        let isLate = random.happens(0.1)
        let quantity = Int.random(in: 1...4, using: &random)
        let unit = Int64.random(in: 1...999_983, using: &random)
        let amount = unit * Int64(quantity)
        let lines = [
            OrderMessage.Line(
                category: ["R", "S"].randomElement(using: &random) ?? "R", unitAmount: unit, quantity: quantity)
        ]
        var (at, refunded) = (monday.adding(seconds: Int.random(in: 0...500_000, using: &random)), Int64.zero)
        func tell(_ type: EventType, _ reason: String? = nil) {
            sequence += 1
            let message = order(
                "ord_\(number)", event: "evt_\(number % 3)", amount: amount, refunded: refunded, lines: lines,
                reason: reason,
                isSold: !isLate)
            history.append(Told(event: event(type, sequence, message, at: at), message: message))
        }
        if isLate {
            refunded = amount
            tell(.orderRefunded)
            continue
        }
        tell(.orderConfirmed)
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            at = at.adding(seconds: Int.random(in: 0...200_000, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                refunded = Int64.random(in: 0..<amount, using: &random)
                tell(.orderRefunded, "provider")
            case 1: tell(.orderCancelled, "buyer")
            case 2:
                refunded = amount
                tell(.orderRefunded, "buyer")
            case 3:
                // A refund that failed.
                refunded = 0
                tell(.orderCancelled, "buyer")
            case 4 where refunded < amount: tell(.orderCancelled, "dispute")
            default: tell(.orderConfirmed)
            }
        }
    }
    return history
}
