import OnsaleBus

/// What an operator decides about services.
struct ServiceChoices: Sendable {
    let mail: MailSettings
    let eligibility: EligibilityChoice
    let webhooks: WebhookChoice
    let settlement: SettlementChoice

    init(_ settings: Settings) throws(SetupError) {
        mail = try MailSettings(settings)
        eligibility = try EligibilityChoice(settings)
        webhooks = try WebhookChoice(settings)
        settlement = try SettlementChoice(settings)
    }
}
