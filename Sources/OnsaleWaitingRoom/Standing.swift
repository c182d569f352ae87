public import OnsaleValues

/// Where a buyer stands in line.
public struct Standing: Hashable, Sendable {
    public enum State: String, Sendable, CaseIterable {
        case waiting
        /// The buyer should claim the pass.
        case called
        /// Called, and the buyer didn't come.
        case passedOver
        /// The pass is live.
        case admitted
        /// The pass has ended.
        case spent
    }

    public let place: Place
    public let state: State
    /// The pass, while it is live.
    public let pass: Pass?

    /// How far the line must move; nil before the draw, and for those who don't wait.
    public func position(behind admittedThrough: LineNumber) -> UInt32? {
        guard let number = place.number, state == .waiting else { return nil }
        return number > admittedThrough ? number.serial - admittedThrough.serial : 0
    }
}

extension Line {
    /// Where the buyer's newest place stands; nil for a buyer who never joined.
    public func standing(of buyer: BuyerID) -> Standing? {
        guard let id = places.place(of: buyer) else { return nil }
        let state: Standing.State =
            switch places[id] {
            case .waiting: .waiting
            case .called: .called
            case .lapsed: .passedOver
            case .admitted: .admitted
            case .spent, .moved: .spent
            }
        return Standing(place: place(id), state: state, pass: passOfPlace[id].flatMap { passes[$0] })
    }
}
