import Foundation
import OnsaleBus
import OnsaleValues

@testable import OnsaleEligibility

/// 2027-03-01T00:00:00Z.
let monday = Timestamp(milliseconds: 1_803_859_200_000)

func after(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: monday.milliseconds + milliseconds) }

func order(_ name: String = "ord_1", url: String? = "https://fans.example/check", deadlineSeconds: Int = 60)
    -> OrderMessage
{
    OrderMessage(
        event: OnsaleEvent(
            id: "evt_1", title: "Concert", venue: "Hall", startsAt: "2027-06-01T10:00:00Z", currency: "KRW",
            eligibility: url.map { .init(url: $0, deadlineSeconds: deadlineSeconds) }),
        order: name, buyer: "byr_1", amount: 20_000, placedAt: "2027-03-01T00:00:00Z", lines: [],
        tickets: [.init(ticket: "tkt_1", seat: "A-1", category: "R", barcode: "let-me-in")], proof: "fan 7")
}

/// What the sale says, with its message.
func news(
    _ type: EventType, _ sequence: Int, _ order: OrderMessage, at: Timestamp = systemNow()
) throws -> CloudEvent {
    CloudEvent(
        id: "\(order.event.id)/\(sequence)", type: type, subject: order.order, time: at, key: order.event.id,
        traceparent: "00-\(sequence)-2-01", data: Array(try JSONEncoder().encode(order)))
}

@Sendable func systemNow() -> Timestamp {
    Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
}

func confirmed(_ order: OrderMessage, at: Timestamp = monday, type: EventType = .orderConfirmed) -> CloudEvent {
    CloudEvent(
        id: "evt_1/7", type: type, subject: order.order, time: at, key: order.event.id, traceparent: "00-1-2-01",
        data: [])
}

func ask(
    _ name: String = "ord_1", url: String = "https://fans.example/check", at: Timestamp = monday,
    deadlineSeconds: Int = 60
) throws -> EligibilityAsk {
    let message = order(name, url: url, deadlineSeconds: deadlineSeconds)
    guard let ask = try EligibilityAsk(confirmed(message, at: at), message) else {
        throw UnusableAsk("has nothing to ask")
    }
    return ask
}

let yes = EligibilityAnswer(isEligible: true)
let no = EligibilityAnswer(isEligible: false, reason: "no member")
