public import OnsaleValues

extension Line {
    /// What must hold of the line: a line for each breach of rule 5.
    public func breaches() -> [Breach] {
        var breaches: [Breach] = []
        for pass in passes.values.sorted(by: { $0.id < $1.id }) where places[pass.place] != .admitted {
            breaches.append(Breach(rule: 5, "pass \(pass.id.serial) lives without its place"))
        }
        for place in calls.keys.sorted() where places[place] != .called {
            breaches.append(Breach(rule: 5, "place \(place.serial) is called and does not know it"))
        }
        var holders: [BuyerID: PlaceID] = [:]
        var numbers: Set<LineNumber> = []
        for place in places.all {
            if let number = self.place(place).number, !numbers.insert(number).inserted {
                breaches.append(Breach(rule: 5, "number \(number.serial) was given twice"))
            }
            guard ![.spent, .moved].contains(places[place]) else { continue }
            if let other = holders.updateValue(place, forKey: places.buyer(of: place)) {
                breaches.append(Breach(rule: 5, "places \(other.serial) and \(place.serial) are one buyer's"))
            }
        }
        return breaches
    }
}
