import OnsaleMigrations

/// The tables of webhooks: endpoints, their secrets, deliveries and what was tried. Each call is part of a transaction.
struct WebhookTables: Sendable {
    /// A row that this program can't have written.
    struct Damaged: Error, CustomStringConvertible {
        let description: String
    }

    /// How many attempts of a delivery are kept, the newest.
    static let attemptsMax = 20

    let seal: SecretSeal
    let limits: WebhookLimits

    /// Lets one after the other take deliveries or add endpoints, until the transaction ends.
    func awaitTurn(in session: any SQLSession) throws {
        _ = try session.rows("UPDATE webhook_turn SET number = number + 1", [])
    }
}

extension [String?] {
    /// A column that is never NULL.
    func text(_ index: Int) throws(WebhookTables.Damaged) -> String {
        guard index < count, let text = self[index] else { throw WebhookTables.Damaged(description: "a NULL") }
        return text
    }

    func number(_ index: Int) throws(WebhookTables.Damaged) -> Int64 {
        guard let number = Int64(try text(index)) else { throw WebhookTables.Damaged(description: "no number") }
        return number
    }

    func count(_ index: Int) throws(WebhookTables.Damaged) -> Int { Int(clamping: Swift.max(0, try number(index))) }

    func endpoint(_ index: Int) throws(WebhookTables.Damaged) -> EndpointID {
        guard let id = EndpointID(text: try text(index)) else {
            throw WebhookTables.Damaged(description: "no ID of an endpoint")
        }
        return id
    }

    func message(_ index: Int) throws(WebhookTables.Damaged) -> WebhookID {
        guard let id = WebhookID(text: try text(index)) else {
            throw WebhookTables.Damaged(description: "no ID of a message")
        }
        return id
    }
}
