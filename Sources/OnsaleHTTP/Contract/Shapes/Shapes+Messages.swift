/// What services hear on the bus.
extension Shape {
    private static let onsaleEvent = Shape.object([
        .required("id", .text),
        .required("title", .text),
        .required("venue", .text),
        .required("startsAt", .time),
        .required("currency", .currency),
        .optional("timeZone", .text.orNull, "IANA's name of the venue's time zone."),
        .optional(
            "eligibility",
            .object([.required("url", .address), .required("deadlineSeconds", .count(1...86_400))]).orNull),
    ])
    .named("OnsaleEvent", "The on-sale event that an order belongs to.")

    private static let messageTicket = Shape.object([
        .required("ticket", .text),
        .optional("seat", .text.orNull),
        .optional("area", .text.orNull, "In place of `seat`."),
        .required("category", .text),
        .required("barcode", .text, "Whoever has it gets in."),
    ])
    .named("MessageTicket", "Leave to enter.")

    static let orderMessage = Shape.object([
        .required("event", .onsaleEvent),
        .required("order", .text),
        .required("buyer", .text),
        .required("amount", .money),
        .required("refundedAmount", .money, "What of it has gone back so far."),
        .required("placedAt", .time),
        .required(
            "lines",
            .list(
                .object([
                    .required("category", .text), .required("unitAmount", .money), .required("quantity", .count(1...)),
                ]))),
        .required("tickets", .list(.messageTicket), "From the confirmation on; void ones too."),
        .optional("payment", .text.orNull, "The provider's name of the payment, once money has been taken."),
        .optional("proof", .text.orNull, "What the order carries for the check of eligibility."),
        .optional(
            "reason", .text.orNull,
            "Why it was declined, cancelled or refunded: a provider's code, `buyer`, `organizer`, `eligibility`, `provider`, `dispute`."
        ),
        .optional(
            "disputedAmount", .money.orNull,
            "What the payer's bank has taken back, while a dispute is open or lost; left out if there is none."),
        .optional(
            "words", .text.orNull, "The organizer's own words, where the check of eligibility has refused the buyer."),
    ])
    .named("OrderMessage", "An order as it was just after what happened.")

    static let ticketsIssuedMessage = Shape.object([
        .required("order", .orderMessage),
        .required(
            "documents",
            .list(
                .object([
                    .required("name", .text), .required("contentType", .text),
                    .required("sha256", .text(pattern: "^[0-9a-f]{64}$")), .required("bytes", .count),
                ]))),
    ])
    .named("TicketsIssuedMessage", "An order's documents are ready.")

    static let ticketsVoidedMessage = Shape.object([
        .required("order", .orderMessage), .required("tickets", .list(.text), "The tickets that are void."),
    ])
    .named("TicketsVoidedMessage", "An order's documents let nobody in any more.")

    static let mailMessage = Shape.object([
        .required("event", .text), .required("order", .text), .required("buyer", .text), .required("kind", .text),
        .required("mail", .text, "Its `Message-ID`."), .optional("reason", .text.orNull, "Why it came back."),
    ])
    .named("MailMessage", "What became of a mail. It has no address.")

    static let eligibilityMessage = Shape.object([
        .required("event", .text), .required("order", .text), .required("buyer", .text),
        .optional("reason", .text.orNull, "The organizer's own words, for the buyer."),
    ])
    .named("EligibilityMessage", "What the organizer says about an order's buyer.")
}
