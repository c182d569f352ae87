import OnsaleBus

/// What a renderer keeps of an event, since all its orders need it. One thread at a time.
final class EventStock {
    struct Key: Hashable {
        let title: String
        let venue: String
        let startsAt: String
        let timeZone: String?
        let language: DocumentLanguage

        init(_ event: OnsaleEvent, _ language: DocumentLanguage) {
            title = event.title
            venue = event.venue
            startsAt = event.startsAt
            timeZone = event.timeZone
            self.language = language
        }
    }

    let sheet: EventSheet
    /// What all its pages say.
    let texts: [FittedText]
    /// Nil if its PDFs need what only Cairo can draw.
    let beginning: EventBeginning?

    init(_ sheet: EventSheet, by typesetter: PangoTypesetter, deflater: Deflater) {
        self.sheet = sheet
        texts = TicketLayout.sharedTexts(sheet).map { FittedText($0, by: typesetter) }
        let set = texts.compactMap { typesetter.glyphs($0) }
        let expected = EventStock.expected(sheet.language).map { FittedText($0, by: typesetter) }
            .compactMap { typesetter.glyphs($0) }
        beginning =
            set.count == texts.count ? EventBeginning(set, expected: expected, deflater: deflater) : nil
    }

    /// Letters that orders are likely to need, bold and not.
    private static func expected(_ language: DocumentLanguage) -> [TextBox] {
        let words = TicketWords(language: language)
        let ascii = String(decoding: Array(0x20...0x7e) as [UInt8], as: UTF8.self)
        let letters = [
            ascii, PlaceName.seat("1-1-1", in: language), words.place(isSeat: true), words.place(isSeat: false),
        ].joined(separator: " ")
        return [true, false].map { isBold in
            TextBox(
                text: letters, box: TicketLayout.page, style: TextStyle(8, min: 8, isBold: isBold))
        }
    }
}
