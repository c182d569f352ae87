package import OnsaleEngine
package import OnsaleOwnership
package import OnsalePostgres
package import OnsaleValues

/// The registry of nodes in PostgreSQL, as one of them keeps it. A class, since it owns a connection.
package final class PostgresNodes: NodeRegistry, @unchecked Sendable {
    // Unchecked: the port has `look` and `leave` called from one thread, and `end` touches nothing that changes.

    /// Where this node's database was, there is another one now.
    package struct DatabaseChanged: Error, CustomStringConvertible {
        package var description: String {
            "this is not the database that this node was started with; start the node again"
        }
    }

    /// Another run, which is connected, has this node's name.
    package struct NameTaken: Error, CustomStringConvertible {
        package let name: String

        package var description: String {
            "another node called \(name) is running: give each its own name, or end the other one"
        }
    }

    private let configuration: PostgresConfiguration
    private let node: NodeID
    private let url: String
    /// How long a look may take.
    private let limit: Duration
    private var identity: [UInt8]?
    private var connection: PostgresConnection?
    private var holdsLock = false
    /// From which transaction on heads are news; nil if all of them are.
    private var horizon: String?
    private var heads: [String: Sighting.Head] = [:]

    /// - Parameters:
    ///   - configuration: with ``sessionName(of:)``, like that of the node's journal, so that others can end its
    ///     sessions.
    ///   - url: how other nodes reach this one.
    ///   - limit: how long a look may take; shorter than the silence after which a node counts as gone.
    package init(
        _ configuration: PostgresConfiguration, node: NodeID, url: String, limit: Duration = .milliseconds(1500)
    ) {
        self.configuration = configuration
        self.node = node
        self.url = url
        self.limit = limit
    }

    /// What all sessions of a node's run are called. The run comes first, since PostgreSQL cuts names off at 63 bytes.
    package static func sessionName(of node: NodeID) -> String {
        "\(sessionPrefix(of: node))\(node.name)"
    }

    private static func sessionPrefix(of node: NodeID) -> String {
        "onsale \(node.description.suffix(16)) "
    }

    /// Shows that this node is there, and looks who else is and how far each event's journal has come, in one round trip.
    /// Only heads that have moved are read.
    /// - Throws: ``NameTaken``, or ``PostgresError``; the next look connects anew.
    package func look(isWell: Bool, sells: Bool) throws -> (nodes: [RegisteredNode], heads: [Sighting.Head]) {
        let deadline = Deadline.after(limit)
        do {
            let nodes = try look(try connected(by: deadline), isWell: isWell, sells: sells, by: deadline)
            return (nodes, Array(heads.values))
        } catch {
            disconnect()
            throw error
        }
    }

    private func look(
        _ connection: PostgresConnection, isWell: Bool, sells: Bool, by deadline: Deadline
    ) throws -> [RegisteredNode] {
        var beat = PostgresNodes.key(node)
        beat.add(url)
        beat.add(sells)
        beat.add(isWell)
        var since = PostgresValues()
        if let horizon { since.add(horizon) }
        var calls = [
            PostgresCall(NodeSQL.beat, beat), PostgresCall(NodeSQL.nodes),
            horizon == nil ? PostgresCall(NodeSQL.heads) : PostgresCall(NodeSQL.movedHeads, since),
        ]
        if !holdsLock { calls.append(PostgresCall(NodeSQL.lock, lockKey)) }
        let answers = try connection.runTogether(calls, by: deadline)
        guard answers[0].count == 1 else { throw NameTaken(name: node.name) }
        if !holdsLock { holdsLock = answers[3].integer(0, 0) == 1 }
        horizon = answers[1].count > 0 ? answers[1].text(0, 7) : nil
        for row in 0..<answers[2].count {
            let head = PostgresNodes.head(answers[2], row)
            heads[head.event] = head
        }
        return (0..<answers[1].count).compactMap { PostgresNodes.node(answers[1], $0) }
    }

    /// From now on, only a database in which the secret of this name has this value is taken for ours.
    package func expect(_ value: [UInt8]) { identity = value }

    /// The name of that secret.
    package static let identityName = "database"

    /// The time of day by the database's clock.
    /// - Throws: ``PostgresError``.
    package func time() throws -> Timestamp {
        let deadline = Deadline.after(limit)
        let answer = try connected(by: deadline).run(NodeSQL.time, by: deadline)
        return Timestamp(milliseconds: answer.integer(0, 0))
    }

    /// Ends the sessions of a node that is silent, so that others see that it is gone, and nothing that it has begun
    /// keeps a lock. Its events are safe without that.
    /// - Throws: ``PostgresError``.
    package func end(_ id: NodeID) throws {
        let deadline = Deadline.after(limit)
        var values = PostgresValues()
        values.add(Int64(bitPattern: id.session))
        values.add(PostgresNodes.sessionPrefix(of: id))
        // Over a connection of its own: the other one belongs to another thread.
        let connection = try PostgresConnection(configuration, by: deadline)
        defer { connection.close() }
        try connection.run(NodeSQL.end, values, by: deadline)
        // It is off the list too, unless it comes back.
        try connection.run(NodeSQL.leave, PostgresNodes.key(id), by: deadline)
    }

    /// Takes this node off the list and ends its session. If the database doesn't answer, the end of the session says it.
    /// - Throws: ``PostgresError``.
    package func leave() throws {
        defer { disconnect() }
        guard let connection else { return }
        try connection.run(NodeSQL.leave, PostgresNodes.key(node), by: .after(limit))
    }

    // MARK: Connection

    private func connected(by deadline: Deadline) throws -> PostgresConnection {
        if let connection, connection.isOpen { return connection }
        disconnect()
        let next = try PostgresConnection(configuration, by: deadline)
        try next.execute(NodeSQL.session, by: deadline)
        try check(next, by: deadline)
        var values = PostgresValues()
        values.add(Int64(bitPattern: node.session))
        try next.run(NodeSQL.endEarlier, values, by: deadline)
        // Before anybody sees the row, so that nobody takes this node for gone.
        holdsLock = try next.run(NodeSQL.lock, lockKey, by: deadline).integer(0, 0) == 1
        connection = next
        return next
    }

    private func check(_ next: PostgresConnection, by deadline: Deadline) throws {
        guard let identity else { return }
        var values = PostgresValues()
        values.add(PostgresNodes.identityName)
        let found = try next.run(PostgresSecrets.find, values, by: deadline)
        guard found.count == 1, found.bytes(0, 0) == identity else {
            next.close()
            throw DatabaseChanged()
        }
    }

    private func disconnect() {
        connection?.close()
        connection = nil
        holdsLock = false
        horizon = nil
    }

    private var lockKey: PostgresValues {
        var values = PostgresValues()
        values.add(Int64(Int32(truncatingIfNeeded: node.session)))
        return values
    }

    private static func key(_ id: NodeID) -> PostgresValues {
        var values = PostgresValues()
        values.add(id.name)
        values.add(Int64(bitPattern: id.session))
        return values
    }

    // MARK: Rows

    private static func node(_ rows: PostgresRows, _ row: Int) -> RegisteredNode? {
        guard let id = NodeID(name: rows.text(row, 0), session: UInt64(bitPattern: rows.integer(row, 1))) else {
            return nil
        }
        return RegisteredNode(
            id: id, url: rows.text(row, 2), sells: rows.integer(row, 3) == 1,
            beat: UInt64(bitPattern: rows.integer(row, 4)), isConnected: rows.integer(row, 6) == 1,
            since: PostgresNodes.time(rows.integer(row, 5)))
    }

    private static func head(_ rows: PostgresRows, _ row: Int) -> Sighting.Head {
        Sighting.Head(
            event: rows.text(row, 0), lastSequence: UInt64(bitPattern: rows.integer(row, 1)),
            epoch: UInt64(bitPattern: rows.integer(row, 2)),
            owner: rows.isNull(row, 3) ? nil : NodeID(rows.text(row, 3)),
            since: PostgresNodes.time(rows.isNull(row, 4) ? 0 : rows.integer(row, 4)))
    }

    /// A moment for people to read; whatever the table has, it can be written down.
    private static func time(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: min(max(milliseconds, 0), yearTenThousand))
    }

    private static let yearTenThousand: Int64 = 253_402_300_799_000
}
