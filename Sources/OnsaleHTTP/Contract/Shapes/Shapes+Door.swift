/// The door.
extension Shape {
    static let checkIn = Shape.object([
        .required("barcode", .text, "As scanned from the ticket.")
    ])
    .named("CheckIn")

    static let checkedIn = Shape.object([
        .required("ticket", .text, "`tkt_…`"),
        .optional("seat", .text, "Name of the seat, if it is for one."),
        .optional("area", .text, "Name of the area, if it is for one."),
        .required("checkedInAt", .time),
    ]).with("oneOf", [["required": ["seat"]], ["required": ["area"]]])
        .named("CheckedIn")

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
                    .required("kid", .text, "RFC 7638 thumbprint."),
                    .required("x", .text, "The public key, in base64url."),
                ])))
    ])
    .named("KeySet", "A JWK set (RFC 7517).")
}
