package import OnsaleRedis
import Synchronization

/// Public documents that another node has read or made already, for a minute. What isn't there, isn't sealed by a node
/// or is too large has to be read from the journal's database, and that is all.
package final class SharedDocuments: Sendable {
    package struct Figures: Sendable, Equatable {
        package var found = 0
        package var missing = 0
    }

    private static let livesSeconds = 60
    /// What is larger is read from the database.
    private static let bytesMax = (2 << 20) - 64

    private let client: RedisClient
    private let seal: Seal
    private let told = Mutex(Figures())

    package init(_ client: RedisClient, seal: Seal) {
        self.client = client
        self.seal = seal
    }

    package var figures: Figures { told.withLock { $0 } }

    package func get(_ name: String) async -> [UInt8]? {
        let key = RedisNames.document(name)
        let sealed = try? await client.get(key)
        let document = sealed.flatMap { seal.open($0, at: key) }
        told.withLock {
            $0.found += document == nil ? 0 : 1
            $0.missing += document == nil ? 1 : 0
        }
        return document
    }

    package func keep(_ bytes: [UInt8], as name: String) {
        guard bytes.count <= SharedDocuments.bytesMax, client.state == .up else { return }
        let key = RedisNames.document(name)
        client.send(.set(key, to: seal.seal(bytes, at: key), forSeconds: SharedDocuments.livesSeconds))
    }
}
