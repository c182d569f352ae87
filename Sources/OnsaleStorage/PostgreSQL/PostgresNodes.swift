package import OnsaleEngine
import OnsaleOwnership
package import OnsalePostgres
package import OnsaleValues

/// The registry of nodes, as one of them keeps it. A class, since it owns a connection; use it from one thread.
package final class PostgresNodes {
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
    private let sells: Bool
    private var connection: PostgresConnection?
    private var holdsLock = false
    /// From which transaction on heads are news; nil if all of them are.
    private var horizon: String?
    private var ticks = 0

    /// How long a tick may take.
    private let limit: Duration
    /// All heads are read now and then, so that nothing stays unseen if a sighting was lost.
    private static let ticksBetweenAllHeads = 40

    /// - Parameters:
    ///   - url: how other nodes reach this one.
    ///   - sells: whether it owns events.
    ///   - limit: how long a tick may take; shorter than the silence after which a node counts as gone.
    package init(
        _ configuration: PostgresConfiguration, node: NodeID, url: String, sells: Bool,
        limit: Duration = .milliseconds(1500)
    ) {
        self.configuration = configuration
        self.node = node
        self.url = url
        self.sells = sells
        self.limit = limit
    }

    /// Shows that this node is there, and looks who else is and what was written since the last tick, in one round trip.
    /// - Parameters:
    ///   - isWell: whether the node can do its work; if not, its beat stands still.
    ///   - now: milliseconds of this process's monotonic clock, for the sighting.
    /// - Returns: all nodes, and the heads that have moved; after a failure all of them.
    /// - Throws: ``NameTaken``, or ``PostgresError``; the next tick connects anew.
    package func tick(isWell: Bool, now: Int64) throws -> Sighting {
        let deadline = Deadline.after(limit)
        do {
            return try look(try connected(by: deadline), isWell: isWell, now: now, by: deadline)
        } catch {
            disconnect()
            throw error
        }
    }

    private func look(
        _ connection: PostgresConnection, isWell: Bool, now: Int64, by deadline: Deadline
    ) throws -> Sighting {
        var beat = PostgresValues()
        beat.add(node.name)
        beat.add(Int64(bitPattern: node.session))
        beat.add(url)
        beat.add(sells)
        beat.add(isWell)
        let isAll = horizon == nil || ticks % PostgresNodes.ticksBetweenAllHeads == 0
        ticks += 1
        var since = PostgresValues()
        if !isAll, let horizon { since.add(horizon) }
        var calls = [
            PostgresCall(NodeSQL.beat, beat), PostgresCall(NodeSQL.nodes),
            isAll ? PostgresCall(NodeSQL.heads) : PostgresCall(NodeSQL.movedHeads, since),
        ]
        if !holdsLock { calls.append(PostgresCall(NodeSQL.lock, lockKey)) }
        let answers = try connection.runTogether(calls, by: deadline)
        guard answers[0].count == 1 else { throw NameTaken(name: node.name) }
        if !holdsLock { holdsLock = answers[3].integer(0, 0) == 1 }
        horizon = answers[1].count > 0 ? answers[1].text(0, 7) : nil
        return Sighting(
            nodes: (0..<answers[1].count).compactMap { PostgresNodes.node(answers[1], $0) },
            heads: (0..<answers[2].count).map { PostgresNodes.head(answers[2], $0) }, askedAt: now)
    }

    /// Ends the session of a node that is silent, so that others see that it is gone. Its events are safe without that.
    /// - Returns: whether it had one.
    /// - Throws: ``PostgresError``.
    @discardableResult
    package func terminate(_ id: NodeID) throws -> Bool {
        let deadline = Deadline.after(limit)
        var values = PostgresValues()
        values.add(Int64(bitPattern: id.session))
        return try connected(by: deadline).run(NodeSQL.endEarlier, values, by: deadline).count > 0
    }

    /// Takes a node that is not connected off the list.
    /// - Throws: ``PostgresError``.
    package func forget(_ id: NodeID) throws {
        let deadline = Deadline.after(limit)
        try connected(by: deadline).run(NodeSQL.forget, PostgresNodes.key(id), by: deadline)
    }

    /// Takes this node off the list and ends its session. If the database doesn't answer, the end of the session says it.
    package func leave() {
        defer { disconnect() }
        guard let connection else { return }
        _ = try? connection.run(NodeSQL.leave, PostgresNodes.key(node), by: .after(limit))
    }

    // MARK: Connection

    private func connected(by deadline: Deadline) throws -> PostgresConnection {
        if let connection, connection.isOpen { return connection }
        disconnect()
        let next = try PostgresConnection(configuration, by: deadline)
        try next.execute(NodeSQL.session, by: deadline)
        var values = PostgresValues()
        values.add(Int64(bitPattern: node.session))
        try next.run(NodeSQL.endEarlier, values, by: deadline)
        // Before anybody sees the row, so that nobody takes this node for gone.
        holdsLock = try next.run(NodeSQL.lock, lockKey, by: deadline).integer(0, 0) == 1
        connection = next
        return next
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
            since: Timestamp(milliseconds: rows.integer(row, 5)))
    }

    private static func head(_ rows: PostgresRows, _ row: Int) -> Sighting.Head {
        Sighting.Head(
            event: rows.text(row, 0), lastSequence: UInt64(bitPattern: rows.integer(row, 1)),
            epoch: UInt64(bitPattern: rows.integer(row, 2)),
            owner: rows.isNull(row, 3) ? nil : NodeID(rows.text(row, 3)))
    }
}
