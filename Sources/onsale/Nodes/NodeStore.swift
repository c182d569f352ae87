import Logging
import OnsaleEngine
import OnsaleHTTP
import OnsaleOwnership
import OnsalePostgres
import OnsaleStorage
import OnsaleTelemetry
import OnsaleValues

/// What a node shares with the others: the journal, the registry and the keys.
struct NodeStore: Sendable {
    let journal: PostgresJournal
    let membership: Membership
    private let secrets: PostgresSecrets

    /// How far this machine's clock may be from the database's, in seconds. What this node writes would expire early or
    /// late by that much, and where it has written, time doesn't go back.
    private static let clockSecondsMax: Int64 = 10

    /// Connects, migrates unless told not to, and looks who else is there. Blocks.
    /// - Parameters:
    ///   - sells: whether it takes events, or only serves what others sell.
    ///   - port: the public one.
    ///   - acceptsClock: whether to start with a clock that isn't the database's.
    /// - Throws: ``SetupError``, or what the database says.
    init(
        _ node: NodeConfiguration, sells: Bool, host: String, port: Int, migrates: Bool, acceptsClock: Bool,
        logger: Logger
    ) throws {
        let url = try node.url ?? NodeStore.url(host: host, port: port)
        try bringUpDatabase(node.databaseURL, migrates: migrates)
        guard let id = NodeID(name: node.name, session: UInt64.random(in: 1 ... .max)) else {
            throw SetupError("ONSALE_NODE_NAME can't be used.")
        }
        let configuration = try PostgresConfiguration(url: node.databaseURL, name: PostgresNodes.sessionName(of: id))
        let registry = PostgresNodes(configuration, node: id, url: url)
        membership = Membership(node: id, registry: registry, sells: sells)
        journal = try PostgresJournal(configuration, logger: logger)
        secrets = journal.secrets
        do {
            let identity = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
            registry.expect(try secrets.makeSecret(PostgresNodes.identityName, orKeep: identity))
            // Another node with this name is found now rather than later.
            let others = try registry.look(isWell: true, sells: false).nodes.filter { $0.id.name != id.name }
            if let other = others.first(where: { $0.isConnected && $0.url == url }) {
                throw SetupError(
                    "the node \(other.id.name) is running at \(url) already. Give each node an ONSALE_NODE_URL of its own."
                )
            }
            if !acceptsClock { try NodeStore.check(clock: registry) }
        } catch {
            // Not if another run has the name: the row is that one's.
            try? registry.leave()
            close()
            throw error
        }
    }

    /// How others reach a node that was told nothing about that: where it listens.
    private static func url(host: String, port: Int) throws(SetupError) -> String {
        guard !["", "0.0.0.0", "::", "[::]"].contains(host) else {
            throw SetupError(
                "with ONSALE_HOST=\(host) other nodes can't know how to reach this one. Set ONSALE_NODE_URL, as "
                    + "http://10.0.0.2:\(port).")
        }
        return host.contains(":") && !host.hasPrefix("[") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
    }

    private static func check(clock registry: PostgresNodes) throws {
        let before = SystemClock.wallMilliseconds()
        let there = try registry.time().milliseconds
        let after = SystemClock.wallMilliseconds()
        // Its moment lies between the two.
        let ahead = before > there ? before - there : 0
        let behind = there > after ? there - after : 0
        guard max(ahead, behind) > clockSecondsMax * 1000 else { return }
        throw SetupError(
            "this machine's clock is \(max(ahead, behind) / 1000) seconds \(ahead > 0 ? "ahead of" : "behind") the "
                + "database's. Set it right (NTP); or start with --accept-clock, if it is the database's that is wrong."
        )
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
