import Foundation
import OnsaleHTTP
import OnsaleRedis
import OnsaleValues

/// A server that shares its journal with others.
struct NodeConfiguration: Sendable {
    let databaseURL: String
    let name: String
    /// How other nodes reach this one; nil for the address it listens on.
    let url: String?
    /// nil without Redis.
    let redis: RedisAddress?

    /// - Returns: nil where the journal is in the data folder.
    init?(_ settings: Settings, port: Int) throws(SetupError) {
        guard let databaseURL = settings.text(.databaseURL) else {
            for name in [Settings.Name.nodeURL, .nodeName, .redisURL] where settings.text(name) != nil {
                throw SetupError(
                    "\(name.rawValue) is for nodes that share a database, so DATABASE_URL must be set too.")
            }
            return nil
        }
        self.databaseURL = databaseURL
        let name = settings.text(.nodeName) ?? "\(ProcessInfo.processInfo.hostName)-\(port)"
        guard NodeID(name: name, session: 0) != nil else {
            throw SetupError(
                "ONSALE_NODE_NAME has 1 to \(NodeID.nameBytesMax) letters, digits, hyphens, dots or underscores, not “\(name)”."
            )
        }
        self.name = name
        url = settings.text(.nodeURL)
        if let url {
            guard let parts = URL(string: url), let host = parts.host, !host.isEmpty, parts.hasUsablePort,
                ["http", "https"].contains(parts.scheme ?? ""), ["", "/"].contains(parts.path), parts.query == nil,
                parts.user == nil
            else {
                throw SetupError(
                    "ONSALE_NODE_URL is how other nodes reach this one, as http://10.0.0.2:8080, not “\(url)”.")
            }
        }
        do {
            redis = try settings.text(.redisURL).map { try RedisAddress($0) }
        } catch {
            throw SetupError("ONSALE_REDIS_URL \(error)")
        }
    }
}
