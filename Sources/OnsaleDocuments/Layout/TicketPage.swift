package import OnsaleQR

/// A ticket's page, ready to be drawn: every text has its lines, the barcode its modules.
package struct TicketPage: Sendable {
    package let sheet: TicketSheet
    package let texts: [FittedText]
    package let code: QRSymbol

    init(_ sheet: TicketSheet, texts: [FittedText]) throws(UnprintableOrder) {
        self.sheet = sheet
        self.texts = texts
        code = try QRSymbol(of: sheet)
    }
}

extension QRSymbol {
    /// - Throws: ``UnprintableOrder`` if the barcode is too long for any code.
    init(of sheet: TicketSheet) throws(UnprintableOrder) {
        guard let code = QRSymbol(sheet.barcode) else {
            throw UnprintableOrder("has a ticket, number \(sheet.number), whose barcode is too long for a code")
        }
        self = code
    }
}
