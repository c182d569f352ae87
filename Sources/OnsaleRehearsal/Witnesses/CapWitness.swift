/// Checks that no more passes are alive than the cap, as far as can be known from outside. A pass is certainly alive
/// from the receipt of its answer until just before it ends by itself or is about to be given up. These are only some
/// of the living passes, so more of them than the cap is a breach in any case.
struct CapWitness: Sendable {
    let cap: Int
    /// Until when each fan's pass is certainly alive.
    private var endings: [Int: Double] = [:]
    /// The most passes alive at once.
    private(set) var passesMost = 0
    private(set) var passesGranted = 0
    /// The most shoppers the room reported.
    private(set) var shoppersMost = 0

    init(cap: Int) {
        self.cap = cap
    }

    /// A fan was given a pass.
    ///
    /// - Returns: the faults found.
    mutating func granted(to fan: Int, at now: Double, until ending: Double) -> [String] {
        passesGranted += 1
        // At most a few hundred passes, since every fan who finishes shopping removes theirs.
        endings = endings.filter { $0.value > now }
        if ending > now { endings[fan] = ending }
        guard endings.count > passesMost else { return [] }
        passesMost = endings.count
        return passesMost > cap ? ["\(passesMost) passes were alive at once, with a cap of \(cap)"] : []
    }

    /// A fan is about to give up its pass.
    mutating func givesUp(_ fan: Int) {
        endings[fan] = nil
    }

    /// The room reported how many shop.
    ///
    /// - Returns: the faults found.
    mutating func heard(activeShoppers: Int) -> [String] {
        guard activeShoppers > shoppersMost else { return [] }
        shoppersMost = activeShoppers
        return activeShoppers > cap ? ["the room reported \(activeShoppers) active shoppers, with a cap of \(cap)"] : []
    }
}
