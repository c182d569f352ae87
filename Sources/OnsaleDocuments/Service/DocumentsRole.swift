import Foundation
package import Logging
package import OnsaleBus
package import OnsaleTables
import OnsaleValues

/// The documents' service: makes tickets for orders that are confirmed, and voids those of orders that end.
///
/// The PDF and the calendar are made and kept when an order is confirmed; the other files are made when asked for.
package final class DocumentsRole: ServiceRole {
    /// What the operator decides.
    package struct Configuration: Sendable {
        package var language = DocumentLanguage.korean
        /// How many threads render, each with a low priority.
        package var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)

        package init() {}
    }

    /// How often to count, in seconds.
    private static let lookSeconds = 2
    private static let workers = 2

    package let name: String
    private let tables: any Tables
    private let desk: ServiceDesk
    private let crew: RenderingCrew
    private let language: DocumentLanguage
    private let status = DocumentsStatus()
    private let parts = SharedParts()
    private let logger: Logger

    /// - Parameter tables: of its own, with `db/services/documents`.
    package init(
        tables: any Tables, bus: any EventBus, configuration: Configuration = Configuration(), logger: Logger
    ) {
        let service = DocumentsService()
        name = service.name
        self.tables = tables
        self.logger = logger
        language = configuration.language
        desk = ServiceDesk(service, tables: tables, bus: bus, logger: logger)
        crew = RenderingCrew(
            size: configuration.threads, language: configuration.language, notice: FontNotice(logger))
    }

    /// `queued`: orders to be rendered; `files`; `voided`: orders whose tickets are void; `unprintable`: orders that were
    /// given up.
    package var counts: [String: Int] { status.counts }

    package var trouble: String? { desk.trouble ?? status.trouble }

    package func run() async {
        let worker = DocumentsWorker(tables: tables, desk: desk, crew: crew, status: status, logger: logger)
        await withDiscardingTaskGroup { group in
            group.addTask { [desk] in await desk.run() }
            // While one renders the other writes.
            for _ in 0..<DocumentsRole.workers { group.addTask { await worker.run() } }
            group.addTask { await self.look() }
        }
    }

    private func look() async {
        while !Task.isCancelled {
            do { try await status.look(at: tables) } catch {
                if !Task.isCancelled { status.fails("the tables of documents can't be read: \(error)") }
            }
            try? await Task.sleep(for: .seconds(DocumentsRole.lookSeconds))
        }
    }

    /// A file of an order: the PDF and the calendar as they were issued (`ord_….pdf`, `ord_….ics`), a ticket's card as SVG
    /// (`ord_…-1.svg`), and, of an order whose tickets are void, a calendar that takes the event out
    /// (`ord_…-cancelled.ics`).
    ///
    /// Of an order whose tickets are void the files are there still, and say since when.
    /// - Returns: nil if there is none of this name.
    /// - Throws: ``TablesError``, ``DamagedDocument``, ``RenderingFailure``, errors of the session.
    package func file(named text: String) async throws -> TicketFile? {
        guard let name = FileName(text) else { return nil }
        if name.isKept {
            return try await tables.read { [parts] in try DocumentStore.file(named: text, parts: parts, in: $0) }
        }
        guard let issued = try await tables.read({ try OrderStore.issued(name.order, in: $0) }) else { return nil }
        let message = try JSONDecoder().decode(OrderMessage.self, from: Data(issued.message.utf8))
        switch name.content {
        case .pdf, .calendar: return nil
        case .card(let number):
            return try await crew.card(number, of: message).map {
                TicketFile(name: text, contentType: "image/svg+xml", bytes: $0, voidedAt: issued.voidedAt)
            }
        case .cancellation:
            guard let voidedAt = issued.voidedAt else { return nil }
            let file = try OrderCalendar(
                message, in: language, zones: SystemTimeZones(), at: voidedAt, isCancelled: true
            ).file
            return TicketFile(
                name: file.name, contentType: file.contentType, bytes: file.own, voidedAt: voidedAt)
        }
    }
}
