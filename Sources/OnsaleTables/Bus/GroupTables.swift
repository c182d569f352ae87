import OnsaleBus
import OnsaleMigrations

/// What the bus notes of groups and their members. Times are milliseconds since 1970.
enum GroupTables {
    /// A lane that a member has.
    struct Held: Hashable, Sendable {
        let lane: Lane
        let position: Int64
        /// Whether it has it only since now.
        let isNew: Bool
    }

    private struct Progress {
        let lane: Lane
        let position: Int64
        let token: String
        let until: Int64
    }

    /// Makes the group's rows for the lanes of a topic; a new group begins at the oldest message.
    static func begin(_ group: String, _ topic: Topic, in session: any SQLSession) throws {
        for number in 0..<TableBus.laneCount {
            _ = try session.rows(
                """
                INSERT INTO progress (group_name, topic, lane, position, token, until) VALUES ($1, $2, \(number), 0, '', 0)
                ON CONFLICT (group_name, topic, lane) DO NOTHING
                """, [group, topic.rawValue])
        }
    }

    /// A member is there until a lease from `now`, and takes or gives up lanes to have its share.
    /// - Returns: the lanes that it has now.
    static func attend(
        _ group: String, _ topics: [Topic], _ token: String, at now: Int64, in session: any SQLSession
    ) throws -> [Held] {
        let until = now + TableBus.leaseMilliseconds
        // What lies far ahead was written by a clock that has been set back since.
        let horizon = now + 2 * TableBus.leaseMilliseconds
        _ = try session.rows(
            """
            DELETE FROM member
            WHERE group_name = $1 AND (until < CAST($2 AS BIGINT) OR until > CAST($3 AS BIGINT))
            """, [group, "\(now)", "\(horizon)"])
        _ = try session.rows(
            """
            INSERT INTO member (group_name, token, until) VALUES ($1, $2, CAST($3 AS BIGINT))
            ON CONFLICT (group_name, token) DO UPDATE SET until = excluded.until
            """, [group, token, "\(until)"])
        let members = Set(
            try session.rows("SELECT token FROM member WHERE group_name = $1", [group]).compactMap { $0[0] })
        let all = try progress(of: group, topics, in: session)
        let share = (all.count + members.count - 1) / max(1, members.count)
        var held = all.filter { $0.token == token }.map { Held(lane: $0.lane, position: $0.position, isNew: false) }
        for surplus in held.dropFirst(share) {
            try set("", until: 0, on: surplus.lane, of: group, from: token, in: session)
        }
        held = Array(held.prefix(share))
        for progress in all where held.count < share && progress.token != token {
            guard progress.until < now || progress.until > horizon || !members.contains(progress.token),
                try set(token, until: until, on: progress.lane, of: group, from: progress.token, in: session)
            else { continue }
            held.append(Held(lane: progress.lane, position: progress.position, isNew: true))
        }
        _ = try session.rows(
            "UPDATE progress SET until = CAST($3 AS BIGINT) WHERE group_name = $1 AND token = $2",
            [group, token, "\(until)"])
        return held
    }

    private static func progress(
        of group: String, _ topics: [Topic], in session: any SQLSession
    ) throws -> [Progress] {
        let places = topics.indices.map { "$\($0 + 2)" }.joined(separator: ", ")
        return try session.rows(
            """
            SELECT topic, lane, position, token, until FROM progress
            WHERE group_name = $1 AND topic IN (\(places)) ORDER BY topic, lane
            """, [group] + topics.map(\.rawValue)
        ).compactMap { row in
            guard let topic = row[0].flatMap(Topic.init), let number = row[1].flatMap({ Int32($0) }),
                let position = row[2].flatMap({ Int64($0) }), let token = row[3],
                let until = row[4].flatMap({ Int64($0) })
            else { return nil }
            return Progress(lane: Lane(topic, number), position: position, token: token, until: until)
        }
    }

    /// Gives a lane from one member to another; `''` is nobody.
    /// - Returns: whether it was the first one's.
    @discardableResult
    private static func set(
        _ token: String, until: Int64, on lane: Lane, of group: String, from former: String, in session: any SQLSession
    ) throws -> Bool {
        try !session.rows(
            """
            UPDATE progress SET token = $1, until = \(until)
            WHERE group_name = $2 AND topic = $3 AND lane = \(lane.number) AND token = $4 RETURNING lane
            """, [token, group, lane.topic.rawValue, former]
        ).isEmpty
    }

    /// Notes how far the group has come in a lane, if the member still has it.
    static func commit(
        _ position: Int64, of lane: Lane, _ group: String, by token: String, in session: any SQLSession
    ) throws {
        _ = try session.rows(
            """
            UPDATE progress SET position = CAST($1 AS BIGINT)
            WHERE group_name = $2 AND topic = $3 AND lane = \(lane.number) AND token = $4
            """, ["\(position)", group, lane.topic.rawValue, token])
    }

    /// Knows nothing of a group any more, so that no message is kept for it.
    /// - Returns: whether there was such a group.
    /// - Throws: ``BusError`` if it has members at the moment.
    static func forget(_ group: String, at now: Int64, in session: any SQLSession) throws -> Bool {
        let horizon = now + 2 * TableBus.leaseMilliseconds
        let members = try session.rows(
            "SELECT 1 FROM member WHERE group_name = $1 AND until BETWEEN \(now) AND \(horizon)", [group])
        guard members.isEmpty else { throw BusError(.refused, "\(group) is running") }
        _ = try session.rows("DELETE FROM member WHERE group_name = $1", [group])
        return try !session.rows("DELETE FROM progress WHERE group_name = $1 RETURNING lane", [group]).isEmpty
    }

    static func leave(_ group: String, _ token: String, in session: any SQLSession) throws {
        _ = try session.rows("DELETE FROM member WHERE group_name = $1 AND token = $2", [group, token])
        _ = try session.rows(
            "UPDATE progress SET token = '', until = 0 WHERE group_name = $1 AND token = $2", [group, token])
    }
}
