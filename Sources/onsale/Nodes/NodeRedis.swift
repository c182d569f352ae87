import Logging
import OnsaleCluster
import OnsaleEngine
import OnsaleHTTP
import OnsaleRedis
import OnsaleValues

/// What a node tells the others of, beside the journal: through Redis, where there is one, and what must not rest on it
/// from node to node.
struct NodeRedis: Sendable {
    /// A connection for commands, and who listens on the other.
    struct Connection: Sendable {
        let address: RedisAddress
        let client: RedisClient
        let teller: RowTeller
        let documents: SharedDocuments
    }

    let node: String
    let board = PresenceBoard()
    /// nil without Redis.
    let connection: Connection?
    private let key: String
    private let logger = Logger(label: "onsale.redis")

    /// - Parameters:
    ///   - node: its name.
    ///   - key: what all nodes share.
    init(_ address: RedisAddress?, node: String, key: String) {
        self.node = node
        self.key = key
        connection = address.map { [logger] address in
            let client = RedisClient(address, name: node, logger: logger)
            return Connection(
                address: address, client: client, teller: RowTeller(client, seal: Seal(nodeKey: key, for: .rows)),
                documents: SharedDocuments(client, seal: Seal(nodeKey: key, for: .documents)))
        }
    }

    /// What the engine tells of what it has committed.
    var followers: [any Follower] { connection.map { [$0.teller] } ?? [] }

    /// Begins to listen to the other nodes, and to tell them who listens here.
    func begin(_ engine: Engine, _ service: OnsaleService) -> Running {
        let rounds = PresenceRounds(
            board, engine: engine, asking: ServiceAsking(service: service), client: connection?.client,
            seal: Seal(nodeKey: key, for: .presence), node: node)
        let listener = connection.map { [node, key, logger] connection in
            RowListener(
                connection.address, name: node, seal: Seal(nodeKey: key, for: .rows), engine: engine, logger: logger)
        }
        return Running(
            connection: connection, rounds: rounds, listener: listener, task: Task { await rounds.run() })
    }

    /// Begun, and to be stopped before the service is.
    struct Running: Sendable {
        let connection: Connection?
        let rounds: PresenceRounds
        let listener: RowListener?
        fileprivate let task: Task<Void, Never>

        func stop() async {
            task.cancel()
            await task.value
            await listener?.stop()
        }
    }

    /// Ends the connection; what is still to be told of is dropped.
    func close() async { await connection?.client.stop() }
}

/// Asks other nodes as the service reaches them.
private struct ServiceAsking: NodeAsking {
    let service: OnsaleService

    func ask(_ question: [UInt8], of node: NodeID) async -> [UInt8]? {
        await service.ask(question, ofNode: node.name)
    }
}

extension PresenceBoard: Listeners {}
extension SharedDocuments: SharedDocumentCache {}

extension NodeRedis.Connection {
    /// How it stands, in words.
    var readiness: @Sendable () -> String {
        { [client] in
            switch client.state {
            case .up: "answers"
            case .away(let milliseconds): "away for \(milliseconds / 1000) s; everything goes on without it"
            }
        }
    }
}
