/// What has been: a sale over time, and the story of one order.
extension Shape {
    static let timelineStep = Shape.count.with("enum", [1, 60])

    static let timeline = Shape.object([
        .required("step", .timelineStep, "Seconds from one point to the next."),
        .required(
            "points",
            .list(
                .object([
                    .required(
                        "at", .time,
                        "When the step begins. Everything else is as it was when the step ended; in the step that is not "
                            + "over, as it is now."),
                    .required("sold", .count, "Places sold."),
                    .required("held", .count, "Places held."),
                    .required("free", .count, "Places free."),
                    .required("gross", .money, "All money captured until then, in minor units."),
                    .required("waiting", .count, "Buyers in line without a pass."),
                    .required("activeShoppers", .count, "Passes alive."),
                    .required("confirmed", .count, "Orders in this state then, as for the next two."),
                    .required("declined", .count),
                    .required("expired", .count),
                ])),
            "Oldest first, and one for each step, also where nothing changed."),
    ])
    .named(
        "Timeline", "How a sale went.",
        examples: [
            [
                "step": 60,
                "points": [
                    [
                        "at": "2027-01-01T00:00:00.000Z", "sold": 1210, "held": 388, "free": 9282,
                        "gross": 212_960_000, "waiting": 18_220, "activeShoppers": 500, "confirmed": 611,
                        "declined": 14, "expired": 0,
                    ]
                ],
            ]
        ])

    static let story = Shape.object([
        .required(
            "steps",
            .list(
                .object([
                    .required("at", .time),
                    .required(
                        "what", .text,
                        "A short phrase for the kind of step, such as `Order placed`; it stays the same."),
                    .required("detail", .text, "Sentences for people, in English. Times in them are in UTC."),
                ])),
            "Oldest first. Where something is unfinished, the last say what it waits for (`Waiting`), as of now.")
    ])
    .named(
        "Story", "What became of one order, in words.",
        examples: [
            [
                "steps": [
                    [
                        "at": "2027-01-01T00:03:10.120Z", "what": "Payment declined",
                        "detail":
                            "The provider declined the payment. Answered: declined, card_declined. The hold was kept until 00:04:10.",
                    ]
                ]
            ]
        ])
}
