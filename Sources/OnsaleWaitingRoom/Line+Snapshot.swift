import DequeModule
public import OnsaleValues

extension Line {
    /// Writes the state without its soft part. Equal states give equal bytes.
    public func encodeSnapshot(into writer: inout ByteWriter) {
        writer.write(schedule: schedule)
        writer.write(flag: isPaused)
        writer.write(flag: isSoldOut)
        writer.write(optional: seed) { $0.write(blob: $1) }
        writer.write(optional: draw) {
            $0.write(serial: $1.lobbySize)
            $0.write(blob: $1.entrantsHash)
        }
        writer.write(admittedThrough)
        writer.write(serial: places.count)
        for place in places.all {
            writer.write(buyer: places.buyer(of: place))
            writer.write(byte: places[place].rawValue)
        }
        let called = calls.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        writer.write(count: called.count)
        for (place, until) in called {
            writer.write(place)
            writer.write(timestamp: until)
        }
        writer.write(lastPass)
        let living = passes.values.sorted { $0.id < $1.id }
        writer.write(count: living.count)
        for pass in living {
            writer.write(pass.id)
            writer.write(pass.place)
            writer.write(timestamp: pass.grantedAt)
            writer.write(timestamp: pass.expiresAt)
            writer.write(timestamp: pass.idleSince)
            writer.write(byte: pass.declines)
        }
        writer.write(serials: declinedPasses.map(\.serial).sorted())
    }

    /// Restores the state that ``encodeSnapshot(into:)`` wrote. Presence and pace start over.
    public init(snapshot reader: inout ByteReader) throws(ByteReadingError) {
        self.init(schedule: try reader.schedule())
        try restore(from: &reader)
    }
}

extension Line {
    /// Reads the rest of a snapshot, after the schedule.
    private mutating func restore(from reader: inout ByteReader) throws(ByteReadingError) {
        isPaused = try reader.flag()
        isSoldOut = try reader.flag()
        seed = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.blob() }
        let drawn = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
            (lobbySize: try reader.serial(), entrantsHash: try reader.blob())
        }
        admittedThrough = try reader.id()
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
        guard admittedThrough.serial <= issuedNumbers else { throw reader.malformed }
        for _ in 0..<(try reader.count()) {
            let place: PlaceID = try reader.id()
            guard places.contains(place) else { throw reader.malformed }
            calls[place] = try reader.timestamp()
            if let until = calls[place] { callQueue.append((place, until)) }
        }
        lastPass = try reader.id()
        for _ in 0..<(try reader.count()) {
            let id: PassID = try reader.id()
            let place: PlaceID = try reader.id()
            guard places.contains(place) else { throw reader.malformed }
            passes[id] = Pass(
                id: id, buyer: places.buyer(of: place), place: place, grantedAt: try reader.timestamp(),
                expiresAt: try reader.timestamp(), idleSince: try reader.timestamp(), declines: try reader.byte())
            passOfPlace[place] = id
        }
        declinedPasses = Set(try reader.serials().map(PassID.init))
        let idle = passes.values.sorted { ($0.idleSince, $0.id) < ($1.idleSince, $1.id) }
        idleQueue = Deque(idle.map { ($0.id, $0.idleSince) })
        if schedule.hasWaitingRoom { pace.resume(occupied: passes.count + calls.count) }
    }
}
