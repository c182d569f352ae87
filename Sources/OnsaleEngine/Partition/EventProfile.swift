public import OnsaleValues

/// What an event tells about itself, and whether it tells anybody yet. Organizers may change it at any time. The sale knows
/// nothing of it: a draft's opening passes like any other's, and once published it is on sale.
public struct EventProfile: Hashable, Sendable {
    public var title: String
    /// Text for people, of any length that a request may have; so are the terms.
    public var description: String?
    /// https.
    public var posterURL: String?
    /// In years.
    public var ageLimit: Int?
    public var runningMinutes: Int?
    /// The terms on which orders can be cancelled, and whatever else buyers must know.
    public var terms: String?
    /// Whether organizers alone see the event.
    public var isDraft: Bool

    public init(
        title: String, description: String? = nil, posterURL: String? = nil, ageLimit: Int? = nil,
        runningMinutes: Int? = nil, terms: String? = nil, isDraft: Bool = false
    ) {
        self.title = title
        self.description = description
        self.posterURL = posterURL
        self.ageLimit = ageLimit
        self.runningMinutes = runningMinutes
        self.terms = terms
        self.isDraft = isDraft
    }
}

extension EventProfile {
    func encode(into writer: inout ByteWriter) {
        writer.write(string: title)
        for text in [description, posterURL, terms] { writer.write(optional: text) { $0.write(string: $1) } }
        for number in [ageLimit, runningMinutes] { writer.write(optional: number) { $0.write(count: $1) } }
        writer.write(flag: isDraft)
    }

    init(from reader: inout ByteReader) throws(ByteReadingError) {
        func text(_ reader: inout ByteReader) throws(ByteReadingError) -> String? {
            try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.string() }
        }
        func number(_ reader: inout ByteReader) throws(ByteReadingError) -> Int? {
            try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.number() }
        }
        title = try reader.string()
        description = try text(&reader)
        posterURL = try text(&reader)
        terms = try text(&reader)
        ageLimit = try number(&reader)
        runningMinutes = try number(&reader)
        isDraft = try reader.flag()
    }
}

/// Change what an event tells about itself; publish it. What is nil stays as it is.
///
/// There is no way back: what people have seen can't become a draft again.
public struct ChangeProfile: EventCommand {
    public var title: String?
    public var description: String??
    public var posterURL: String??
    public var ageLimit: Int??
    public var runningMinutes: Int??
    public var terms: String??
    public var publishes: Bool

    public static var lane: Lane { .passes }

    public init(
        title: String? = nil, description: String?? = nil, posterURL: String?? = nil, ageLimit: Int?? = nil,
        runningMinutes: Int?? = nil, terms: String?? = nil, publishes: Bool = false
    ) {
        self.title = title
        self.description = description
        self.posterURL = posterURL
        self.ageLimit = ageLimit
        self.runningMinutes = runningMinutes
        self.terms = terms
        self.publishes = publishes
    }

    public func decide(in partition: inout Partition, now: Timestamp, facts: inout [Fact]) throws(Never) {
        var profile = partition.profile
        if let title { profile.title = title }
        if let description { profile.description = description }
        if let posterURL { profile.posterURL = posterURL }
        if let ageLimit { profile.ageLimit = ageLimit }
        if let runningMinutes { profile.runningMinutes = runningMinutes }
        if let terms { profile.terms = terms }
        if publishes { profile.isDraft = false }
        partition.show(profile, facts: &facts)
    }
}
