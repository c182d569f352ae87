/// A ticket's page, ready to be drawn: every text has its lines, the barcode its modules.
package struct TicketPage: Sendable {
    package let sheet: TicketSheet
    package let shapes: [Shape]
    package let texts: [FittedText]
    package let code: QRSymbol

    /// - Throws: ``UnprintableOrder`` if the barcode is too long for any code.
    package init(_ sheet: TicketSheet, by measure: some TextMeasure) throws(UnprintableOrder) {
        guard let code = QRSymbol(sheet.barcode) else {
            throw UnprintableOrder("has a ticket, number \(sheet.number), whose barcode is too long for a code")
        }
        let layout = TicketLayout(sheet)
        self.sheet = sheet
        shapes = layout.shapes
        texts = layout.texts.map { FittedText($0, by: measure) }
        self.code = code
    }
}
