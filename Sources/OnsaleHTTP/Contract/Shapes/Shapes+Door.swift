/// The door.
extension Shape {
    static let checkIn = Shape.object([
        .optional("barcode", .text, "As scanned from the ticket."),
        .optional("ticket", .text, "`tkt_…`, for a ticket that was found by hand."),
    ]).with("oneOf", [["required": ["barcode"]], ["required": ["ticket"]]])
        .named("CheckIn")

    static let checkedIn = Shape.object([
        .required("ticket", .text, "`tkt_…`"),
        .optional("seat", .text, "Name of the seat, if it is for one."),
        .optional("area", .text, "Name of the area, if it is for one."),
        .required("checkedInAt", .time),
        .optional("checkedInBy", .text, "Name of the account; without one, what the caller said, if anything."),
    ]).with("oneOf", [["required": ["seat"]], ["required": ["area"]]])
        .named("CheckedIn")

    static let doorCounts = Shape.object([
        .required("tickets", .count, "Valid tickets."),
        .required("checkedIn", .count, "Of these, those whose holders are in."),
    ])
    .named("DoorCounts", "How many are in, of how many.")

    static let doorTickets = Shape.object([
        .required(
            "tickets",
            .list(
                .object([
                    .required("ticket", .text, "`tkt_…`"),
                    .optional("seat", .text, "Name of the seat, if it is for one."),
                    .optional("area", .text, "Name of the area, if it is for one."),
                    .required("category", .text),
                    .required("order", .text, "`ord_…`"),
                    .required("isVoid", .flag, "Whether it lets nobody in."),
                    .required("checkedInAt", .time.orNull),
                    .required("checkedInBy", .text.orNull, "Who let its holder in; null where nobody said."),
                ]).with("oneOf", [["required": ["seat"]], ["required": ["area"]]]), count: 0...100),
            "The newest orders' first."),
        .required("isMore", .flag, "Whether there are more than are listed."),
    ])
    .named("DoorTickets", "Tickets that were found by hand.")

    static let voidTickets = Shape.object([
        .required(
            "tickets", .list(.text.described("`tkt_…`")), "Tickets that let nobody in any longer.")
    ])
    .named("VoidTickets")

    static let keySet = Shape.object([
        .required(
            "keys",
            .list(
                .object([
                    .required("kty", .word("OKP")),
                    .required("crv", .word("Ed25519")),
                    .required("use", .word("sig")),
                    .required("alg", .word("EdDSA")),
                    .required(
                        "kid", .text,
                        "The first two letters of its RFC 7638 thumbprint; for barcodes of earlier versions, all of it."
                    ),
                    .required("x", .text, "The public key, in base64url."),
                ])))
    ])
    .named("KeySet", "A JWK set (RFC 7517).")
}
