import OnsaleValues

/// What has become of a place in line.
enum PlaceState: UInt8, Sendable {
    /// Not called yet, whether its holder is there or not.
    case waiting
    /// Called, and expected to ask for the pass.
    case called
    /// Called and not come: stands first again as soon as it asks.
    case lapsed
    /// Its pass lives.
    case admitted
    /// Its pass has ended.
    case spent
    /// Its buyer has a newer place, for which it stands.
    case moved

    var isWaiting: Bool { self == .waiting || self == .called || self == .lapsed }
}

/// Everyone who has joined, in the order of joining, some forty bytes each.
struct Places: Sendable {
    private var buyers: [BuyerID] = []
    private var states: [UInt8] = []
    private var index = BuyerIndex()

    /// Places given so far.
    var count: UInt32 { UInt32(buyers.count) }

    /// The newest place.
    var last: PlaceID { PlaceID(count) }
    /// The place that is given next.
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

    /// Gives the next place. An older one of the same buyer is forgotten.
    mutating func append(_ buyer: BuyerID, state: PlaceState = .waiting) {
        buyers.append(buyer)
        states.append(state.rawValue)
        index.insert(count, in: buyers)
    }
}

/// Finds the newest place of a buyer: open addressing over the serials alone, since buyers lie elsewhere. A buyer is
/// an HMAC, whose bits are as good as any hash's.
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

    /// Where the buyer is, or would be.
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
