import Foundation
import Logging
import OnsaleHTTP
import OnsalePostgres
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
    /// What services seal and sign with.
    let servicesSecret: String
    /// What nodes show each other; nil where there is only one.
    let nodeSecret: String?

    /// What no log line may contain.
    let all: [String]

    static let sandboxFile = "sandbox.key"
    private static let servicesName = "services-key"
    private static let servicesFile = "services.key"

    /// The services' secret, for a process that doesn't sell.
    /// - Throws: ``SetupError``, errors of the database.
    static func services(at place: TablePlace) throws -> String {
        let text: String?
        switch place {
        case .folder(let path):
            text = try? String(contentsOfFile: path + "/" + servicesFile, encoding: .utf8)
        case .database(let url):
            let journal = try PostgresJournal(
                try PostgresConfiguration(url: url), writers: 0, logger: Logger(label: "onsale.secrets"))
            defer { try? journal.close() }
            text = try journal.secrets.secret(servicesName).map { String(decoding: $0, as: UTF8.self) }
        }
        guard let secret = text?.trimmingCharacters(in: .whitespacesAndNewlines), secret.utf8.count >= 16 else {
            throw SetupError("the services' key is missing: start onsale serve once, which makes it.")
        }
        return secret
    }

    init(_ configuration: ServerConfiguration, folder: DataFolder, store: NodeStore?) throws {
        sandboxKey = try folder.secret(Secrets.sandboxFile, made: .always)
        if let store {
            let (token, made) = try store.adminToken(given: configuration.adminToken)
            adminToken = token
            adminTokenFile = try made.map { try folder.keep($0, as: "admin-token") }
            tokenSecret = try store.key("token-key")
            barcodeSecret = try store.key("barcode-key")
            webhookSecret = try configuration.webhookSecret ?? store.key("webhook-key")
            nodeSecret = try store.key("node-key")
            servicesSecret = try store.key(Secrets.servicesName)
            all = [
                configuration.adminToken, made, tokenSecret, barcodeSecret, webhookSecret, sandboxKey, nodeSecret,
                servicesSecret,
            ].compactMap { $0 }
            return
        }
        let text = try configuration.adminToken ?? folder.secret("admin-token", made: .always)
        adminToken = AdminToken(text)
        adminTokenFile = configuration.adminToken == nil ? folder.file("admin-token").path : nil
        tokenSecret = try folder.secret("token.key", made: .beforeJournal)
        barcodeSecret = try folder.secret("barcode.key", made: .beforeJournal)
        webhookSecret = try configuration.webhookSecret ?? folder.secret("webhook.key", made: .always)
        nodeSecret = nil
        servicesSecret = try folder.secret(Secrets.servicesFile, made: .always)
        all = [text, tokenSecret, barcodeSecret, webhookSecret, sandboxKey, servicesSecret]
    }
}
