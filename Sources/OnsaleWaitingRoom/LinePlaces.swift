import OnsaleValues

/// The state of a place in line.
enum PlaceState: UInt8, Sendable {
    /// Not called, whether its holder is present or not.
    case waiting
    /// Called; its holder should claim the pass.
    case called
    /// Called, but its holder didn't come: it returns to the front when the holder claims.
    case lapsed
    /// Its pass is live.
    case admitted
    /// Its pass has ended.
    case spent
    /// Its buyer has a newer place at the end; this one now refers to that.
    case moved

    var isWaiting: Bool { self == .waiting || self == .called || self == .lapsed }
}

/// Everyone who joined, in order of joining, at about forty bytes each.
struct LinePlaces: Sendable {
    private var buyers: [BuyerID] = []
    private var states: [UInt8] = []
    private var index = BuyerIndex()

    /// Places given so far.
    var count: UInt32 { UInt32(buyers.count) }

    /// The newest place.
    var last: PlaceID { PlaceID(count) }
    /// The next place to give.
    var next: PlaceID { last.next }
    var all: some Sequence<PlaceID> { (0..<count).lazy.map { PlaceID($0 + 1) } }

    func contains(_ place: PlaceID) -> Bool { place.serial >= 1 && place.serial <= count }
    func buyer(of place: PlaceID) -> BuyerID { buyers[Int(place.serial) - 1] }

    /// The newest place of a buyer.
    func place(of buyer: BuyerID) -> PlaceID? {
        index.place(of: buyer, in: buyers).map(PlaceID.init)
    }

    subscript(place: PlaceID) -> PlaceState {
        get { PlaceState(rawValue: states[Int(place.serial) - 1]) ?? .spent }
        set { states[Int(place.serial) - 1] = newValue.rawValue }
    }

    /// Gives the next place. ``place(of:)`` no longer finds an older place of the same buyer.
    mutating func append(_ buyer: BuyerID, state: PlaceState = .waiting) {
        buyers.append(buyer)
        states.append(state.rawValue)
        index.insert(count, in: buyers)
    }
}

/// Finds a buyer's newest place: a hash table with open addressing that stores only serials, since the buyers are
/// stored elsewhere. A buyer ID is an HMAC, so its bits serve as the hash.
private struct BuyerIndex: Sendable {
    private var slots = [UInt32](repeating: 0, count: 64)
    private var used = 0

    func place(of buyer: BuyerID, in buyers: [BuyerID]) -> UInt32? {
        let place = slots[slot(of: buyer, in: buyers)]
        return place == 0 ? nil : place
    }

    mutating func insert(_ place: UInt32, in buyers: [BuyerID]) {
        if used * 4 >= slots.count * 3 { grow(buyers) }
        let slot = slot(of: buyers[Int(place) - 1], in: buyers)
        if slots[slot] == 0 { used += 1 }
        slots[slot] = place
    }

    /// The slot the buyer is in, or would go in.
    private func slot(of buyer: BuyerID, in buyers: [BuyerID]) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: buyer.low ^ buyer.high) & mask
        while slots[slot] != 0, buyers[Int(slots[slot]) - 1] != buyer { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow(_ buyers: [BuyerID]) {
        let old = slots
        slots = [UInt32](repeating: 0, count: old.count * 2)
        for place in old where place != 0 { slots[slot(of: buyers[Int(place) - 1], in: buyers)] = place }
    }
}
