import OnsaleBus
import OnsaleMigrations
import OnsaleTables

/// Turns whatever happens into deliveries.
struct WebhooksService: TableService {
    let name = "webhooks"
    let topics = Topic.allCases
    let webhooks: WebhookTables

    func take(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws -> [CloudEvent] {
        try webhooks.add(event, at: now, in: session)
        return []
    }
}
