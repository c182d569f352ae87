/// The server itself, and what it says when it refuses.
extension Shape {
    static let readiness = Shape.object([
        .required("status", .word("ready", "unready")),
        .required(
            "payments", .word("unknown", "well", "away", "unauthorized"),
            "`away`: it does not answer, and orders wait. `unauthorized`: it does not take the secret key, so nothing can be paid."
        ),
    ])
    .named("Readiness")

    static let paymentNotice = Shape.object([
        .required(
            "data",
            .object([
                .required(
                    "object",
                    .object([
                        .optional(
                            "metadata",
                            .object([
                                .optional("order", .text, "The order to ask the provider about.")
                            ]).orNull.with("additionalProperties", ["type": "string"]))
                    ]))
            ]))
    ])
    .named("PaymentNotice", "A webhook event as Stripe writes it. Only the order's id is read.")

    static let receipt = Shape.object([
        .required("received", .flag.with("const", true))
    ])
    .named("Receipt")

    static let problemType = Shape.word(Problem.Slug.allCases.map { "/problems/" + $0.rawValue })
        .named("ProblemType", "Which problem it is, as a path on this server.")

    static let problemDescription = Shape.object([
        .required("type", .problemType),
        .required("title", .text),
        .required("status", .count(400...599)),
    ])
    .named("ProblemDescription", "What a problem's `type` points to.")

    static let problem = Shape.object([
        .required("type", .problemType),
        .required("title", .text),
        .required("status", .count(400...599), "The HTTP status."),
        .required("detail", .text, "What is wrong in this case."),
        .optional(
            "errors",
            .list(
                .object([
                    .required(
                        "pointer", .text, "JSON Pointer (RFC 6901) into the body; for a query, `/` and the parameter."),
                    .required("detail", .text),
                ])), "With `invalid-request`: every fault found."),
        .optional(
            "unavailable", .list(.text),
            "With `seats-unavailable`: the seats that are taken; empty when too few are left of an area or category."),
        .optional("orphans", .list(.text), "With `orphan-seat`: the seats that would be left single."),
        .optional("limit", .count, "With `purchase-limit`: tickets that one buyer may have."),
        .optional("current", .count, "With `purchase-limit`: tickets that this buyer has or holds."),
        .optional("checkedInAt", .time, "With `already-checked-in`: when that was."),
        .optional(
            "checkedInBy", .text, "With `already-checked-in`: who let them in, where somebody said."),
        .optional("role", .staffRole, "With `forbidden`, for a token of the staff: its role."),
        .optional("needs", .staffRole, "With `forbidden`, for a token of the staff: the least role that suffices."),
        .optional(
            "position", .count.orNull,
            "With `not-admitted` on asking for a pass: how far the line must move; null before the draw."),
        .optional(
            "etaSeconds", .count,
            "With `not-admitted` on asking for a pass: about how long it takes; before the opening, how long until then."
        ),
        .optional("prefix", .text, "With `challenge-required`: what the number is appended to."),
        .optional("bits", .count(1...32), "With `challenge-required`: how many zero bits the SHA-256 must begin with."),
    ])
    .named("Problem", "Why a request was refused (RFC 9457).")

    /// What streams say.
    static let streamed = [availability, availabilityDelta, waitingRoom]
}
