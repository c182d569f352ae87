package import OnsaleBus
import OnsaleQR
package import OnsaleValues

/// Makes the files of orders. It has a font map of its own, which takes some megabytes and a while to fill: make one for
/// each thread and keep it. It isn't `Sendable`: one thread at a time.
package final class TicketRenderer {
    /// Events that it keeps what all their orders need of.
    private static let stocksMax = 64
    private static let textsMax = 512
    private static let extrasMax = 256

    private let typesetters: [DocumentLanguage: PangoTypesetter]
    private let sharedDeflater = Deflater(level: 9)
    private let ownDeflater = Deflater(level: 1)
    private var stocks = RecentValues<EventStock.Key, EventStock>(capacity: stocksMax)
    private var texts: [DocumentLanguage: RecentValues<TextBox, (fitted: FittedText, set: SetText?)>] = [:]
    private var extras: [DocumentLanguage: RecentValues<ExtraKey, EmbeddedFont>] = [:]

    private struct ExtraKey: Hashable {
        let face: Int
        let glyphs: [UInt32: String]
    }

    /// - Parameter notice: hears if there are no Korean letters.
    package init(notice: FontNotice) {
        var typesetters: [DocumentLanguage: PangoTypesetter] = [:]
        for language in DocumentLanguage.allCases {
            typesetters[language] = PangoTypesetter(language: language)
            texts[language] = RecentValues(capacity: TicketRenderer.textsMax)
            extras[language] = RecentValues(capacity: TicketRenderer.extrasMax)
        }
        self.typesetters = typesetters
        if typesetters[.korean]?.hasKorean == false { notice.missingKorean() }
    }

    /// The files of a confirmed order that are made at once: all tickets as PDF, and the event for a calendar. The same
    /// order has the same files, whatever was rendered before.
    /// - Throws: ``UnprintableOrder``, ``RenderingFailure``.
    package func files(
        of order: OrderMessage, in language: DocumentLanguage, zones: some TimeZones = SystemTimeZones()
    ) throws -> [RenderedFile] {
        guard let placedAt = RFC3339.parse(order.placedAt) else {
            throw UnprintableOrder("has a placedAt that is no date-time of RFC 3339")
        }
        let stock = try stock(of: order.event, language, zones)
        let sheets = try TicketSheet.sheets(of: order, stock.sheet)
        return [
            try pdf(sheets, stock, createdAt: placedAt),
            try OrderCalendar(sheets, at: placedAt, isCancelled: false).file,
        ]
    }

    /// The card of one of an order's tickets, as SVG.
    /// - Parameter number: from 1.
    /// - Returns: nil if the order has no such ticket.
    /// - Throws: ``UnprintableOrder``.
    package func card(
        _ number: Int, of order: OrderMessage, in language: DocumentLanguage,
        zones: some TimeZones = SystemTimeZones()
    ) throws(UnprintableOrder) -> [UInt8]? {
        let stock = try stock(of: order.event, language, zones)
        let sheets = try TicketSheet.sheets(of: order, stock.sheet)
        guard sheets.indices.contains(number - 1) else { return nil }
        return svg(try page(sheets[number - 1], stock))
    }

    /// The pages of an order, one a ticket.
    /// - Throws: ``UnprintableOrder``.
    package func pages(
        of order: OrderMessage, in language: DocumentLanguage, zones: some TimeZones = SystemTimeZones()
    ) throws(UnprintableOrder) -> [TicketPage] {
        let stock = try stock(of: order.event, language, zones)
        var pages: [TicketPage] = []
        for sheet in try TicketSheet.sheets(of: order, stock.sheet) { pages.append(try page(sheet, stock)) }
        return pages
    }

    /// A page's ticket as SVG.
    package func svg(_ page: TicketPage) -> [UInt8] { SVGDrawing.bytes(page) }

    private func page(_ sheet: TicketSheet, _ stock: EventStock) throws(UnprintableOrder) -> TicketPage {
        try TicketPage(sheet, texts: stock.texts + TicketLayout.ownTexts(sheet).map { text($0, sheet.language).fitted })
    }

    private func pdf(_ sheets: [TicketSheet], _ stock: EventStock, createdAt: Timestamp) throws -> RenderedFile {
        guard let sheet = sheets.first else { throw UnprintableOrder("has no tickets") }
        let (name, contentType) = (sheet.order + ".pdf", "application/pdf")
        if let beginning = stock.beginning {
            var pages: [OrderPDF.Page] = []
            for sheet in sheets {
                let texts = TicketLayout.ownTexts(sheet).compactMap { text($0, sheet.language).set }
                pages.append(OrderPDF.Page(texts: texts, code: try QRSymbol(of: sheet)))
            }
            let pdf = OrderPDF(
                beginning: beginning, title: "\(sheet.event) · \(sheet.order)", createdAt: createdAt, pages: pages)
            let isWhole = pages.allSatisfy { $0.texts.count == TicketLayout.ownTextCount }
            if isWhole, let own = pdf.bytes(deflater: ownDeflater, extra: { extra($0, $1, sheet.language) }) {
                return RenderedFile(
                    name: name, contentType: contentType, shared: beginning.part, hash: beginning.hash, own: own)
            }
        }
        // Pictures, and letters that no font has: slow, and right.
        let pages = try sheets.map { try page($0, stock) }
        return RenderedFile(
            name: name, contentType: contentType,
            bytes: try drawn(pages, createdAt: createdAt))
    }

    /// Pages of one language that this has made, as PDF by Cairo, which can draw everything and takes its time.
    /// - Throws: ``RenderingFailure``.
    package func drawn(_ pages: [TicketPage], createdAt: Timestamp) throws(RenderingFailure) -> [UInt8] {
        guard let language = pages.first?.sheet.language else { throw RenderingFailure("there are no pages") }
        return try PDFDrawing.bytes(pages, createdAt: createdAt, by: typesetter(language))
    }

    private func stock(
        of event: OnsaleEvent, _ language: DocumentLanguage, _ zones: some TimeZones
    ) throws(UnprintableOrder) -> EventStock {
        let key = EventStock.Key(event, language)
        if let known = stocks[key] { return known }
        let made = EventStock(
            try EventSheet(event, in: language, zones: zones), by: typesetter(language), deflater: sharedDeflater)
        stocks[key] = made
        return made
    }

    private func text(_ place: TextBox, _ language: DocumentLanguage) -> (fitted: FittedText, set: SetText?) {
        if let known = texts[language]?[place] { return known }
        let typesetter = typesetter(language)
        let fitted = FittedText(place, by: typesetter)
        let made = (fitted, typesetter.glyphs(fitted))
        texts[language]?[place] = made
        return made
    }

    private func extra(
        _ face: FontFace, _ glyphs: [UInt32: String], _ language: DocumentLanguage
    ) -> EmbeddedFont? {
        let key = ExtraKey(face: face.number, glyphs: glyphs)
        if let known = extras[language]?[key] { return known }
        let made = EmbeddedFont(face, glyphs, deflater: sharedDeflater)
        if let made { extras[language]?[key] = made }
        return made
    }

    private func typesetter(_ language: DocumentLanguage) -> PangoTypesetter {
        guard let typesetter = typesetters[language] else {
            preconditionFailure("every language has its typesetter from the beginning")
        }
        return typesetter
    }
}
