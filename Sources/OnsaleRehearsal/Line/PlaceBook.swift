/// One place per buyer: checks that what each fan is told of its place never changes.
struct PlaceBook: Sendable {
    private struct Entry {
        var lobbyIndex: Int?
        var number: Int?
    }

    private var entries: [Int: Entry] = [:]
    private var fanByNumber: [Int: Int] = [:]
    private var fanByLobbyIndex: [Int: Int] = [:]
    /// How many places were told again and compared.
    private(set) var placesCompared = 0
    /// How many numbers were checked against the draw.
    private(set) var drawsCompared = 0

    /// Records what a fan was told.
    ///
    /// - Parameters:
    ///   - isNew: whether the server called it a new place (201).
    ///   - isAgain: whether the fan had been told its place before.
    ///   - draw: the published draw, once known.
    /// - Returns: the faults found.
    mutating func told(
        _ fan: Int, _ place: Contract.PlaceTicket, isNew: Bool, isAgain: Bool, draw: PublishedDraw?
    ) -> [String] {
        var faults: [String] = []
        var entry = entries[fan] ?? Entry()
        if isAgain {
            placesCompared += 1
            if isNew { faults.append("fan \(fan) had a place and was given another as new") }
            if let number = entry.number, number != place.number {
                faults.append("fan \(fan) was told number \(number), then \(PlaceBook.text(place.number))")
            }
            if let index = entry.lobbyIndex, let later = place.lobbyIndex, index != later {
                faults.append("fan \(fan) was told lobby index \(index), then \(later)")
            }
        }
        if place.number == nil, place.lobbyIndex == nil {
            faults.append("fan \(fan) was told neither a number nor a lobby index")
        }
        if let index = place.lobbyIndex {
            entry.lobbyIndex = index
            if let other = fanByLobbyIndex.updateValue(fan, forKey: index), other != fan {
                faults.append("lobby index \(index) was told to fans \(other) and \(fan)")
            }
        }
        if let number = place.number {
            entry.number = number
            if let other = fanByNumber.updateValue(fan, forKey: number), other != fan {
                faults.append("number \(number) was told to fans \(other) and \(fan)")
            }
            if let index = entry.lobbyIndex, let draw {
                drawsCompared += 1
                let drawn = draw.number(ofLobbyIndex: index)
                if drawn != number {
                    faults.append(
                        "the draw told lobby index \(index) number \(number), the seed says \(PlaceBook.text(drawn))")
                }
            }
        }
        entries[fan] = entry
        return faults
    }

    /// A pass may have come and gone unseen, and its place with it: the next place is a new one.
    mutating func forget(_ fan: Int) {
        entries[fan] = nil
    }

    private static func text(_ number: Int?) -> String {
        number.map(String.init) ?? "none"
    }
}
