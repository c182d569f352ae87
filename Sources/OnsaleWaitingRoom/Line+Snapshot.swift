public import OnsaleValues

extension Line {
    /// Writes the state without what is soft. Two equal states write equal bytes.
    public func encodeSnapshot(into writer: inout ByteWriter) {
        writer.write(schedule: schedule)
        writer.write(flag: isPaused)
        writer.write(flag: isSoldOut)
        writer.write(optional: seed) { $0.write(blob: $1) }
        writer.write(optional: draw) {
            $0.write(serial: $1.lobbySize)
            $0.write(blob: $1.entrantsHash)
        }
        writer.write(serial: admittedThrough)
        writer.write(serial: places.count)
        for place in 0..<places.count {
            writer.write(buyer: places.buyer(of: place + 1))
            writer.write(byte: places[place + 1].rawValue)
        }
        let called = calls.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        writer.write(count: called.count)
        for (place, until) in called {
            writer.write(serial: place)
            writer.write(timestamp: until)
        }
        writer.write(serial: lastPass)
        let living = passes.values.sorted { $0.serial < $1.serial }
        writer.write(count: living.count)
        for pass in living {
            writer.write(serial: pass.serial)
            writer.write(serial: pass.place)
            writer.write(timestamp: pass.grantedAt)
            writer.write(timestamp: pass.expiresAt)
            writer.write(timestamp: pass.idleSince)
            writer.write(byte: pass.declines)
        }
        writer.write(serials: declinedPasses.sorted())
    }

    public init(snapshot reader: inout ByteReader) throws(ByteReadingError) {
        self.init(schedule: try reader.schedule())
        try restore(from: &reader)
    }

    /// What must hold of the line: a line for each breach of rule 5.
    public var breaches: [String] {
        var breaches: [String] = []
        for pass in passes.values.sorted(by: { $0.serial < $1.serial }) where places[pass.place] != .admitted {
            breaches.append("pass \(pass.serial) lives without its place")
        }
        for place in calls.keys.sorted() where places[place] != .called {
            breaches.append("place \(place) is called and does not know it")
        }
        var holders: [BuyerID: UInt32] = [:]
        var numbers: Set<UInt32> = []
        for serial in 0..<places.count {
            let place = place(serial + 1)
            if let number = place.number, !numbers.insert(number).inserted {
                breaches.append("number \(number) was given twice")
            }
            guard ![.spent, .moved].contains(places[place.serial]) else { continue }
            if let other = holders.updateValue(place.serial, forKey: places.buyer(of: place.serial)) {
                breaches.append("places \(other) and \(place.serial) are one buyer's")
            }
        }
        return breaches
    }
}

extension Line {
    /// Reads what ``encodeSnapshot(into:)`` wrote, after the schedule.
    private mutating func restore(from reader: inout ByteReader) throws(ByteReadingError) {
        isPaused = try reader.flag()
        isSoldOut = try reader.flag()
        seed = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.blob() }
        let drawn = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
            (lobbySize: try reader.serial(), entrantsHash: try reader.blob())
        }
        admittedThrough = try reader.serial()
        for _ in 0..<(try reader.serial()) {
            let buyer = try reader.buyer()
            guard let state = PlaceState(rawValue: try reader.byte()) else { throw reader.malformed }
            places.append(buyer, state: state)
            if state.isWaiting { waiting += 1 }
            if seed != nil, drawn == nil { entrants.add(buyer.text) }
        }
        if let (lobbySize, entrantsHash) = drawn {
            guard let seed, lobbySize <= places.count else { throw reader.malformed }
            draw = DrawResult(seed: seed, entrantsHash: entrantsHash, lobbySize: lobbySize)
        }
        guard admittedThrough <= issuedNumbers else { throw reader.malformed }
        for _ in 0..<(try reader.count()) {
            let place = try reader.serial()
            guard places.contains(place) else { throw reader.malformed }
            calls[place] = try reader.timestamp()
            if let until = calls[place] { callQueue.append((place, until)) }
        }
        lastPass = try reader.serial()
        for _ in 0..<(try reader.count()) {
            let serial = try reader.serial()
            let place = try reader.serial()
            guard places.contains(place) else { throw reader.malformed }
            passes[serial] = Pass(
                serial: serial, buyer: places.buyer(of: place), place: place, grantedAt: try reader.timestamp(),
                expiresAt: try reader.timestamp(), idleSince: try reader.timestamp(), declines: try reader.byte())
            passOfPlace[place] = serial
        }
        declinedPasses = Set(try reader.serials())
        idleQueue = passes.values.sorted { ($0.idleSince, $0.serial) < ($1.idleSince, $1.serial) }
            .map { ($0.serial, $0.idleSince) }
        if schedule.hasWaitingRoom { pace.resume(occupied: passes.count + calls.count) }
    }
}
