public import OnsaleValues

/// What concerns the whole line: its schedule, the draw, and whether anything is left to line up for.
extension LineFact {
    public struct Paused: LineFactBody {
        public static let tag: UInt8 = 68

        public var fact: LineFact { .paused(self) }
    }

    public struct Resumed: LineFactBody {
        public static let tag: UInt8 = 69

        public var fact: LineFact { .resumed(self) }
    }

    public struct Rescheduled: LineFactBody {
        public static let tag: UInt8 = 70
        public let schedule: OnsaleSchedule

        public var fact: LineFact { .rescheduled(self) }
    }

    public struct DrawCommitted: LineFactBody {
        public static let tag: UInt8 = 71
        /// Secret until the draw.
        public let seed: [UInt8]

        public var fact: LineFact { .drawCommitted(self) }
    }

    /// The lobby's entrants have their numbers, computed from the seed.
    public struct Drawn: LineFactBody {
        public static let tag: UInt8 = 72
        public let lobbySize: UInt32
        public let entrantsHash: [UInt8]

        public var fact: LineFact { .drawn(self) }
    }

    /// Nothing is left: all passes end and all calls are withdrawn.
    public struct SoldOut: LineFactBody {
        public static let tag: UInt8 = 75

        public var fact: LineFact { .soldOut(self) }
    }

    public struct SeatsReturned: LineFactBody {
        public static let tag: UInt8 = 76

        public var fact: LineFact { .seatsReturned(self) }
    }
}

extension LineFact.Paused {
    public init(from reader: inout ByteReader) {}
    public func encode(into writer: inout ByteWriter) {}

    public func evolve(_ line: inout Line, at now: Timestamp) {
        line.isPaused = true
    }
}

extension LineFact.Resumed {
    public init(from reader: inout ByteReader) {}
    public func encode(into writer: inout ByteWriter) {}

    public func evolve(_ line: inout Line, at now: Timestamp) {
        line.isPaused = false
    }
}

extension LineFact.Rescheduled {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        schedule = try reader.schedule()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(schedule: schedule)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) {
        line.schedule = schedule
    }
}

extension LineFact.DrawCommitted {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        seed = try reader.blob()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(blob: seed)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        guard line.seed == nil, line.places.count == 0, seed.count == Draw.seedBytes else {
            throw ContradictoryFact("a seed must be committed once, before anyone joins")
        }
        line.seed = seed
    }
}

extension LineFact.Drawn {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        lobbySize = try reader.serial()
        entrantsHash = try reader.blob()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(serial: lobbySize)
        writer.write(blob: entrantsHash)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        guard let seed = line.seed, line.draw == nil, lobbySize == line.places.count,
            entrantsHash == line.entrants.value
        else { throw ContradictoryFact("the draw does not match the entrants") }
        line.draw = Line.DrawResult(seed: seed, entrantsHash: entrantsHash, lobbySize: lobbySize)
    }
}

extension LineFact.SoldOut {
    public init(from reader: inout ByteReader) {}
    public func encode(into writer: inout ByteWriter) {}

    public func evolve(_ line: inout Line, at now: Timestamp) {
        line.isSoldOut = true
        for pass in line.passes.values { line.vacate(pass) }
        line.passes.removeAll()
        for place in line.calls.keys {
            line.places[place] = .waiting
            // People still present when seats return go first.
            line.returned.insert(line.number(of: place))
        }
        line.calls.removeAll()
        line.pace = Pace()
    }
}

extension LineFact.SeatsReturned {
    public init(from reader: inout ByteReader) {}
    public func encode(into writer: inout ByteWriter) {}

    public func evolve(_ line: inout Line, at now: Timestamp) {
        line.isSoldOut = false
    }
}
