public import OnsaleValues

/// Places in line, and who is called.
extension LineFact {
    public struct Joined: LineFactBody {
        public static let tag: UInt8 = 64
        public let buyer: BuyerID
        public let place: PlaceID

        public var fact: LineFact { .joined(self) }
    }

    /// The place's holder may claim a pass until this moment; a slot is reserved.
    public struct Called: LineFactBody {
        public static let tag: UInt8 = 73
        public let place: PlaceID
        public let until: Timestamp

        public var fact: LineFact { .called(self) }
    }

    /// The call ended and the holder didn't come.
    public struct CallLapsed: LineFactBody {
        public static let tag: UInt8 = 74
        public let place: PlaceID

        public var fact: LineFact { .callLapsed(self) }
    }

    /// The cap was lowered: the call is withdrawn, and its place returns to the front.
    public struct CallWithdrawn: LineFactBody {
        public static let tag: UInt8 = 78
        public let place: PlaceID

        public var fact: LineFact { .callWithdrawn(self) }
    }

    /// The holder came back too late after being passed over, and gets a new place at the end. The old place refers to
    /// it.
    public struct Moved: LineFactBody {
        public static let tag: UInt8 = 79
        public let place: PlaceID
        public let to: PlaceID

        public var fact: LineFact { .moved(self) }
    }
}

extension LineFact.Joined {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        buyer = try reader.buyer()
        place = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(buyer: buyer)
        writer.write(place)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        guard place == line.places.next, line.places.place(of: buyer).map({ line.places[$0] == .spent }) ?? true else {
            throw ContradictoryFact("place \(place.serial) is out of turn")
        }
        line.places.append(buyer)
        line.waiting += 1
        if line.isDrawAhead { line.entrants.add(buyer.text) }
    }
}

extension LineFact.Called {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        place = try reader.id()
        until = try reader.timestamp()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(place)
        writer.write(timestamp: until)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        guard line.places.contains(place), line.places[place] == .waiting || line.places[place] == .lapsed,
            !line.isDrawAhead
        else { throw ContradictoryFact("place \(place.serial) can't be called") }
        guard line.passes.count + line.calls.count < line.schedule.maxActiveShoppers else {
            throw ContradictoryFact("place \(place.serial) is called beyond the cap")
        }
        line.places[place] = .called
        line.calls[place] = until
        line.callQueue.append((place, until))
        let number = line.number(of: place)
        let passedOver = number > line.admittedThrough ? Int(number.serial - line.admittedThrough.serial) - 1 : -1
        line.pace.countCall(passingOver: passedOver)
        line.admittedThrough = max(line.admittedThrough, number)
    }
}

extension LineFact.CallLapsed {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        place = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(place)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        try line.endCall(of: place)
        line.places[place] = .lapsed
        line.pace.countEnd()
    }
}

extension LineFact.CallWithdrawn {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        place = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(place)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        try line.endCall(of: place)
        line.places[place] = .waiting
        line.returned.insert(line.number(of: place))
        line.pace.takeBackCall()
    }
}

extension LineFact.Moved {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        place = try reader.id()
        to = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(place)
        writer.write(to)
    }

    public func evolve(_ line: inout Line, at now: Timestamp) throws(ContradictoryFact) {
        guard to == line.places.next, line.places.contains(place), !line.isDrawAhead,
            line.places[place] == .waiting || line.places[place] == .lapsed
        else { throw ContradictoryFact("place \(place.serial) can't be moved to the end") }
        line.presence.leave(place)
        line.places[place] = .moved
        line.places.append(line.places.buyer(of: place))
    }
}

extension Line {
    fileprivate mutating func endCall(of place: PlaceID) throws(ContradictoryFact) {
        guard calls.removeValue(forKey: place) != nil else {
            throw ContradictoryFact("place \(place.serial) is not called")
        }
    }
}
