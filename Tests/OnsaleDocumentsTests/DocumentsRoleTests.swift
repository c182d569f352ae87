import Foundation
import Logging
import OnsaleBus
import OnsaleTables
import OnsaleValues
import Servers
import TestTables
import Testing

@testable import OnsaleDocuments

/// Documents from message to message, on every kind of tables.
@Suite(.timeLimit(.minutes(5))) struct DocumentsRoleTests {
    private static func event(
        _ type: EventType, _ sequence: Int, _ message: OrderMessage, refunded: Int64 = 0
    ) throws -> CloudEvent {
        var message = message
        message.refundedAmount = refunded
        return CloudEvent(
            id: "world-tour/\(sequence)", type: type, subject: message.order,
            time: Timestamp(milliseconds: 1_800_000_000_000), key: "world-tour",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            data: Array(try JSONEncoder().encode(message)))
    }

    /// Runs `body` with a role that works, and ends it as if the process died.
    private func live(
        _ open: () throws -> any Tables, _ bus: any EventBus, _ body: (DocumentsRole) async throws -> Void
    ) async throws {
        let tables = try open()
        let role = DocumentsRole(tables: tables, bus: bus, threads: 1, logger: Logger(label: "test"))
        let work = Task { await role.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(role)) } catch { result = .failure(error) }
        work.cancel()
        await work.value
        await tables.close()
        try result.get()
    }

    @Test(
        "Files are made once an order is confirmed, told once, and void once it is taken back; whatever dies or comes twice",
        arguments: TablesKind.allCases)
    func story(kind: TablesKind) async throws {
        try await withTables(kind, of: "documents") { open in
            let folder = try TemporaryFolder()
            let bus = TableBus(try sqliteTables("bus", in: folder))
            let listener = Listener([.tickets], on: bus)
            let message = order()
            let confirmed = try Self.event(.orderConfirmed, 7, message)
            try await bus.publish([try Self.event(.orderPlaced, 5, message), confirmed, confirmed])
            var issued: TicketsIssued?
            try await live(open, bus) { role in
                let events = try await listener.wait(for: 1, of: .ticketsIssued)
                #expect(events.map(\.id) == [confirmed.id] && events.first?.traceparent == confirmed.traceparent)
                issued = try JSONDecoder().decode(TicketsIssued.self, from: Data(try #require(events.first).data))
                let documents = try #require(issued?.documents)
                #expect(documents.map(\.contentType).sorted() == ["application/pdf", "text/calendar; charset=utf-8"])
                for document in documents {
                    let found = try #require(try await role.file(named: document.name))
                    #expect(found.file.document == document && !found.isVoid)
                }
                let drawing = try #require(try await role.file(named: message.order + "-2.svg"))
                #expect(drawing.file.contentType == "image/svg+xml")
                #expect(try await role.file(named: message.order + "-3.svg") == nil)
            }
            // Another process, to which the confirmation comes once more, and part of the money goes back.
            try await bus.publish([confirmed, try Self.event(.orderRefunded, 9, message, refunded: 1)])
            let cancelled = try Self.event(.orderCancelled, 11, message, refunded: 1)
            try await bus.publish([cancelled, try Self.event(.orderRefunded, 12, message, refunded: message.amount)])
            try await live(open, bus) { role in
                let voided = try await listener.wait(for: 1, of: .ticketsVoided)
                #expect(voided.map(\.id) == [cancelled.id])
                let data = try JSONDecoder().decode(TicketsVoided.self, from: Data(try #require(voided.first).data))
                #expect(data.tickets == message.tickets.map(\.ticket))
                #expect(try await listener.wait(for: 1, of: .ticketsIssued).count == 1)
                let name = try #require(issued?.documents.first?.name)
                #expect(try await role.file(named: name)?.isVoid == true)
            }
            // The dispute, which it was, is won.
            try await bus.publish([try Self.event(.orderConfirmed, 20, message)])
            try await live(open, bus) { role in
                let issued = try await listener.wait(for: 2, of: .ticketsIssued)
                #expect(issued.map(\.id) == [confirmed.id, "world-tour/20"])
                let paper = try await role.file(named: message.order + ".pdf")
                #expect(paper?.isVoid == false)
            }
            await bus.close()
        }
    }

    @Test("An order that can't be printed stops no other, and one that is taken back before is not issued any more")
    func misfits() async throws {
        try await withTables(.sqlite, of: "documents") { open in
            let folder = try TemporaryFolder()
            let bus = TableBus(try sqliteTables("bus", in: folder))
            let listener = Listener([.tickets], on: bus)
            let (bad, gone, good) = (
                order(id: "ord_bad", barcode: { _ in "no token\n" }), order(id: "ord_gone"), order(id: "ord_good")
            )
            try await bus.publish([
                try Self.event(.orderConfirmed, 1, bad), try Self.event(.orderConfirmed, 2, gone),
                try Self.event(.orderCancelled, 3, gone), try Self.event(.orderConfirmed, 4, good),
            ])
            try await live(open, bus) { role in
                #expect(try await listener.wait(for: 1, of: .ticketsIssued).map(\.subject) == ["ord_good"])
                #expect(try await listener.wait(for: 1, of: .ticketsVoided).map(\.subject) == ["ord_gone"])
                for _ in 0..<500 where role.counts["unprintable"] != 1 { try await Task.sleep(for: .milliseconds(10)) }
                #expect(role.counts == ["due": 0, "issued": 1, "void": 1, "unprintable": 1])
            }
            await bus.close()
        }
    }
}
