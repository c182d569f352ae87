/// What anybody may see of events.
extension Shape {
    static let currency = Shape.text(pattern: "^[A-Z]{3}$")
        .named("Currency", "ISO 4217 code.", examples: ["KRW"])

    static let onsalePhase = Shape.word("scheduled", "lobby", "open", "paused", "soldOut", "closed")
        .named("OnsalePhase", "Where the sale of an event stands.")

    static let position = Shape.object([
        .required("x", .number),
        .required("y", .number),
    ])
    .named("Position", "A point in the plan's coordinates.")

    static let price = Shape.object([
        .required("category", .text),
        .required("amount", .money(0...1_000_000_000_000), "Price of one ticket, in minor units."),
    ])
    .named("Price", "What a ticket of a category costs.")

    static let area = Shape.object([
        .required("name", .text(length: 1...200), "At most 200 bytes."),
        .required("capacity", .count(0...1_000_000), "How many tickets it takes."),
        .required("category", .text),
    ])
    .named("Area", "A standing area.")

    static let seatingPlan = Shape.object([
        .optional("name", .text.orNull),
        .required(
            "categories",
            .list(
                .object([
                    .required("name", .text)
                ]))),
        .required(
            "zones",
            .list(
                .object([
                    .optional("position", .position.orNull),
                    .optional(
                        "rows",
                        .list(
                            .object([
                                .optional("position", .position.orNull),
                                .required(
                                    "seats",
                                    .list(
                                        .object([
                                            .required(
                                                "seat_guid", .text(length: 1...200),
                                                "Names the seat everywhere in this API; unique in the plan, at most 200 bytes."
                                            ),
                                            .required("position", .position),
                                            .required("category", .text, "One of the plan's categories."),
                                        ]))),
                            ])
                        ).orNull),
                    .optional(
                        "areas", .list(.anyObject).orNull,
                        "Drawings; one with the text `stage` says where the stage is."),
                ]))),
    ]).with("additionalProperties", true).with(
        "externalDocs",
        ["url": "https://github.com/pretix/pretix/blob/master/src/pretix/static/seating/seating-plan.schema.json"]
    )
    .named(
        "SeatingPlan",
        "A plan in pretix's open seating-plan format, of at most 250,000 seats. Members that are not listed here are kept and served again."
    )

    static let eventSummary = Shape.object([
        .required("id", .text, "The slug it was created with, or `evt_…`."),
        .required("title", .text),
        .required("venue", .text, "Empty when none was given."),
        .required("startsAt", .time),
        .required("currency", .currency),
        .required("prices", .list(.price)),
        .required("state", .word("draft", "published"), "A draft is seen by organizers alone."),
        .optional("posterURL", .address),
        .optional("timeZone", .text, "IANA's name of the venue's time zone."),
        .required("onsale", .onsale),
    ])
    .named("EventSummary", "An event as a list shows it.")

    static let onsale = Shape.object([
        .required("phase", .onsalePhase),
        .required("lobbyOpensAt", .time.orNull, "null: no lobby."),
        .required("opensAt", .time),
        .required("closesAt", .time.orNull, "null: never."),
        .required("waitingRoom", .flag, "Whether people line up."),
        .required("maxActiveShoppers", .count(1...), "How many passes may be alive at a time."),
        .required("passSeconds", .count(1...), "How long a pass lives."),
        .required(
            "passIdleSeconds", .count(10...3_600),
            "A pass ends when for so long its holder had no live hold and no order in progress, and neither made nor gave back a hold."
        ),
        .required(
            "frontSeconds", .count(0...86_400),
            "How long a place that was passed over keeps the right to stand first after its number was called; afterwards it goes to the end of those waiting."
        ),
    ])
    .named("Onsale", "When and how an event is sold.")

    static let limits = Shape.object([
        .required("ticketsPerBuyer", .count(1...), "Live holds, orders in progress and valid tickets count."),
        .required("holdSeconds", .count(1...), "How long a hold lives."),
        .required("preventOrphans", .flag, "Whether a hold may leave no single seat behind."),
    ])
    .named("Limits", "What one buyer may do.")

    static let event = Shape.extended(
        .eventSummary,
        by: [
            .required("areas", .list(.area)),
            .required("limits", .limits),
            .required("capacity", .count, "All places, seats and areas together."),
            .optional(
                "stage", .position, "Where the organizer or the plan has the stage, in the plan's coordinates."),
            .optional("description", .text, "Plain text."),
            .optional("ageLimit", .count, "In years."),
            .optional("runningMinutes", .count),
            .optional("terms", .text, "On which orders can be cancelled, and what else buyers must know."),
        ]
    )
    .named("Event", "An event in full.")

    static let eventList = Shape.object([
        .required("events", .list(.eventSummary))
    ])
    .named("EventList")

    static let availability = Shape.object([
        .required("version", .money, "Grows with every change."),
        .required(
            "seats", .text(pattern: "^[.hxb]*$"),
            "One character a seat in plan order (zones, then rows, then seats): `.` free, `h` held, `x` sold, `b` blocked."
        ),
        .required(
            "areas",
            .list(
                .object([
                    .required("name", .text),
                    .required("free", .count),
                ]))),
    ])
    .named(
        "Availability", "What is free now.",
        examples: [["version": 17, "seats": "..hxxb", "areas": [["name": "Standing", "free": 2871]]]])

    static let availabilityDelta = Shape.object([
        .required("version", .money, "The version after it."),
        .required(
            "seats",
            .list(
                .pair(
                    .count.described("The seat's place in `seats` of the snapshot, from 0."), .word(".", "h", "x", "b"))
            ),
            "The seats that have changed, each with its new state."),
        .required(
            "areas",
            .list(
                .object([
                    .required("name", .text),
                    .required("free", .count),
                ])), "All areas."),
    ])
    .named(
        "AvailabilityDelta", "How the places stand that have changed.",
        examples: [["version": 18, "seats": [[0, "h"]], "areas": [["name": "Standing", "free": 2871]]]])
}
