/// Never more passes alive than the cap, as far as can be known from outside: a pass lives for certain from when its
/// answer was received until just before it ends by itself, or until it is about to be given up. These are some of the
/// passes that live, so more of them than the cap is a breach, whatever else there is.
struct CapWitness: Sendable {
    let cap: Int
    /// Until when each fan's pass lives for certain.
    private var endings: [Int: Double] = [:]
    /// The most that were alive at a time.
    private(set) var passesMost = 0
    private(set) var passesGranted = 0
    /// The most shoppers that the room told of.
    private(set) var shoppersMost = 0

    init(cap: Int) {
        self.cap = cap
    }

    /// A fan has been given a pass.
    ///
    /// - Returns: what is wrong with it.
    mutating func granted(to fan: Int, at now: Double, until ending: Double) -> [String] {
        passesGranted += 1
        // All that is in here is at most a few hundred passes: whoever ends shopping takes theirs out.
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

    /// The room told how many shop.
    ///
    /// - Returns: what is wrong with it.
    mutating func heard(activeShoppers: Int) -> [String] {
        guard activeShoppers > shoppersMost else { return [] }
        shoppersMost = activeShoppers
        return activeShoppers > cap ? ["the room told of \(activeShoppers) active shoppers, with a cap of \(cap)"] : []
    }
}
