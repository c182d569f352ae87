import Foundation
import OnsaleBus
import OnsaleTables
import OnsaleValues

extension OrderStore.Confirmation {
    /// What the bus hears when the order's files are there.
    /// - Throws: ``UnprintableOrder`` if that is more than a bus takes.
    func issued(_ files: [RenderedFile], at now: Int64) throws -> CloudEvent {
        // `TicketsIssued`, around the order as it came: encoding it anew would cost as much as its calendar.
        let documents = try JSONEncoder().encode(files.map(\.document))
        let data = Array(#"{"documents":"#.utf8) + documents + Array(#","order":"#.utf8) + Array(message.utf8) + [0x7d]
        guard data.count <= CloudEvent.dataBytesMax else { throw UnprintableOrder("is too large to be told of") }
        return CloudEvent(
            id: cause, type: .ticketsIssued, subject: order, time: Timestamp(milliseconds: now), key: event,
            traceparent: traceparent, data: data)
    }
}
