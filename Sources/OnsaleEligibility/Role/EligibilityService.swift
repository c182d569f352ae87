import Foundation
package import OnsaleBus
package import OnsaleMigrations
import OnsaleTables

/// Notes which orders an organizer is to be asked about.
package struct EligibilityService: TableService {
    package let name = "eligibility"
    package let topics: [Topic] = [.orders]
    /// Orders have a deadline.
    package let isPatient = false

    package init() {}

    /// A confirmed order of an event with a check is asked about once, however often it is confirmed; one that has ended
    /// meanwhile is not. What is to be said follows later.
    package func take(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws -> [CloudEvent] {
        guard [.orderConfirmed, .orderCancelled, .orderRefunded].contains(event.type) else { return [] }
        guard let order = try? JSONDecoder().decode(OrderMessage.self, from: Data(event.data)) else {
            throw Unacceptable("the message is no order")
        }
        guard event.subject == order.order, event.key == order.event.id else {
            throw Unacceptable("the message is about another order or event than it says")
        }
        let store = EligibilityStore(session)
        switch event.type {
        case .orderConfirmed:
            do {
                if let ask = try EligibilityAsk(event, order) { try store.admit(ask) }
            } catch let error as UnusableAsk {
                throw Unacceptable("the order \(error)")
            }
        // Tickets of which part of the money went back are still good.
        case .orderRefunded where order.refundedAmount < order.amount: break
        default: try store.withdraw(order, by: event)
        }
        return []
    }
}
