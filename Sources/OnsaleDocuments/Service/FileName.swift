/// What the name of an order's file says.
struct FileName: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case pdf
        case calendar
        /// Of the ticket of that number, from 1.
        case card(Int)
        /// The calendar of an order whose tickets are void.
        case cancellation
    }

    let order: String
    let content: Content

    /// - Returns: nil for what is no such name.
    init?(_ text: String) {
        guard text.utf8.count <= TicketSheet.idBytesMax + 16,
            let dot = text.lastIndex(of: ".")
        else { return nil }
        let stem = text[..<dot]
        switch text[dot...] {
        case ".pdf": (order, content) = (String(stem), .pdf)
        case ".ics" where stem.hasSuffix("-cancelled"):
            (order, content) = (String(stem.dropLast("-cancelled".count)), .cancellation)
        case ".ics": (order, content) = (String(stem), .calendar)
        case ".svg":
            guard let dash = stem.lastIndex(of: "-"), let number = Int(stem[stem.index(after: dash)...]),
                (1...TicketSheet.ticketsMax).contains(number), stem[dash...] == "-\(number)"
            else { return nil }
            (order, content) = (String(stem[..<dash]), .card(number))
        default: return nil
        }
        guard TicketSheet.isID(order) else { return nil }
    }

    /// Whether the tables have it, or it is made when asked for.
    var isKept: Bool { content == .pdf || content == .calendar }
}
