public import OnsaleValues

extension LineFact {
    public struct PassGranted: LineFactBody {
        public static let tag: UInt8 = 65
        public let pass: PassID
        public let buyer: BuyerID
        public let place: PlaceID
        public let expiresAt: Timestamp

        public var fact: LineFact { .passGranted(self) }
    }

    public struct PassExpired: LineFactBody {
        public static let tag: UInt8 = 66
        public let pass: PassID

        public var fact: LineFact { .passExpired(self) }
    }

    public struct PassGivenUp: LineFactBody {
        public static let tag: UInt8 = 67
        public let pass: PassID

        public var fact: LineFact { .passGivenUp(self) }
    }

    /// The pass was ended early, not by its holder.
    public struct PassEnded: LineFactBody {
        public static let tag: UInt8 = 77
        public let pass: PassID
        public let why: PassEnd

        public var fact: LineFact { .passEnded(self) }
    }
}

extension LineFact.PassGranted {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        pass = try reader.id()
        buyer = try reader.buyer()
        place = try reader.id()
        expiresAt = try reader.timestamp()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(pass)
        writer.write(buyer: buyer)
        writer.write(place)
        writer.write(timestamp: expiresAt)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        guard pass == line.lastPass.next, line.places.contains(place), line.places.buyer(of: place) == buyer,
            line.places[place] == (line.schedule.hasWaitingRoom ? .called : .waiting)
        else { throw ContradictoryFact("pass \(pass.serial) is out of turn") }
        // The slot passes from the call to the pass.
        line.calls[place] = nil
        line.lastPass = pass
        line.places[place] = .admitted
        line.passOfPlace[place] = pass
        line.passes[pass] = Pass(
            id: pass, buyer: buyer, place: place, grantedAt: now, expiresAt: expiresAt, idleSince: now)
        line.idleQueue.append((pass, now))
        line.waiting -= 1
        line.presence.leave(place)
    }
}

extension LineFact.PassExpired {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        pass = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(pass)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        try line.endPass(pass)
    }
}

extension LineFact.PassGivenUp {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        pass = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(pass)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        try line.endPass(pass)
    }
}

extension LineFact.PassEnded {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        pass = try reader.id()
        guard let why = PassEnd(rawValue: try reader.byte()) else { throw reader.malformed }
        self.why = why
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(pass)
        writer.write(byte: why.rawValue)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        try line.endPass(pass)
        if why == .declines { line.declinedPasses.insert(pass) }
    }
}

extension Line {
    fileprivate mutating func endPass(_ id: PassID) throws(ContradictoryFact) {
        guard let pass = passes.removeValue(forKey: id) else {
            throw ContradictoryFact("pass \(id.serial) is not live")
        }
        vacate(pass)
    }

    /// Marks the place of an ended pass spent and frees its slot for the next number.
    mutating func vacate(_ pass: Pass) {
        passOfPlace[pass.place] = nil
        places[pass.place] = .spent
        if schedule.hasWaitingRoom { pace.countEnd() }
    }
}
