import Logging
import OnsaleEngine
import OnsaleHTTP
import OnsalePostgres
import OnsaleStorage
import OnsaleTelemetry
import OnsaleValues

/// What a node shares with the others: the journal, the registry and the keys.
struct NodeStore: Sendable {
    let journal: PostgresJournal
    let membership: Membership
    private let secrets: PostgresSecrets

    /// Connects, migrates unless told not to, and looks who else is there. Blocks.
    /// - Parameter port: the public one.
    init(_ node: NodeConfiguration, host: String, port: Int, migrates: Bool, logger: Logger) throws {
        try bringUpDatabase(node.databaseURL, migrates: migrates)
        guard let id = NodeID(name: node.name, session: UInt64.random(in: 1 ... .max)) else {
            throw SetupError("ONSALE_NODE_NAME can't be used.")
        }
        let configuration = try PostgresConfiguration(url: node.databaseURL, name: PostgresNodes.sessionName(of: id))
        let registry = PostgresNodes(configuration, node: id, url: node.url ?? "http://\(host):\(port)")
        membership = Membership(node: id, registry: registry, sells: node.sells)
        journal = try PostgresJournal(configuration, logger: logger)
        secrets = journal.secrets
        do {
            // Another node with this name is found now rather than later.
            _ = try registry.look(isWell: true, sells: false)
        } catch {
            close()
            throw error
        }
    }

    /// Ends the journal's threads. A process that ended while they connect would crash on the way: OpenSSL tidies up at
    /// the end without asking whether somebody is using it.
    func close() { try? journal.close() }

    /// A key that all nodes share; made by the first.
    func key(_ name: String) throws -> String {
        let made = Hex.encode((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        let kept = try secrets.makeSecret(name, orKeep: Array(made.utf8))
        guard let text = String(validating: kept, as: UTF8.self), text.utf8.count >= 16 else {
            throw SetupError("the secret \(name) in the database is no key.")
        }
        return text
    }

    /// The organizer's token, which the database knows by its hash alone.
    /// - Parameter given: the operator's; nil for one that another node was given, or that is made now.
    /// - Returns: what to recognize it by, and the token if it was made just now.
    func adminToken(given: String?) throws -> (token: AdminToken, made: String?) {
        if let given {
            let token = AdminToken(given)
            guard try secrets.makeSecret("admin-token", orKeep: token.digest) == token.digest else {
                throw SetupError(
                    "ONSALE_ADMIN_TOKEN is not the one that the nodes of this database know. Start with that one; to "
                        + "change it, stop all nodes and DELETE FROM secret WHERE name = 'admin-token'.")
            }
            return (token, nil)
        }
        if let known = try secrets.secret("admin-token") { return (AdminToken(digest: known), nil) }
        let made = Hex.encode((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        let token = AdminToken(made)
        let kept = try secrets.makeSecret("admin-token", orKeep: token.digest)
        return kept == token.digest ? (token, made) : (AdminToken(digest: kept), nil)
    }
}
