/// Where everything is on a ticket's page: A4, one ticket a page.
///
/// The upper half is the ticket, a card with a stub that has the code; folded twice along its marks, the sheet is an A6
/// with the code on an outer side. The lower half has the order and the small print.
package struct TicketLayout: Hashable, Sendable {
    package static let page = Box(0, 0, 210, 297)
    /// What printers at home leave white.
    package static let margin = 6.0
    package static let card = Box(12, 12, 186, 124)
    /// The code with its quiet zone.
    package static let code = Box(136, 30, 58, 58)
    /// Where the sheet is folded: across, and then down.
    package static let foldAcross = 148.5
    package static let foldDown = 105.0

    package let texts: [TextBox]

    package init(_ sheet: TicketSheet) {
        texts = TicketLayout.sharedTexts(sheet.eventSheet) + TicketLayout.ownTexts(sheet)
    }

    /// The same for all tickets.
    package static let shapes = cardShapes + lowerShapes

    /// How many ``ownTexts(_:)`` are.
    static let ownTextCount = 9

    /// What all tickets of an event say.
    static func sharedTexts(_ sheet: EventSheet) -> [TextBox] { cardTexts(sheet) + lowerTexts(sheet) }

    /// What only one ticket says, or one order.
    static func ownTexts(_ sheet: TicketSheet) -> [TextBox] {
        let words = TicketWords(language: sheet.language)
        let number = "\(sheet.number) / \(sheet.count)"
        var texts = [
            TextBox(
                text: number, box: Box(140, 16.5, 50, 6),
                style: TextStyle(11, min: 8, isBold: true, colour: .paper, alignment: .right)),
            TextBox(text: words.place(isSeat: sheet.isSeat), box: Box(20, 105, 70, 4), style: label),
            TextBox(
                text: sheet.place, box: Box(20, 110, 72, 21),
                style: TextStyle(25, min: 9, isBold: true, colour: .accent)),
            TextBox(text: sheet.category, box: Box(98, 110, 28, 21), style: TextStyle(18, min: 8, isBold: true)),
            TextBox(
                text: sheet.place, box: Box(138, 104, 54, 12),
                style: TextStyle(12, min: 7, isBold: true, alignment: .centre)),
            TextBox(
                text: sheet.ticket, box: Box(138, 122, 54, 4.5),
                style: TextStyle(8, min: 4, colour: .soft, alignment: .centre)),
        ]
        for (index, text) in [sheet.order, sheet.ticket, number].enumerated() {
            let top = rowsTop + Double(index) * rowHeight
            texts.append(
                TextBox(text: text, box: Box(116, top + 4.5, 74, 6), style: TextStyle(10, min: 6, isBold: true)))
        }
        return texts
    }

    static let stub = 132.0
    private static let band = 26.0

    private static let label = TextStyle(8, min: 6, colour: .soft)

    private static func cardTexts(_ sheet: EventSheet) -> [TextBox] {
        let words = TicketWords(language: sheet.language)
        let (language, time) = (sheet.language, sheet.startsAt)
        let white = TextStyle(11, min: 8, isBold: true, colour: .paper)
        let centred = TextStyle(8.5, min: 6, colour: .soft, alignment: .centre)
        var texts = [
            TextBox(text: words.admission, box: Box(20, 16.5, 100, 6), style: white),
            TextBox(text: sheet.title, box: Box(20, 31, 106, 31), style: TextStyle(32, min: 11, isBold: true)),
            TextBox(text: words.date, box: Box(20, 65, 106, 4), style: label),
            TextBox(
                text: time.date(in: language) + " · " + time.time(in: language), box: Box(20, 69.5, 106, 7),
                style: TextStyle(14, min: 9, isBold: true)),
            TextBox(text: time.zoneName, box: Box(20, 76.5, 106, 4.5), style: label),
            TextBox(text: words.category, box: Box(98, 105, 28, 4), style: label),
            TextBox(text: words.scan, box: Box(136, 90, 58, 9), style: centred),
        ]
        if let venue = sheet.venue {
            texts += [
                TextBox(text: words.venue, box: Box(20, 84, 106, 4), style: label),
                TextBox(text: venue, box: Box(20, 88.5, 106, 11), style: TextStyle(13, min: 8)),
            ]
        }
        return texts
    }

    private static func lowerTexts(_ sheet: EventSheet) -> [TextBox] {
        let words = TicketWords(language: sheet.language)
        let heading = TextStyle(11, min: 9, isBold: true)
        var texts = [
            TextBox(
                text: words.fold, box: Box(20, 149.5, 80, 3.5), style: TextStyle(6.5, min: 5, colour: .soft)),
            TextBox(text: words.atTheDoor, box: Box(20, 162, 80, 6), style: heading),
            TextBox(text: words.terms, box: Box(20, 222, 170, 6), style: heading),
            TextBox(text: words.conditions, box: Box(20, 229.5, 170, 24), style: TextStyle(9, min: 7, colour: .soft)),
        ]
        for (index, advice) in words.advice.enumerated() {
            texts.append(
                TextBox(
                    text: advice, box: Box(24, adviceTop + Double(index) * adviceHeight, 74, adviceHeight - 2),
                    style: TextStyle(10.5, min: 8)))
        }
        for (index, name) in [words.order, words.ticket, words.number].enumerated() {
            texts.append(
                TextBox(text: name, box: Box(116, rowsTop + Double(index) * rowHeight, 74, 4), style: label))
        }
        return texts
    }

    private static let rowsTop = 162.0
    private static let rowHeight = 14.0
    private static let adviceTop = 170.0
    private static let adviceHeight = 14.0

    private static let cardShapes: [Shape] = {
        let outline = Shape.Stroke(colour: .accent, width: 0.4)
        func outlined(_ bottom: Double?) -> [Shape.Step] {
            Shape.card(card, radius: 5, stub: stub, notch: 3, endingAt: bottom)
        }
        return [
            Shape(path: outlined(nil), fill: .paper),
            Shape(path: outlined(band), fill: .accent),
            Shape(path: outlined(nil), stroke: outline),
            .line(
                from: (stub, band + 2), to: (stub, card.bottom - 5),
                Shape.Stroke(colour: .accent, width: 0.6, dashes: [0, 2])),
            .line(from: (20, 102), to: (126, 102), Shape.Stroke(colour: .line, width: 0.3)),
        ]
    }()

    private static let lowerShapes: [Shape] = {
        let mark = Shape.Stroke(colour: .soft, width: 0.2, dashes: [2, 2])
        let tick = Shape.Stroke(colour: .soft, width: 0.2)
        let rule = Shape.Stroke(colour: .line, width: 0.3)
        let bullets = (0..<3).map { Shape.dot(21, adviceTop + 2.3 + Double($0) * adviceHeight, radius: 0.6, .accent) }
        return bullets + [
            .line(from: (margin, foldAcross), to: (page.right - margin, foldAcross), mark),
            .line(from: (foldDown, margin), to: (foldDown, margin + 4), tick),
            .line(from: (foldDown, page.bottom - margin - 4), to: (foldDown, page.bottom - margin), tick),
            .line(from: (20, 216), to: (190, 216), rule),
        ]
    }()
}
