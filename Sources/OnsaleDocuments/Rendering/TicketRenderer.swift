package import OnsaleBus
package import OnsaleValues

/// Makes the files of orders. It has a font map of its own, which takes some megabytes and a while to fill: make one for
/// each thread and keep it. It isn't `Sendable`: one thread at a time.
package final class TicketRenderer {
    private let typesetters: [DocumentLanguage: PangoTypesetter]

    /// - Parameter notice: hears if there are no Korean letters.
    package init(notice: FontNotice) {
        var typesetters: [DocumentLanguage: PangoTypesetter] = [:]
        for language in DocumentLanguage.allCases { typesetters[language] = PangoTypesetter(language: language) }
        self.typesetters = typesetters
        if typesetters[.korean]?.hasKorean == false { notice.missingKorean() }
    }

    /// What a confirmed order's buyer is sent: all tickets as PDF, and the event for a calendar. The same order has the
    /// same files.
    /// - Throws: ``UnprintableOrder``, ``RenderingFailure``.
    package func paper(
        of order: OrderMessage, in language: DocumentLanguage, zones: some TimeZones = SystemTimeZones()
    ) throws -> [TicketFile] {
        guard let placedAt = RFC3339.parse(order.placedAt) else {
            throw UnprintableOrder("has a placedAt that is no date-time of RFC 3339")
        }
        let pages = try pages(of: order, in: language, zones: zones)
        return [
            TicketFile(
                name: order.order + ".pdf", contentType: "application/pdf", bytes: try pdf(pages, createdAt: placedAt)),
            try OrderCalendar(order, in: language, zones: zones, at: placedAt, isCancelled: false).file,
        ]
    }

    /// Each ticket of an order as SVG.
    /// - Throws: ``UnprintableOrder``.
    package func drawings(
        of order: OrderMessage, in language: DocumentLanguage, zones: some TimeZones = SystemTimeZones()
    ) throws -> [TicketFile] {
        try pages(of: order, in: language, zones: zones).map { page in
            TicketFile(
                name: "\(order.order)-\(page.sheet.number).svg", contentType: "image/svg+xml", bytes: svg(page))
        }
    }

    /// The pages of an order, one a ticket.
    /// - Throws: ``UnprintableOrder``.
    package func pages(
        of order: OrderMessage, in language: DocumentLanguage, zones: some TimeZones = SystemTimeZones()
    ) throws(UnprintableOrder) -> [TicketPage] {
        var pages: [TicketPage] = []
        for sheet in try TicketSheet.sheets(of: order, in: language, zones: zones) {
            pages.append(try TicketPage(sheet, by: typesetter(language)))
        }
        return pages
    }

    /// Pages of one language that this has made, as PDF.
    /// - Throws: ``RenderingFailure``.
    package func pdf(_ pages: [TicketPage], createdAt: Timestamp) throws(RenderingFailure) -> [UInt8] {
        guard let language = pages.first?.sheet.language else { throw RenderingFailure("there are no pages") }
        return try PDFDrawing.bytes(pages, createdAt: createdAt, by: typesetter(language))
    }

    /// A page's ticket as SVG.
    package func svg(_ page: TicketPage) -> [UInt8] { SVGDrawing.bytes(page) }

    private func typesetter(_ language: DocumentLanguage) -> PangoTypesetter {
        guard let typesetter = typesetters[language] else {
            preconditionFailure("every language has its typesetter from the beginning")
        }
        return typesetter
    }
}
