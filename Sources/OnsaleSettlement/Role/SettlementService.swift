import Foundation
package import OnsaleBus
package import OnsaleMigrations
import OnsaleTables

/// Books what the sale says about money.
package struct SettlementService: TableService {
    package let name = "settlement"
    package let topics: [Topic] = [.orders]

    private let fees: FeeSchedule
    private let offset: ZoneOffset

    package init(fees: FeeSchedule, offset: @escaping ZoneOffset) {
        self.fees = fees
        self.offset = offset
    }

    package func take(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws -> [CloudEvent] {
        guard [.orderConfirmed, .orderCancelled, .orderRefunded].contains(event.type) else { return [] }
        guard let order = try? JSONDecoder().decode(OrderMessage.self, from: Data(event.data)) else {
            throw Unacceptable("the message is no order")
        }
        do {
            try SettlementStore(session).take(event, order, fees: fees, offset: offset)
        } catch let error as SettlementError where error.code != .damaged {
            throw Unacceptable(error.description)
        }
        return []
    }
}
