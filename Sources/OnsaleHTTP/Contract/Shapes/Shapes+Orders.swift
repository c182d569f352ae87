/// Holds and orders.
extension Shape {
    static let priceLine = Shape.object([
        .required("category", .text),
        .required("unitAmount", .money, "Price of one, in minor units."),
        .required("quantity", .count(1...)),
    ])
    .named("PriceLine", "What places of one category cost.")

    static let createHold = Shape.either(.holdSeats, .holdArea, .holdBest)
        .named(
            "CreateHold", "One of seats, an area, or the best of a category.",
            examples: [
                ["seats": ["F1-1-1", "F1-1-2"]], ["area": "Standing", "quantity": 2],
                ["best": ["category": "R", "quantity": 3]],
            ])

    static let holdSeats = Shape.object([
        .required("seats", .list(.text, count: 1..., isUnique: true), "Names of seats in the plan.")
    ]).with("not", ["required": ["quantity"]])
        .named("HoldSeats", "Seats by name; without `quantity`.")

    static let holdArea = Shape.object([
        .required("area", .text, "Name of a standing area."),
        .required("quantity", .count(1...10_000)),
    ]).with("not", ["anyOf": [["required": ["seats"]], ["required": ["best"]]]])
        .named("HoldArea", "So many places of a standing area.")

    static let holdBest = Shape.object([
        .required(
            "best",
            .object([
                .required("category", .text, "A category of the event."),
                .required("quantity", .count(1...10_000)),
            ]))
    ]).with("not", ["required": ["quantity"]])
        .named(
            "HoldBest",
            "The best free seats of a category, adjacent where there are any; without `quantity` of its own.")

    static let hold = Shape.object([
        .required("hold", .text, "`hld_…`"),
        .required("seats", .list(.text), "Names of the seats; empty for an area."),
        .required("area", .text.orNull, "Name of the area; null for seats."),
        .required("quantity", .count(1...)),
        .required("lines", .list(.priceLine)),
        .required("amount", .money, "What it costs, in minor units."),
        .required("currency", .currency),
        .required("expiresAt", .time, "Its places are free within 1 s of this, unless an order pays for it."),
        .optional("orderNumber", .count(1...), "Number within the event of the order that pays for it, if one does."),
    ])
    .named("Hold", "Places kept for one buyer.")

    static let createOrder = Shape.object([
        .required("hold", .text, "The hold to pay for."),
        .required(
            "payment",
            .object([
                .required(
                    "method", .text(length: 1...255), "The provider's name of a payment method; at most 255 bytes.")
            ])),
        .optional(
            "proof", .text(length: 0...255).orNull,
            "What the event's check of eligibility asks for, such as a member's number; at most 255 bytes."),
    ])
    .named("CreateOrder", examples: [["hold": "hld_1m3e8xk2a00000005r7q2m9c", "payment": ["method": "pm_card_visa"]]])

    static let orderState = Shape.word(
        "authorizing", "requires_action", "confirmed", "declined", "expired", "refunding", "refunded"
    )
    .named(
        "OrderState",
        "`authorizing` goes to `confirmed`, `declined` or `expired`; a cancelled order from `confirmed` by `refunding` to `refunded`."
    )

    static let ticket = Shape.object([
        .required("ticket", .text, "`tkt_…`"),
        .optional("seat", .text, "Name of the seat, if it is for one."),
        .optional("area", .text, "Name of the area, if it is for one."),
        .optional(
            "barcode", .text,
            "Compact JWS under Ed25519, which a scanner checks offline with the published key. Left out for a viewer."),
    ]).with("oneOf", [["required": ["seat"]], ["required": ["area"]]])
        .named("Ticket", "Leave to enter.")

    static let order = Shape.object([
        .required("order", .text, "`ord_…`"),
        .required("event", .text),
        .required("state", .orderState),
        .optional("buyer", .text, "`byr_…`: whose it is, for organizers."),
        .required("amount", .money, "In minor units."),
        .required("currency", .currency),
        .required("placedAt", .time),
        .optional(
            "declineCode", .text,
            "Why it was declined, in the provider's code; `payment_mismatch` when what the provider said was not what was asked for."
        ),
        .optional(
            "action",
            .object([
                .required("type", .word("redirect")),
                .required("url", .address),
            ]), "What the buyer has to do while the state is `requires_action`: go to that page."),
        .optional("refundedAmount", .money(1...), "What of it has gone back, in minor units, once something has."),
        .optional(
            "refundingAmount", .money(1...),
            "While it is confirmed: what of it is still to go back, in minor units, if anything is."),
        .optional("disputed", .flag, "The payer disputes the payment; its tickets are void."),
        .required("seats", .list(.text), "Names of the seats it is for, in every state; empty for an area."),
        .required("area", .text.orNull, "Name of the area; null for seats."),
        .required("quantity", .count(1...)),
        .required("lines", .list(.priceLine)),
        .required("tickets", .list(.ticket), "Those that are good; empty unless the order is confirmed."),
    ])
    .named("Order", "A hold being paid, then paid.")

    static let cancelOrder = Shape.object([
        .optional("reason", .reason.orNull, "Kept with the order, for the organizer.")
    ])
    .named("CancelOrder", examples: [["reason": "The concert is on another day."]])

    static let refundTickets = Shape.object([
        .required("tickets", .list(.text, count: 1...200, isUnique: true), "`tkt_…` of the order."),
        .optional("reason", .reason.orNull, "Kept with the order, for the organizer."),
    ])
    .named("RefundTickets", examples: [["tickets": ["tkt_1m3e8xk2a00000005r7q2m9c"], "reason": "A child fell ill."]])

    /// Why something was done.
    static let reason = Shape.text(length: 0...200)

    static let me = Shape.extended(
        .orderList,
        by: [
            .required("buyer", .text),
            .required(
                "contact",
                .object([
                    .required("email", .text), .required("language", .word("ko", "en")), .required("since", .time),
                ]).orNull, "Where mail goes; null once it is forgotten."),
            .required(
                "mails",
                .list(
                    .object([
                        .required("kind", .text), .optional("order", .text), .required("state", .text),
                        .required("queuedAt", .time),
                    ]))),
        ]
    )
    .named("Me", "Everything held about a buyer.")

    static let orderList = Shape.object([
        .required("orders", .list(.order), "Newest first."),
        .required("next", .text.orNull, "`after` of the next page; null on the last."),
    ])
    .named("OrderList")
}
