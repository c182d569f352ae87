public import OnsaleValues

extension Line {
    /// Checks the line's part of rule 5.
    /// - Returns: one breach per violation; empty if all is well.
    public func breaches() -> [Breach] {
        var breaches: [Breach] = []
        for pass in passes.values.sorted(by: { $0.id < $1.id }) where places[pass.place] != .admitted {
            breaches.append(Breach(rule: 5, "pass \(pass.id.serial) is live but its place isn't admitted"))
        }
        for place in calls.keys.sorted() where places[place] != .called {
            breaches.append(Breach(rule: 5, "place \(place.serial) has a call but isn't marked called"))
        }
        var holders: [BuyerID: PlaceID] = [:]
        var numbers: Set<LineNumber> = []
        for place in places.all {
            if let number = self.place(place).number, !numbers.insert(number).inserted {
                breaches.append(Breach(rule: 5, "number \(number.serial) was given out twice"))
            }
            guard ![.spent, .moved].contains(places[place]) else { continue }
            if let other = holders.updateValue(place, forKey: places.buyer(of: place)) {
                breaches.append(Breach(rule: 5, "places \(other.serial) and \(place.serial) belong to one buyer"))
            }
        }
        return breaches
    }
}
