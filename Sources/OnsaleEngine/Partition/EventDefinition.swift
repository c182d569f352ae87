import Crypto
public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// An event as its organizer created it. It never changes during the sale.
///
/// A class, so that all readers and published copies share one immutable value.
public final class EventDefinition: Sendable {
    public let id: String
    /// 40 random bits that make the public IDs of this event's holds, orders and tickets unique among all events.
    public let tag: UInt64
    /// What it told about itself at first; what it tells now is in the partition.
    public let profile: EventProfile
    public let venue: String
    public let startsAt: Timestamp
    /// ISO 4217.
    public let currency: String
    /// SHA-256 of the seating plan as uploaded; nil for an event with areas only.
    public let planDigest: [UInt8]?
    /// SHA-256 of the document with the encoded plan; nil if the creation fact contains the plan.
    let planReference: [UInt8]?
    public let plan: SeatingPlan
    /// The prices and limits at creation; the current ones are in the sale.
    public let terms: SaleTerms
    /// The schedule at creation; the current one is in the line.
    public let schedule: OnsaleSchedule
    /// IANA's name of the venue's time zone; nil where the organizer gave none.
    public let timeZone: String?
    /// Where the organizer or the plan has the stage; nil where nobody has said.
    public let stage: SeatingPlan.Point?
    /// Whom to ask, after an order is confirmed, whether its buyer may have tickets; nil for nobody.
    public let eligibility: EligibilityCheck?

    public convenience init(
        id: String, tag: UInt64, title: String, venue: String, startsAt: Timestamp, currency: String,
        planDigest: [UInt8]?, plan: SeatingPlan, terms: SaleTerms, schedule: OnsaleSchedule, timeZone: String? = nil,
        eligibility: EligibilityCheck? = nil
    ) {
        self.init(
            id: id, tag: tag, profile: EventProfile(title: title), venue: venue, startsAt: startsAt, currency: currency,
            planDigest: planDigest, planReference: nil, plan: plan, terms: terms, schedule: schedule,
            timeZone: timeZone, stage: nil, eligibility: eligibility)
    }

    /// - Parameter profile: has the title.
    public convenience init(
        id: String, tag: UInt64, profile: EventProfile, venue: String, startsAt: Timestamp, currency: String,
        planDigest: [UInt8]?, plan: SeatingPlan, terms: SaleTerms, schedule: OnsaleSchedule, timeZone: String? = nil,
        stage: SeatingPlan.Point? = nil, eligibility: EligibilityCheck? = nil
    ) {
        self.init(
            id: id, tag: tag, profile: profile, venue: venue, startsAt: startsAt, currency: currency,
            planDigest: planDigest, planReference: nil, plan: plan, terms: terms, schedule: schedule,
            timeZone: timeZone, stage: stage, eligibility: eligibility)
    }

    private init(
        id: String, tag: UInt64, profile: EventProfile, venue: String, startsAt: Timestamp, currency: String,
        planDigest: [UInt8]?, planReference: [UInt8]?, plan: SeatingPlan, terms: SaleTerms, schedule: OnsaleSchedule,
        timeZone: String?, stage: SeatingPlan.Point?, eligibility: EligibilityCheck?
    ) {
        precondition(tag < 1 << 40, "a tag has 40 bits")
        self.id = id
        self.tag = tag
        self.profile = profile
        self.venue = venue
        self.startsAt = startsAt
        self.currency = currency
        self.planDigest = planDigest
        self.planReference = planReference
        self.plan = plan
        self.terms = terms
        self.schedule = schedule
        self.timeZone = timeZone
        self.stage = stage
        self.eligibility = eligibility
    }

    /// Moves the plan into a document of its own, which keeps the event's first row small.
    /// - Returns: the definition that refers to the document, the document and its SHA-256.
    func withPlanApart() -> (definition: EventDefinition, document: [UInt8], digest: [UInt8]) {
        var writer = ByteWriter(reservingCapacity: plan.seats.count * 32 + 1024)
        encodePlan(into: &writer)
        let digest = Array(SHA256.hash(data: writer.bytes))
        let definition = EventDefinition(
            id: id, tag: tag, profile: profile, venue: venue, startsAt: startsAt, currency: currency,
            planDigest: planDigest, planReference: digest, plan: plan, terms: terms, schedule: schedule,
            timeZone: timeZone, stage: stage, eligibility: eligibility)
        return (definition, writer.bytes, digest)
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(string: id)
        writer.write(unsigned: tag)
        writer.write(string: profile.title)
        writer.write(string: venue)
        writer.write(timestamp: startsAt)
        writer.write(string: currency)
        writer.write(optional: planDigest) { $0.write(blob: $1) }
        if let planReference { writer.write(blob: planReference) } else { encodePlan(into: &writer) }
        writer.write(count: terms.ticketsPerBuyer)
        writer.write(count: terms.holdSeconds)
        writer.write(flag: terms.preventOrphans)
        writer.write(schedule: schedule)
        writer.write(optional: timeZone) { $0.write(string: $1) }
        writer.write(optional: eligibility) { writer, check in
            writer.write(string: check.url)
            writer.write(count: check.deadlineSeconds)
        }
        profile.encode(into: &writer)
        writer.write(optional: stage) { writer, stage in
            writer.write(signed: Int64(stage.x))
            writer.write(signed: Int64(stage.y))
        }
    }

    private func encodePlan(into writer: inout ByteWriter) {
        writer.write(count: plan.categories.count)
        for (category, price) in zip(plan.categories, terms.prices) {
            writer.write(string: category)
            writer.write(signed: price)
        }
        writer.write(count: plan.seats.count)
        for seat in plan.seats {
            writer.write(string: seat.name)
            writer.write(count: seat.category)
            writer.write(serial: seat.row)
            writer.write(signed: Int64(seat.x))
            writer.write(signed: Int64(seat.y))
        }
        writer.write(count: plan.areas.count)
        for area in plan.areas {
            writer.write(string: area.name)
            writer.write(count: area.capacity)
            writer.write(count: area.category)
        }
        writer.write(signed: Int64(plan.stage.x))
        writer.write(signed: Int64(plan.stage.y))
    }

    convenience init(
        from reader: inout ByteReader, plan readPlan: (inout ByteReader) throws -> PricedPlan
    ) throws {
        let id = try reader.string()
        let tag = try reader.unsigned()
        guard tag < 1 << 40 else { throw reader.malformed }
        let title = try reader.string()
        let venue = try reader.string()
        let startsAt = try reader.timestamp()
        let currency = try reader.string()
        let planDigest = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
            try reader.blob()
        }
        let priced = try readPlan(&reader)
        let terms = SaleTerms(
            prices: priced.prices, ticketsPerBuyer: try reader.number(), holdSeconds: try reader.number(),
            preventOrphans: try reader.flag())
        let schedule = try reader.schedule()
        let timeZone =
            reader.form < 3
            ? nil : try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.string() }
        let eligibility =
            reader.form < 3
            ? nil
            : try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
                EligibilityCheck(url: try reader.string(), deadlineSeconds: try reader.number())
            }
        let profile = reader.form < 4 ? EventProfile(title: title) : try EventProfile(from: &reader)
        let stage =
            reader.form < 4
            ? nil
            : try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
                SeatingPlan.Point(x: try reader.coordinate(), y: try reader.coordinate())
            }
        self.init(
            id: id, tag: tag, profile: profile, venue: venue, startsAt: startsAt, currency: currency,
            planDigest: planDigest, planReference: priced.reference, plan: priced.plan, terms: terms,
            schedule: schedule, timeZone: timeZone, stage: stage, eligibility: eligibility)
    }
}

/// An endpoint of the organizer's that says whether a buyer may have tickets.
public struct EligibilityCheck: Hashable, Sendable {
    public let url: String
    /// How long after the confirmation it may take to answer.
    public let deadlineSeconds: Int

    public init(url: String, deadlineSeconds: Int) {
        self.url = url
        self.deadlineSeconds = deadlineSeconds
    }
}

/// A plan and the price of each of its categories.
struct PricedPlan {
    let plan: SeatingPlan
    let prices: [Int64]
    /// SHA-256 of the document that contains the plan, if it isn't in the creation fact.
    var reference: [UInt8]?
}

extension ByteReader {
    /// Reads a plan stored as a document of its own.
    mutating func plan(reference: [UInt8]) throws(ByteReadingError) -> PricedPlan {
        var plan = try plan()
        guard isAtEnd else { throw malformed }
        plan.reference = reference
        return plan
    }

    mutating func plan() throws(ByteReadingError) -> PricedPlan {
        var categories: [String] = []
        var prices: [Int64] = []
        for _ in 0..<(try count()) {
            categories.append(try string())
            prices.append(try signed())
        }
        let seats = try list { (reader: inout ByteReader) throws(ByteReadingError) in
            let name = try reader.string()
            let category = try reader.number()
            guard category < categories.count else { throw reader.malformed }
            return SeatingPlan.Seat(
                name: name, category: category, row: try reader.serial(), x: try reader.coordinate(),
                y: try reader.coordinate())
        }
        let areas = try list { (reader: inout ByteReader) throws(ByteReadingError) in
            let area = SeatingPlan.Area(
                name: try reader.string(), capacity: try reader.number(), category: try reader.number())
            guard area.category < categories.count else { throw reader.malformed }
            return area
        }
        guard SeatingPlan.areDistinct(seats.map(\.name)) else { throw malformed }
        let stage = SeatingPlan.Point(x: try coordinate(), y: try coordinate())
        return PricedPlan(
            plan: SeatingPlan(categories: categories, seats: seats, areas: areas, stage: stage, prices: prices),
            prices: prices)
    }

    fileprivate mutating func coordinate() throws(ByteReadingError) -> Int32 {
        guard let value = Int32(exactly: try signed()) else { throw malformed }
        return value
    }
}
