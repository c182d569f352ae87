import Foundation
import OnsaleHTTP
import OnsaleStorage

/// What a server must keep to itself: in its data folder, each readable only by its owner, or in the database that nodes
/// share. Made on first use.
struct Secrets: Sendable {
    let adminToken: AdminToken
    /// The file with the organizer's token, if we made it.
    let adminTokenFile: String?
    /// Signs sessions and passes.
    let tokenSecret: String
    let barcodeSecret: String
    let webhookSecret: String
    let sandboxKey: String
    /// What nodes show each other; nil where there is only one.
    let nodeSecret: String?

    /// What no log line may contain.
    let all: [String]

    init(_ configuration: ServerConfiguration, folder: DataFolder, store: NodeStore?) throws {
        sandboxKey = try folder.secret("sandbox.key", made: .always)
        if let store {
            let (token, made) = try store.adminToken(given: configuration.adminToken)
            adminToken = token
            adminTokenFile = try made.map { try folder.keep($0, as: "admin-token") }
            tokenSecret = try store.key("token-key")
            barcodeSecret = try store.key("barcode-key")
            webhookSecret = try configuration.webhookSecret ?? store.key("webhook-key")
            nodeSecret = try store.key("node-key")
            all = [configuration.adminToken, made, tokenSecret, barcodeSecret, webhookSecret, sandboxKey, nodeSecret]
                .compactMap { $0 }
            return
        }
        let text = try configuration.adminToken ?? folder.secret("admin-token", made: .always)
        adminToken = AdminToken(text)
        adminTokenFile = configuration.adminToken == nil ? folder.file("admin-token").path : nil
        tokenSecret = try folder.secret("token.key", made: .beforeJournal)
        barcodeSecret = try folder.secret("barcode.key", made: .beforeJournal)
        webhookSecret = try configuration.webhookSecret ?? folder.secret("webhook.key", made: .always)
        nodeSecret = nil
        all = [text, tokenSecret, barcodeSecret, webhookSecret, sandboxKey]
    }
}
