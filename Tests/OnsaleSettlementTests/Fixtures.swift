import Foundation
import OnsaleBus
import OnsaleSettlement
import OnsaleValues

/// 2027-03-01T00:00:00Z.
let monday = Timestamp(milliseconds: 1_803_859_200_000)

/// Seoul is nine hours ahead, the whole year round.
let seoul: ZoneOffset = { zone, _ in zone == "Asia/Seoul" ? 32_400 : 0 }

let won500AndThreePercent = FeeSchedule.Rule(
    currency: "KRW", from: Timestamp(milliseconds: 0), basis: .ticket, fixed: 500, perMille: 30, rounding: .up,
    isReturned: true)

func order(
    _ name: String, event: String = "evt_1", amount: Int64 = 20_000, refunded: Int64 = 0, currency: String = "KRW",
    lines: [OrderMessage.Line]? = nil, payment: String? = nil, reason: String? = nil, isSold: Bool = true
) -> OrderMessage {
    OrderMessage(
        event: OnsaleEvent(
            id: event, title: "Concert", venue: "Hall", startsAt: "2027-06-01T10:00:00Z", currency: currency,
            timeZone: "Asia/Seoul"),
        order: name, buyer: "byr_1", amount: amount, refundedAmount: refunded, placedAt: "2027-03-01T00:00:00Z",
        lines: lines ?? [.init(category: "R", unitAmount: amount / 2, quantity: 2)],
        tickets: isSold ? [.init(ticket: "tkt_" + name, area: "A", category: "R", barcode: "let-me-in")] : [],
        payment: payment ?? "pi_" + name, reason: reason)
}

func event(
    _ type: EventType, _ sequence: Int, _ order: OrderMessage, at: Timestamp = monday
) -> CloudEvent {
    CloudEvent(
        id: "\(order.event.id)/\(sequence)", type: type, subject: order.order, time: at, key: order.event.id,
        data: (try? JSONEncoder().encode(order)).map(Array.init) ?? [])
}

extension Book {
    /// What an account has.
    func balance(_ account: Account) throws -> Int64 { try balances()[account] ?? 0 }
}
