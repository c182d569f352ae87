import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// What a list of events shows. It is saved for unloaded events.
public struct EventSummary: Sendable {
    public let id: String
    public let title: String
    public let venue: String
    public let startsAt: Timestamp
    public let currency: String
    public let prices: [(category: String, amount: Int64)]
    public let schedule: OnsaleSchedule
    public let posterURL: String?
    /// Whether organizers alone see it.
    public let isDraft: Bool
    /// IANA's name; nil where the organizer gave none.
    public let timeZone: String?
    public let isPaused: Bool
    public let isSoldOut: Bool
    /// The tag in the public IDs of its orders.
    let tag: UInt64
    /// Buyers with orders here, sorted, so a buyer's orders can be found without loading every event.
    let buyers: [BuyerID]

    public init(_ view: EventView) {
        self.init(view, buyers: [])
    }

    init(_ view: EventView, buyers: [BuyerID]) {
        id = view.definition.id
        tag = view.definition.tag
        title = view.profile.title
        posterURL = view.profile.posterURL
        isDraft = view.profile.isDraft
        timeZone = view.definition.timeZone
        venue = view.definition.venue
        startsAt = view.definition.startsAt
        currency = view.definition.currency
        prices = zip(view.definition.plan.categories, view.terms.current.prices).map { ($0, $1) }
        schedule = view.schedule
        isPaused = view.isPaused
        isSoldOut = view.counts.free == 0 && view.counts.held == 0
        self.buyers = buyers
    }

    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = schedule.phase(at: now, isPaused: isPaused)
        return phase == .open && isSoldOut ? .soldOut : phase
    }
}

extension EventSummary {
    /// Whether a buyer may have orders here.
    func mayHaveOrders(of buyer: BuyerID) -> Bool {
        buyers.contains(sorted: buyer)
    }
}

// MARK: Binary form

extension EventSummary {
    private static let form: UInt8 = 2

    func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256 + buyers.count * 16)
        writer.write(byte: EventSummary.form)
        writer.write(string: id)
        writer.write(unsigned: tag)
        writer.write(string: title)
        writer.write(string: venue)
        writer.write(timestamp: startsAt)
        writer.write(string: currency)
        writer.write(count: prices.count)
        for price in prices {
            writer.write(string: price.category)
            writer.write(signed: price.amount)
        }
        writer.write(schedule: schedule)
        writer.write(flag: isPaused)
        writer.write(flag: isSoldOut)
        writer.write(count: buyers.count)
        for buyer in buyers { writer.write(buyer: buyer) }
        for text in [posterURL, timeZone] { writer.write(optional: text) { $0.write(string: $1) } }
        writer.write(flag: isDraft)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(ByteReadingError) {
        var reader = ByteReader(bytes)
        let form = try reader.byte()
        guard (1...EventSummary.form).contains(form) else { throw reader.malformed }
        id = try reader.string()
        tag = try reader.unsigned()
        title = try reader.string()
        venue = try reader.string()
        startsAt = try reader.timestamp()
        currency = try reader.string()
        prices = try reader.list { (reader: inout ByteReader) throws(ByteReadingError) in
            (category: try reader.string(), amount: try reader.signed())
        }
        schedule = try reader.schedule()
        isPaused = try reader.flag()
        isSoldOut = try reader.flag()
        buyers = try reader.list { (reader: inout ByteReader) throws(ByteReadingError) in try reader.buyer() }
        if form == 1 {
            (posterURL, timeZone, isDraft) = (nil, nil, false)
        } else {
            posterURL = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.string()
            }
            timeZone = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.string()
            }
            isDraft = try reader.flag()
        }
        guard reader.isAtEnd else { throw reader.malformed }
    }
}

extension [BuyerID] {
    fileprivate func contains(sorted buyer: BuyerID) -> Bool {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < buyer { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == buyer
    }
}
