/// What organizers send and see.
extension Shape {
    static let createEvent = Shape.object([
        .optional("id", .text(pattern: "^[a-z0-9-]{1,64}$").orNull, "Left out, an `evt_…` is made."),
        .required("title", .text(length: 1...500), "At most 500 bytes."),
        .optional("venue", .text(length: 0...500).orNull, "At most 500 bytes."),
        .required("startsAt", .time),
        .required("currency", .currency),
        .optional("seatingPlan", .seatingPlan.orNull),
        .optional("areas", .list(.area, count: 0...1000).orNull, "Standing areas; no two have one name."),
        .required("prices", .list(.price), "One for every category in use, and none for an unknown one."),
        .optional(
            "onsale",
            .object([
                .optional("lobbyOpensAt", .time.orNull, "Not after `opensAt`."),
                .optional("opensAt", .time.orNull, "Left out, now."),
                .optional("closesAt", .time.orNull, "After `opensAt`."),
                .optional(
                    "waitingRoom", .flag.orNull.with("default", true),
                    "Whether people line up; if not, the cap does not apply."),
                .optional("maxActiveShoppers", .count(1...1_000_000).orNull.with("default", 500)),
                .optional("passSeconds", .count(1...86_400).orNull.with("default", 600)),
                .optional(
                    "passIdleSeconds", .count(10...3_600).orNull.with("default", 120),
                    "A pass ends when for so long its holder had no live hold and no order in progress, and neither made nor gave back a hold."
                ),
                .optional(
                    "frontSeconds", .count(0...86_400).orNull.with("default", 300),
                    "How long a place that was passed over keeps the right to stand first after its number was called; afterwards it goes to the end of those waiting."
                ),
            ]).orNull),
        .optional(
            "limits",
            .object([
                .optional("ticketsPerBuyer", .count(1...1_000_000).orNull.with("default", 4)),
                .optional("holdSeconds", .count(1...86_400).orNull.with("default", 300)),
                .optional("preventOrphans", .flag.orNull.with("default", false)),
            ]).orNull),
        .optional("stage", .position.orNull, "Where the stage is, when the plan does not say."),
        .optional(
            "timeZone", .text(length: 1...64).orNull, "IANA's name of the venue's time zone, for mails and tickets."),
        .optional(
            "state", .word("draft", "published").orNull.with("default", "published"),
            "A draft is seen by organizers alone, until it is published."),
        .optional("description", .text(length: 0...20_000).orNull, "Plain text; at most 20,000 bytes."),
        .optional("posterURL", .address.orNull, "https; at most 2,000 bytes."),
        .optional("ageLimit", .count(0...150).orNull, "In years."),
        .optional("runningMinutes", .count(1...100_000).orNull),
        .optional(
            "terms", .text(length: 0...20_000).orNull,
            "On which orders can be cancelled, and what else buyers must know; at most 20,000 bytes."),
        .optional(
            "eligibility",
            .object([
                .required(
                    "url", .address,
                    "Asked about each confirmed order, by a signed POST; an order that it refuses is taken back."),
                .optional("deadlineSeconds", .count(1...86_400).orNull.with("default", 600)),
            ]).orNull),
    ]).with("anyOf", [["required": ["seatingPlan"]], ["required": ["areas"]]])
        .named(
            "CreateEvent", "What an event is made of. `seatingPlan` and `areas` may each be left out, not both.",
            examples: [
                [
                    "id": "arena-night-1", "title": "Arena Night", "venue": "Arena",
                    "startsAt": "2027-03-01T10:00:00.000Z", "currency": "KRW",
                    "seatingPlan": [
                        "name": "Arena", "categories": [["name": "VIP"]],
                        "zones": [
                            [
                                "position": ["x": 0, "y": 0],
                                "rows": [
                                    [
                                        "position": ["x": 0, "y": 0],
                                        "seats": [
                                            ["seat_guid": "F1-1-1", "position": ["x": 0, "y": 0], "category": "VIP"],
                                            ["seat_guid": "F1-1-2", "position": ["x": 25, "y": 0], "category": "VIP"],
                                        ],
                                    ]
                                ],
                            ]
                        ],
                    ], "areas": [["name": "Standing", "capacity": 3000, "category": "Standing"]],
                    "prices": [["category": "VIP", "amount": 198000], ["category": "Standing", "amount": 132000]],
                    "onsale": [
                        "lobbyOpensAt": "2026-12-31T23:30:00.000Z", "opensAt": "2027-01-01T00:00:00.000Z",
                        "closesAt": nil, "waitingRoom": true, "maxActiveShoppers": 500, "passSeconds": 600,
                    ], "limits": ["ticketsPerBuyer": 4, "holdSeconds": 300, "preventOrphans": false],
                ]
            ])

    static let changeOnsale = Shape.object([
        .optional("lobbyOpensAt", .time.orNull, "null takes the lobby away."),
        .optional("opensAt", .time.orNull, "Can't move once the sale has opened; null leaves it as it is."),
        .optional("closesAt", .time.orNull, "null takes the end away."),
        .optional("maxActiveShoppers", .count(1...1_000_000).orNull, "null leaves it as it is."),
    ])
    .named(
        "ChangeOnsale", "What is to change; what is left out stays as it is.",
        examples: [["maxActiveShoppers": 800, "closesAt": nil]])

    static let changeEvent = Shape.object([
        .optional("title", .text(length: 1...500).orNull, "null leaves it as it is."),
        .optional("description", .text(length: 0...20_000).orNull, "null takes it away; so it is with what follows."),
        .optional("posterURL", .address.orNull),
        .optional("ageLimit", .count(0...150).orNull),
        .optional("runningMinutes", .count(1...100_000).orNull),
        .optional("terms", .text(length: 0...20_000).orNull),
        .optional(
            "prices", .list(.price).orNull,
            "Of the categories whose price changes, for holds that follow; null leaves them as they are."),
        .optional(
            "limits",
            .object([
                .optional("ticketsPerBuyer", .count(1...1_000_000).orNull),
                .optional("holdSeconds", .count(1...86_400).orNull),
                .optional("preventOrphans", .flag.orNull),
            ]).orNull, "For holds that follow; null, here and within, leaves them as they are."),
    ])
    .named(
        "ChangeEvent", "What is to change; what is left out stays as it is.",
        examples: [
            ["title": "Arena Night", "ageLimit": 12, "posterURL": nil],
            ["prices": [["category": "VIP", "amount": 176_000]], "limits": ["ticketsPerBuyer": 2]],
        ])

    static let report = Shape.object([
        .required("capacity", .count, "Always free + held + sold + blocked."),
        .required("free", .count),
        .required("held", .count),
        .required("sold", .count),
        .required("blocked", .count),
        .required(
            "orders",
            .object([
                .required("authorizing", .count),
                .required("confirmed", .count),
                .required("declined", .count),
                .required("expired", .count),
                .required("refunding", .count),
                .required("refunded", .count),
                .required("requires_action", .count),
            ]), "How many orders are in each state."),
        .required("currency", .currency),
        .required("gross", .money, "All money captured, in minor units."),
        .required("refunded", .money, "What of it went back, in minor units."),
        .required("waiting", .count, "Buyers in line without a pass; always present + absent."),
        .required("present", .count, "Of those who wait: seen in the last 30 s, or in the first 30 s after a start."),
        .required("absent", .count),
        .required("activeShoppers", .count, "Passes alive."),
        .required("categories", .list(.categoryFigures), "Those that have places."),
        .required(
            "sections", .list(.sectionFigures),
            "The plan's zones with seats, then the areas. No zones where there are more than 500."),
    ])
    .named("Report", "How the sale of an event stands.")

    private static let salesFigures: [Shape.Member] = [
        .required("capacity", .count, "Always free + held + sold + blocked."),
        .required("free", .count),
        .required("held", .count),
        .required("sold", .count),
        .required("blocked", .count),
        .required(
            "gross", .money, "What confirmed orders have brought, in minor units; what went back is not taken off."),
    ]

    static let categoryFigures = Shape.object([.required("category", .text)] + salesFigures).named("CategoryFigures")

    static let sectionFigures = Shape.object(
        [
            .required("section", .text, "The zone's name in the plan, or the area's; empty for a zone without one.")
        ] + salesFigures
    ).named("SectionFigures")

    static let seatList = Shape.object([
        .required("seats", .list(.text, count: 1..., isUnique: true), "Names of seats in the plan.")
    ])
    .named("SeatList", examples: [["seats": ["F1-1-1", "F1-1-2"]]])

    static let blockSeats = Shape.object([
        .required("seats", .list(.text, count: 1..., isUnique: true), "Names of seats in the plan."),
        .optional(
            "reason", .text(length: 0...BlockSeatsBody.reasonMax).orNull,
            "Why. Seats that are kept back already keep theirs."),
    ])
    .named("BlockSeats", examples: [["seats": ["F1-1-1", "F1-1-2"], "reason": "Sound desk"]])

    static let blockList = Shape.object([
        .required(
            "blocks",
            .list(
                .object([
                    .required("seat", .text),
                    .required("reason", .text.orNull, "null where none was given."),
                    .required("since", .time),
                ]).named("SeatBlock")), "In plan order.")
    ])
    .named("BlockList", "Seats that are kept back from sale.")

    static let organizerOrder = Shape.extended(
        .order,
        by: [
            .required("buyer", .text, "`byr_…`"),
            .optional("mailBounced", .flag.with("const", true), "There if a mail about it came back for good."),
        ]
    )
    .named("OrganizerOrder", "An order with its buyer.")

    static let orderPage = Shape.object([
        .required("orders", .list(.organizerOrder), "Oldest first, unless asked for otherwise."),
        .required("next", .text.orNull, "`after` of the next page; null on the last."),
    ])
    .named("OrderPage")

    static let buyer = Shape.object([
        .required("buyer", .text, "`byr_…`"),
        .required(
            "place",
            .object([
                .required(
                    "state", .word("waiting", "called", "passedOver", "admitted", "spent"),
                    "`passedOver`: called, and the buyer did not come. `spent`: the pass has ended."),
                .required("number", .count(1...).orNull, "null before the draw."),
                .optional("lobbyIndex", .count, "For places of the lobby: how many entered before."),
                .required(
                    "position", .count.orNull,
                    "While it waits: how far the line must move; null before the draw and afterwards."),
            ]).orNull, "The newest place in line; null if the buyer never joined."),
        .required(
            "pass", .object([.required("grantedAt", .time), .required("expiresAt", .time)]).orNull,
            "The pass, while it is alive."),
        .required("holds", .list(.hold), "Alive, those that an order pays for too."),
        .required("orders", .list(.order, count: 0...100), "The newest 100, newest first."),
    ])
    .named("Buyer", "What a buyer has of an event.")

    static let auditList = Shape.object([
        .required(
            "entries",
            .list(
                .object([
                    .required("at", .time),
                    .required("by", .text, "Who did it."),
                    .optional(
                        "account", .text(pattern: "^acc_[0-9a-f]{32}$"),
                        "The account that proves `by`; left out where nothing does."),
                    .required(
                        "action",
                        .word(
                            "created", "paused", "resumed", "onsale-changed", "blocked", "unblocked", "refunded",
                            "refund-seen", "dispute-seen", "ineligible", "edited", "published",
                            "tickets-refunded")),
                    .required("detail", .text, "What it was done to."),
                ])))
    ])
    .named("AuditList")
}
