import OnsaleStorage

/// The secrets of a data folder, each generated on first use and readable only by its owner.
struct Secrets: Sendable {
    let adminToken: String
    let adminTokenIsOurs: Bool
    /// Signs sessions and passes.
    let tokenSecret: String
    let barcodeSecret: String
    let webhookSecret: String
    let sandboxKey: String

    /// What no log line may contain.
    var all: [String] { [adminToken, tokenSecret, barcodeSecret, webhookSecret, sandboxKey] }

    init(_ configuration: ServerConfiguration, folder: DataFolder) throws {
        adminToken = try configuration.adminToken ?? folder.secret("admin-token", made: .always)
        adminTokenIsOurs = configuration.adminToken == nil
        tokenSecret = try folder.secret("token.key", made: .beforeJournal)
        barcodeSecret = try folder.secret("barcode.key", made: .beforeJournal)
        webhookSecret = try configuration.webhookSecret ?? folder.secret("webhook.key", made: .always)
        sandboxKey = try folder.secret("sandbox.key", made: .always)
    }
}
