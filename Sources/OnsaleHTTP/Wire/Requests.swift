import Foundation
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// The bodies of requests.
struct CreateSession: JSONBody {
    static let shape = Shape.createSession

    let email: String
    let code: String?
}

struct CreateEvent: Decodable {
    struct Area: Decodable {
        let name: String
        let capacity: Int
        let category: String
    }

    struct Price: Decodable {
        let category: String
        let amount: Int64
    }

    struct Onsale: Decodable {
        let lobbyOpensAt: String?
        let opensAt: String?
        let closesAt: String?
        let waitingRoom: Bool?
        let maxActiveShoppers: Int?
        let passSeconds: Int?
        let passIdleSeconds: Int?
        let frontSeconds: Int?
    }

    struct Limits: Decodable {
        let ticketsPerBuyer: Int?
        let holdSeconds: Int?
        let preventOrphans: Bool?
    }

    let id: String?
    let title: String
    let venue: String?
    let startsAt: String
    let currency: String
    let seatingPlan: PretixPlan?
    let areas: [Area]?
    let prices: [Price]
    let onsale: Onsale?
    let limits: Limits?
    let state: String?
    /// Where the stage is, if the plan doesn't say.
    let stage: PretixPlan.Position?
    let timeZone: String?
    let description: String?
    let posterURL: String?
    let ageLimit: Int?
    let runningMinutes: Int?
    let terms: String?
    let eligibility: Eligibility?

    struct Eligibility: Decodable {
        let url: String
        let deadlineSeconds: Int?
    }
}

struct ChangeOnsale: JSONBody {
    static let shape = Shape.changeOnsale

    let lobbyOpensAt: String??
    let opensAt: String?
    let closesAt: String??
    let maxActiveShoppers: Int?

    private enum CodingKeys: String, CodingKey {
        case lobbyOpensAt, opensAt, closesAt, maxActiveShoppers
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // Absent leaves a moment as it is; null removes it.
        lobbyOpensAt =
            container.contains(.lobbyOpensAt)
            ? .some(try container.decodeIfPresent(String.self, forKey: .lobbyOpensAt)) : nil
        closesAt =
            container.contains(.closesAt) ? .some(try container.decodeIfPresent(String.self, forKey: .closesAt)) : nil
        opensAt = try container.decodeIfPresent(String.self, forKey: .opensAt)
        maxActiveShoppers = try container.decodeIfPresent(Int.self, forKey: .maxActiveShoppers)
    }

    /// The requested change, in the contract's names.
    var summary: String {
        let moments = [("lobbyOpensAt", lobbyOpensAt), ("opensAt", opensAt.map { .some($0) }), ("closesAt", closesAt)]
        let changes = moments.compactMap { name, change in change.map { "\(name) \($0 ?? "–")" } }
        return (changes + [maxActiveShoppers.map { "maxActiveShoppers \($0)" }].compactMap { $0 }).joined(
            separator: ", ")
    }
}

struct SeatList: JSONBody {
    static let shape = Shape.seatList

    let seats: [String]
}

struct BlockSeatsBody: JSONBody {
    static let shape = Shape.blockSeats
    static let reasonMax = 100

    let seats: [String]
    let reason: String?
}

struct CheckInBody: JSONBody {
    static let shape = Shape.checkIn

    let barcode: String?
    let ticket: String?
}

struct ClaimPassBody: JSONBody {
    static let shape = Shape.claimPass

    let ticket: String
}

struct CreateHold: JSONBody {
    static let shape = Shape.createHold

    struct Best: Decodable {
        let category: String
        let quantity: Int
    }

    let seats: [String]?
    let area: String?
    let quantity: Int?
    let best: Best?
}

struct CreateOrder: JSONBody {
    static let shape = Shape.createOrder

    struct Payment: Decodable {
        let method: String
    }

    let hold: String
    let payment: Payment
    let proof: String?
}

struct CancelOrderBody: JSONBody {
    static let shape = Shape.cancelOrder

    let reason: String?
}

struct RefundTickets: JSONBody {
    static let shape = Shape.refundTickets

    let tickets: [String]
    let reason: String?
}

// MARK: From bodies to commands

/// Why somebody does something, in their own words.
enum Reason {
    /// - Returns: nil for no words at all.
    /// - Throws: ``Problem`` for text that is too long, or that a terminal would act on.
    static func checked(_ text: String?, max: Int = 200) throws(Problem) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard text.unicodeScalars.count <= max else {
            throw .invalid("/reason", "must have at most \(max) characters")
        }
        guard !text.unicodeScalars.contains(where: \.breaksLine) else {
            throw .invalid("/reason", "must be one line of text")
        }
        return text
    }
}

extension Unicode.Scalar {
    /// Control characters, ends of lines and paragraphs, and what turns the direction of the words around it.
    var breaksLine: Bool {
        switch value {
        case 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0x61c: true
        default: properties.generalCategory == .control
        }
    }
}

extension CreateEvent {
    private static let titleBytesMax = 500
    private static let capacityMax = 1_000_000
    fileprivate static let amountMax: Int64 = 1_000_000_000_000

    /// The event asked for. Throws everything that is wrong with it at once.
    func definition(planDigest: [UInt8]?, now: Timestamp, tag: UInt64) throws(Problem) -> EventDefinition {
        var faults = Faults()
        let id = id ?? "evt_" + PublicID(.hold, at: now, serial: 0, tag: tag).text.dropFirst(4)
        if self.id != nil { faults.require(CreateEvent.isSlug(id), "/id", "must match [a-z0-9-]{1,64}") }
        let profile = EventProfile(
            title: title, description: description, posterURL: posterURL, ageLimit: ageLimit,
            runningMinutes: runningMinutes, terms: terms, isDraft: state == "draft")
        profile.check(&faults)
        faults.require((venue ?? "").utf8.count <= CreateEvent.titleBytesMax, "/venue", "must have at most 500 bytes")
        faults.require(Currency(code: currency) != nil, "/currency", "must be an ISO 4217 currency such as KRW")
        faults.require(["draft", "published"].contains(state ?? "published"), "/state", "must be draft or published")
        let startsAt = moment(startsAt, "/startsAt", &faults)
        let plan = plan(&faults)
        faults.require(
            SaleTerms.areCountable(plan.prices, seats: plan.seats, areas: plan.areas), "/prices",
            CreateEvent.takingsFault)
        let schedule = schedule(now: now, &faults)
        let terms = SaleTerms(
            prices: plan.prices,
            ticketsPerBuyer: limits?.ticketsPerBuyer ?? 4, holdSeconds: limits?.holdSeconds ?? 300,
            preventOrphans: limits?.preventOrphans ?? false)
        limits?.check(&faults)
        if let timeZone {
            faults.require(
                CreateEvent.isTimeZone(timeZone), "/timeZone",
                "must be a time zone of IANA's, such as Asia/Seoul")
        }
        let eligibility = eligibilityCheck(&faults)
        try faults.throwIfAny()
        guard let startsAt, let schedule else { throw .invalid("", "is not valid") }
        return EventDefinition(
            id: id, tag: tag, profile: profile, venue: venue ?? "", startsAt: startsAt, currency: currency,
            planDigest: planDigest,
            plan: SeatingPlan(
                categories: plan.categories, seats: plan.seats, areas: plan.areas, stage: plan.stage,
                prices: plan.prices),
            terms: terms, schedule: schedule, timeZone: timeZone, stage: plan.stage, eligibility: eligibility)
    }

    private static let urlBytesMax = 2_000

    private func eligibilityCheck(_ faults: inout Faults) -> EligibilityCheck? {
        guard let eligibility else { return nil }
        let parts = URLComponents(string: eligibility.url)
        let isUsable =
            ["http", "https"].contains(parts?.scheme) && parts?.host?.isEmpty == false && parts?.user == nil
            && parts?.url?.hasUsablePort == true && eligibility.url.utf8.count <= CreateEvent.urlBytesMax
        faults.require(isUsable, "/eligibility/url", "must be an http or https URL without a user")
        return EligibilityCheck(
            url: eligibility.url,
            deadlineSeconds: within(
                1...86_400, eligibility.deadlineSeconds, default: 600, "/eligibility/deadlineSeconds", &faults))
    }

    static let takingsFault = "times places come to more than 10^15 minor units"

    /// Whether it is a name of IANA's that browsers know too. Foundation also takes offsets (`GMT+0530`), and a name that
    /// goes on behind a zero byte.
    private static func isTimeZone(_ name: String) -> Bool {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-_/".utf8.contains(byte)
        }
        let isOffset = !name.contains("/") && name.contains { "+-".contains($0) }
        // IANA's word for none.
        let isNone = name == "Factory"
        return isPlain && !isOffset && !isNone && name.utf8.count <= 64 && TimeZone(identifier: name) != nil
    }

    static func isSlug(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    private struct Layout {
        var categories: [String] = []
        var prices: [Int64] = []
        var seats: [SeatingPlan.Seat] = []
        var areas: [SeatingPlan.Area] = []
        var stage: SeatingPlan.Point?
    }

    private func plan(_ faults: inout Faults) -> Layout {
        var layout = Layout()
        faults.require(seatingPlan != nil || areas != nil, "", "needs a seatingPlan or areas")
        var indices: [Name: Int] = [:]
        func add(_ category: String) {
            guard indices[Name(category)] == nil else { return }
            faults.require(
                category.utf8.count <= PretixPlan.nameBytesMax, "/seatingPlan/categories",
                "must have names of at most \(PretixPlan.nameBytesMax) bytes")
            indices[Name(category)] = layout.categories.count
            layout.categories.append(category)
        }
        for category in seatingPlan?.categories ?? [] { add(category.name) }
        for area in areas ?? [] { add(area.category) }
        faults.require(layout.categories.count <= 1000, "/seatingPlan/categories", "are more than 1000")
        layout.seats = seatingPlan?.seats(categories: indices, faults: &faults) ?? []
        layout.areas = standing(indices, &faults)
        layout.stage =
            stage.flatMap { stage in
                guard let x = PretixPlan.sum(nil, nil, stage.x), let y = PretixPlan.sum(nil, nil, stage.y) else {
                    faults.add("/stage", "is out of range")
                    return nil
                }
                return .init(x: x, y: y)
            } ?? seatingPlan?.stage
        layout.prices = amounts(of: layout, &faults)
        faults.require(
            !layout.seats.isEmpty || layout.areas.contains { $0.capacity > 0 } || !faults.faults.isEmpty, "",
            "has no places to sell")
        return layout
    }

    private func standing(_ categories: [Name: Int], _ faults: inout Faults) -> [SeatingPlan.Area] {
        var names: Set<Name> = []
        var result: [SeatingPlan.Area] = []
        for (index, area) in (areas ?? []).enumerated() {
            let pointer = "/areas/\(index)"
            faults.require(
                !area.name.isEmpty && area.name.utf8.count <= PretixPlan.nameBytesMax, pointer + "/name",
                "must have 1 to \(PretixPlan.nameBytesMax) bytes")
            faults.require(names.insert(Name(area.name)).inserted, pointer + "/name", "is there twice")
            faults.require(
                (0...CreateEvent.capacityMax).contains(area.capacity), pointer + "/capacity",
                "must be from 0 to \(CreateEvent.capacityMax)")
            result.append(
                .init(name: area.name, capacity: area.capacity, category: categories[Name(area.category)] ?? 0))
        }
        faults.require(result.count <= 1000, "/areas", "are more than 1000")
        return result
    }

    /// Every category in use needs a price; an unused one needs none.
    private func amounts(of layout: Layout, _ faults: inout Faults) -> [Int64] {
        let amounts = prices.amounts(of: layout.categories, &faults)
        let used = Set(layout.seats.map(\.category)).union(layout.areas.map(\.category))
        return layout.categories.enumerated().map { index, category in
            if let amount = amounts[index] { return amount }
            faults.require(!used.contains(index), "/prices", "has no price for category \(category)")
            return 0
        }
    }

    private func schedule(now: Timestamp, _ faults: inout Faults) -> OnsaleSchedule? {
        let lobby = onsale?.lobbyOpensAt.flatMap { moment($0, "/onsale/lobbyOpensAt", &faults) }
        let opens = onsale?.opensAt.map { moment($0, "/onsale/opensAt", &faults) } ?? now
        let closes = onsale?.closesAt.flatMap { moment($0, "/onsale/closesAt", &faults) }
        guard let opens else { return nil }
        OnsaleSchedule.check(lobby: lobby, opens: opens, closes: closes, at: "/onsale", &faults)
        return OnsaleSchedule(
            lobbyOpensAt: lobby, opensAt: opens, closesAt: closes, hasWaitingRoom: onsale?.waitingRoom ?? true,
            maxActiveShoppers: within(
                1...1_000_000, onsale?.maxActiveShoppers, default: 500, "/onsale/maxActiveShoppers", &faults),
            passSeconds: within(1...86_400, onsale?.passSeconds, default: 600, "/onsale/passSeconds", &faults),
            passIdleSeconds: within(
                10...3600, onsale?.passIdleSeconds, default: OnsaleSchedule.passIdleSecondsDefault,
                "/onsale/passIdleSeconds", &faults),
            frontSeconds: within(
                0...86_400, onsale?.frontSeconds, default: OnsaleSchedule.frontSecondsDefault,
                "/onsale/frontSeconds", &faults))
    }
}

extension [CreateEvent.Price] {
    /// The amounts by category.
    fileprivate func amounts(of categories: [String], _ faults: inout Faults) -> [Int: Int64] {
        let indices = Dictionary(
            categories.enumerated().map { (Name($1), $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<Name> = []
        var amounts: [Int: Int64] = [:]
        for (index, price) in enumerated() {
            faults.require(
                (0...CreateEvent.amountMax).contains(price.amount), "/prices/\(index)/amount",
                "must be from 0 to \(CreateEvent.amountMax)")
            faults.require(seen.insert(Name(price.category)).inserted, "/prices/\(index)/category", "is there twice")
            guard let category = indices[Name(price.category)] else {
                faults.add(
                    "/prices/\(index)/category", "is no category of the plan or the areas: \(price.category)")
                continue
            }
            amounts[category] = price.amount
        }
        return amounts
    }
}

extension CreateEvent.Limits {
    /// Finds what is wrong with them.
    fileprivate func check(_ faults: inout Faults) {
        _ = within(1...1_000_000, ticketsPerBuyer, default: 1, "/limits/ticketsPerBuyer", &faults)
        _ = within(1...86_400, holdSeconds, default: 1, "/limits/holdSeconds", &faults)
    }
}

extension OnsaleSchedule {
    fileprivate static func check(
        lobby: Timestamp?, opens: Timestamp, closes: Timestamp?, at pointer: String, _ faults: inout Faults
    ) {
        if let lobby { faults.require(lobby <= opens, pointer + "/lobbyOpensAt", "must not be after opensAt") }
        if let closes { faults.require(closes > opens, pointer + "/closesAt", "must be after opensAt") }
    }
}

extension EventProfile {
    private static let titleBytesMax = 500
    private static let textBytesMax = 20_000
    private static let urlBytesMax = 2_000

    /// Finds what is wrong with it.
    fileprivate func check(_ faults: inout Faults) {
        faults.require(
            !title.isEmpty && title.utf8.count <= EventProfile.titleBytesMax, "/title", "must have 1 to 500 bytes")
        for (text, pointer) in [(description, "/description"), (terms, "/terms")] {
            faults.require(
                (text ?? "").utf8.count <= EventProfile.textBytesMax, pointer, "must have at most 20000 bytes")
        }
        if let posterURL {
            let parts = URLComponents(string: posterURL)
            let isPlain = posterURL.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
            faults.require(
                parts?.scheme == "https" && parts?.host?.isEmpty == false && parts?.user == nil && isPlain
                    && posterURL.utf8.count <= EventProfile.urlBytesMax, "/posterURL",
                "must be an https URL without a user")
        }
        _ = within(0...150, ageLimit, default: 0, "/ageLimit", &faults)
        _ = within(1...100_000, runningMinutes, default: 1, "/runningMinutes", &faults)
    }
}

/// What of an event is to change. What is absent stays; null takes it away.
struct ChangeEvent: JSONBody {
    static let shape = Shape.changeEvent

    let title: String?
    let description: String??
    let posterURL: String??
    let ageLimit: Int??
    let runningMinutes: Int??
    let terms: String??
    let prices: [CreateEvent.Price]?
    let limits: CreateEvent.Limits?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case title, description, posterURL, ageLimit, runningMinutes, terms, prices, limits

        static let profile: [CodingKeys] = [.title, .description, .posterURL, .ageLimit, .runningMinutes, .terms]
    }

    /// The members that were there of what the event tells about itself, for the audit.
    let summary: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String?? {
            container.contains(key) ? .some(try container.decodeIfPresent(String.self, forKey: key)) : nil
        }
        func number(_ key: CodingKeys) throws -> Int?? {
            container.contains(key) ? .some(try container.decodeIfPresent(Int.self, forKey: key)) : nil
        }
        title = try container.decodeIfPresent(String.self, forKey: .title)
        description = try text(.description)
        posterURL = try text(.posterURL)
        ageLimit = try number(.ageLimit)
        runningMinutes = try number(.runningMinutes)
        terms = try text(.terms)
        prices = try container.decodeIfPresent([CreateEvent.Price].self, forKey: .prices)
        limits = try container.decodeIfPresent(CreateEvent.Limits.self, forKey: .limits)
        summary = CodingKeys.profile.filter(container.contains).map(\.rawValue)
    }

    /// The requested change. Throws what is wrong with it.
    func change(in plan: SeatingPlan) throws(Problem) -> EditEvent {
        var faults = Faults()
        EventProfile(
            title: title ?? "unchanged", description: description ?? nil, posterURL: posterURL ?? nil,
            ageLimit: ageLimit ?? nil, runningMinutes: runningMinutes ?? nil, terms: terms ?? nil
        ).check(&faults)
        limits?.check(&faults)
        let amounts = prices?.amounts(of: plan.categories, &faults) ?? [:]
        try faults.throwIfAny()
        return EditEvent(
            ChangeProfile(
                title: title, description: description, posterURL: posterURL, ageLimit: ageLimit,
                runningMinutes: runningMinutes, terms: terms),
            ChangeTerms(
                prices: amounts, ticketsPerBuyer: limits?.ticketsPerBuyer, holdSeconds: limits?.holdSeconds,
                preventOrphans: limits?.preventOrphans))
    }
}

extension ChangeOnsale {
    /// The requested change. Throws what is wrong with it.
    func change() throws(Problem) -> ScheduleChange {
        var faults = Faults()
        let change = ScheduleChange(
            lobbyOpensAt: lobbyOpensAt.map { text in text.flatMap { moment($0, "/lobbyOpensAt", &faults) } },
            opensAt: opensAt.flatMap { moment($0, "/opensAt", &faults) },
            closesAt: closesAt.map { text in text.flatMap { moment($0, "/closesAt", &faults) } },
            maxActiveShoppers: maxActiveShoppers.map {
                within(1...1_000_000, $0, default: $0, "/maxActiveShoppers", &faults)
            })
        try faults.throwIfAny()
        return change
    }
}

private func moment(_ text: String, _ pointer: String, _ faults: inout Faults) -> Timestamp? {
    let moment = RFC3339.parse(text)
    faults.require(moment != nil, pointer, "must be a moment as in 2027-01-01T00:00:00.000Z")
    return moment
}

private func within(
    _ range: ClosedRange<Int>, _ value: Int?, default fallback: Int, _ pointer: String, _ faults: inout Faults
) -> Int {
    guard let value else { return fallback }
    faults.require(range.contains(value), pointer, "must be from \(range.lowerBound) to \(range.upperBound)")
    return value
}

extension CreateHold {
    /// What an order's tickets, mail and messages can carry.
    static let quantityMax = 200

    /// The places to hold. Throws what is wrong with the request.
    func selection(in plan: SeatingPlan) throws(Problem) -> Selection {
        switch (seats, area, best) {
        case (let names?, nil, nil):
            guard quantity == nil else { throw .invalid("/quantity", "goes with area, not with seats") }
            guard names.count <= CreateHold.quantityMax else {
                throw .invalid("/seats", "must be at most \(CreateHold.quantityMax)")
            }
            return .seats(try plan.seats(named: names))
        case (nil, let name?, nil):
            guard let area = plan.area(named: name) else { throw .invalid("/area", "is not an area of this event") }
            return .area(area, quantity: try quantity(quantity, "/quantity"))
        case (nil, nil, let best?):
            guard quantity == nil else { throw .invalid("/quantity", "goes inside best") }
            guard let category = plan.category(named: best.category) else {
                throw .invalid("/best/category", "is not a category of this event")
            }
            return .best(category: category, quantity: try quantity(best.quantity, "/best/quantity"))
        default: throw .invalid("", "needs exactly one of seats, area (with quantity) and best")
        }
    }

    private func quantity(_ value: Int?, _ pointer: String) throws(Problem) -> Int {
        guard let value else { throw .invalid(pointer, "is required") }
        guard (1...CreateHold.quantityMax).contains(value) else {
            throw .invalid(pointer, "must be from 1 to \(CreateHold.quantityMax)")
        }
        return value
    }
}

extension SeatingPlan {
    /// The seats with these names, which must be known and distinct.
    func seats(named names: [String]) throws(Problem) -> [SeatIndex] {
        guard !names.isEmpty else { throw .invalid("/seats", "must not be empty") }
        var faults = Faults()
        var indices: [SeatIndex] = []
        indices.reserveCapacity(names.count)
        for (index, name) in names.enumerated() {
            guard let seat = seat(named: name) else {
                let shown = name.utf8.count <= PretixPlan.nameBytesMax ? ": \(name)" : ""
                faults.add("/seats/\(index)", "is not in the plan\(shown)")
                continue
            }
            // For a handful, comparing is faster than building a set.
            let isTwice = names.count < 16 ? indices.contains(seat) : false
            faults.require(!isTwice, "/seats/\(index)", "is there twice: \(name)")
            indices.append(seat)
        }
        if names.count >= 16, Set(indices).count != indices.count { faults.add("/seats", "names a seat twice") }
        try faults.throwIfAny()
        return indices
    }
}
