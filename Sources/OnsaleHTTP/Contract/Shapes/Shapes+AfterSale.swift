import OnsaleBus
import OnsaleSettlement

/// What follows a sale, as the organizer sees it.
extension Shape {
    static let day = Shape.text.with("format", "date")

    // MARK: Webhooks

    static let createWebhookEndpoint = Shape.object([
        .required("url", .address, "https, at most 2,048 bytes."),
        .required(
            "types", .list(.text(length: 1...64), count: 1...32),
            "Types of `/asyncapi.json`, `onsale.order.*` for all that begin so, or `*` for all."),
    ]).named(
        "CreateWebhookEndpoint",
        examples: [["url": "https://shop.example/onsale", "types": ["onsale.order.*"]]])

    static let webhookEndpoint = Shape.object([
        .required("id", .text(pattern: "^whe_[0-9a-f]{32}$")),
        .required("url", .address),
        .required("types", .list(.text)),
        .required("createdAt", .time),
        .required("failures", .count, "Failed attempts since the last success."),
        .required(
            "switchedOff", .word("gone", "failing", "backlog").orNull,
            "Why nothing is sent: it answered 410, it failed for three days, or it has more before it than is kept. Null "
                + "while it is on."),
    ]).named("WebhookEndpoint")

    static let webhookSecret = Shape.object([
        .required("secret", .text(pattern: "^whsec_"), "Verifies `webhook-signature`.")
    ]).named("WebhookSecret")

    static let newWebhookEndpoint = Shape.extended(
        .webhookEndpoint, by: [.required("secret", .text(pattern: "^whsec_"), "Verifies `webhook-signature`.")]
    ).named("NewWebhookEndpoint")

    static let webhookEndpoints = Shape.object([.required("endpoints", .list(.webhookEndpoint))])
        .named("WebhookEndpoints")

    static let webhookDeliveries = Shape.object([
        .required(
            "deliveries",
            .list(
                .object([
                    .required("id", .text, "Its `webhook-id`."),
                    .required("type", .word(EventType.allCases.map(\.rawValue))),
                    .required("state", .word("pending", "sending", "delivered", "exhausted")),
                    .required("createdAt", .time),
                    .required("dueAt", .time.orNull, "When it is tried next; null unless it is pending."),
                    .required(
                        "attempts",
                        .list(
                            .object([
                                .required("number", .count(1...)),
                                .required("at", .time),
                                .required("milliseconds", .count),
                                .required("outcome", .text, "What became of it, in a word."),
                                .required("status", .count.orNull, "HTTP's, where there was an answer."),
                                .required("answer", .text, "The beginning of what the endpoint answered."),
                            ])), "The newest ones, the oldest of them first."),
                ]))),
        .required("next", .text.orNull, "For `before` of the next page; null on the last."),
    ]).named("WebhookDeliveries")

    // MARK: Settlement

    private static let difference = Shape.object([
        .required("name", .word(Difference.Name.allCases.map(\.rawValue)), "What kind of difference it is."),
        .required("day", .day),
        .required("order", .text.orNull),
        .required("payment", .text.orNull, "The provider's id of it."),
        .required("kind", .text.orNull, "What moves the money, such as `charge` or `refund`."),
        .required("expected", .signedMoney.orNull, "By our book."),
        .required("listed", .signedMoney.orNull, "By the provider's list."),
        .required("currency", .text.orNull),
        .required("line", .text.orNull, "The provider's id of the line."),
    ]).named("SettlementDifference")

    static let settlement = Shape.object([
        .required("currency", .currency),
        .required(
            "days",
            .list(
                .object([
                    .required("day", .day),
                    .required("gross", .signedMoney, "What was sold."),
                    .required("fees", .signedMoney, "What is charged, less what was given back."),
                    .required("refunds", .signedMoney, "What goes back to buyers."),
                    .required("disputes", .signedMoney, "What payers' banks took back, less what came again."),
                    .required("net", .signedMoney, "Gross less all of these: what the organizer gets."),
                    .required("provider", .signedMoney, "What the provider lists, before its own fees."),
                    .required("difference", .signedMoney, "`provider` less what it should be."),
                ])), "Oldest first; days without anything are left out."),
        .required("differences", .list(.difference), "What book and list don't have in common."),
    ]).named("Settlement", "What is owed, day by day, in minor units.")

    private static let signedMoney = Shape.money(NoBounds())
}
