import OnsaleBus
import OnsaleMigrations

/// What the bus asks of its tables. Times are milliseconds since 1970.
enum BusTables {
    /// How many messages go into one statement.
    private static let rowsMax = 50

    /// The lane of a key: FNV-1a. <http://www.isthe.com/chongo/tech/comp/fnv/>
    static func lane(of key: String) -> Int64 {
        let hash = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return Int64(hash % UInt64(TableBus.laneCount))
    }

    // MARK: Publishing

    static func publish(
        _ messages: ArraySlice<(topic: Topic, text: MessageText)>, at now: Int64, in session: any SQLSession
    ) throws {
        let byLane = Dictionary(grouping: messages) { Lane($0.topic, Int32(lane(of: $0.text.key))) }
        // In their order, so that two who publish don't wait for each other.
        for (lane, messages) in byLane.sorted(by: { $0.key < $1.key }) {
            let rows = try session.rows(
                """
                INSERT INTO lane (topic, number, written) VALUES ($1, \(lane.number), \(messages.count))
                ON CONFLICT (topic, number) DO UPDATE SET written = lane.written + excluded.written RETURNING written
                """, [lane.topic.rawValue])
            guard let written = rows.first?.first?.flatMap({ Int64($0) }) else {
                throw BusError(.unavailable, "the lane \(lane) has no end")
            }
            try insert(messages.map(\.text), into: lane, from: written - Int64(messages.count), at: now, in: session)
        }
    }

    private static func insert(
        _ texts: [MessageText], into lane: Lane, from first: Int64, at now: Int64, in session: any SQLSession
    ) throws {
        for start in stride(from: 0, to: texts.count, by: rowsMax) {
            let part = texts[start..<min(start + rowsMax, texts.count)]
            var parameters: [String?] = [lane.topic.rawValue, "\(lane.number)", "\(now)"]
            var values: [String] = []
            for (offset, text) in zip(start..., part) {
                let next = parameters.count
                values.append(
                    "($1, CAST($2 AS BIGINT), CAST($\(next + 1) AS BIGINT), $\(next + 2), $\(next + 3), $\(next + 4), "
                        + "CAST($3 AS BIGINT))")
                parameters += ["\(first + Int64(offset))"] + text.columns
            }
            _ = try session.rows(
                "INSERT INTO message (topic, lane, position, key, headers, data, published_at) VALUES "
                    + values.joined(separator: ", "), parameters)
        }
    }

    // MARK: Reading

    /// How far each lane of a topic is written; those without messages are left out.
    static func ends(of topics: [Topic], in session: any SQLSession) throws -> [Lane: Int64] {
        let places = topics.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        let rows = try session.rows(
            "SELECT topic, number, written FROM lane WHERE topic IN (\(places))", topics.map(\.rawValue))
        var ends: [Lane: Int64] = [:]
        for row in rows {
            guard let topic = row[0].flatMap(Topic.init), let number = row[1].flatMap({ Int32($0) }) else { continue }
            ends[Lane(topic, number)] = row[2].flatMap { Int64($0) }
        }
        return ends
    }

    /// The messages of a lane from a position on, the first ones.
    static func messages(
        of lane: Lane, from position: Int64, limit: Int, in session: any SQLSession
    ) throws -> [Delivery] {
        let rows = try session.rows(
            """
            SELECT position, key, headers, data FROM message
            WHERE topic = $1 AND lane = CAST($2 AS BIGINT) AND position >= CAST($3 AS BIGINT)
            ORDER BY position LIMIT CAST($4 AS BIGINT)
            """, [lane.topic.rawValue, "\(lane.number)", "\(position)", "\(max(0, limit))"])
        return try rows.map { row in
            guard let offset = row[0].flatMap({ Int64($0) }), let message = MessageText.message(row[1...]) else {
                throw BusError(.refused, "a message of the lane \(lane) is damaged")
            }
            return Delivery(lane: lane, offset: offset, message: message)
        }
    }

    /// How far a group is behind in each lane of a topic.
    static func lag(of group: String, _ topic: Topic, in session: any SQLSession) throws -> [BusLag] {
        let rows = try session.rows(
            """
            SELECT lane.number, lane.written - COALESCE(progress.position, 0) FROM lane
            LEFT JOIN progress ON progress.topic = lane.topic AND progress.lane = lane.number
            AND progress.group_name = $1 WHERE lane.topic = $2 ORDER BY lane.number
            """, [group, topic.rawValue])
        return rows.compactMap { row in
            guard let number = row[0].flatMap({ Int32($0) }), let messages = row[1].flatMap({ Int64($0) }) else {
                return nil
            }
            return BusLag(group: group, lane: Lane(topic, number), messages: messages)
        }
    }

    // MARK: Dead letters

    static func bury(_ letter: DeadLetter, _ text: MessageText, at now: Int64, in session: any SQLSession) throws {
        _ = try session.rows(
            """
            INSERT INTO dead_letter (topic, number, group_name, reason, key, headers, data, buried_at)
            VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM dead_letter WHERE topic = $1), $2, $3, $4, $5, $6,
            \(now))
            """, [letter.topic.rawValue, letter.group, printable(letter.reason)] + text.columns)
    }

    /// PostgreSQL's text has no NUL.
    private static func printable(_ text: String) -> String { text.replacing("\0", with: "?") }

    /// The oldest letters of a topic.
    static func letters(_ topic: Topic, limit: Int, in session: any SQLSession) throws -> [DeadLetter] {
        try session.rows(
            """
            SELECT \(letterColumns) FROM dead_letter WHERE topic = $1 ORDER BY number LIMIT \(max(0, limit))
            """, [topic.rawValue]
        ).compactMap { letter($0[...], topic) }
    }

    /// Removes the oldest letters of a topic, and returns them.
    static func takeLetters(_ topic: Topic, limit: Int, in session: any SQLSession) throws -> [DeadLetter] {
        try session.rows(
            """
            DELETE FROM dead_letter WHERE topic = $1 AND number IN (
                SELECT number FROM dead_letter WHERE topic = $1 ORDER BY number LIMIT \(max(0, limit)))
            RETURNING number, \(letterColumns)
            """, [topic.rawValue]
        ).compactMap { row -> (Int64, DeadLetter)? in
            guard let number = row[0].flatMap({ Int64($0) }), let letter = letter(row[1...], topic) else { return nil }
            return (number, letter)
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private static let letterColumns = "group_name, reason, key, headers, data"

    private static func letter(_ columns: ArraySlice<String?>, _ topic: Topic) -> DeadLetter? {
        guard let group = columns.first ?? nil, let reason = columns.dropFirst().first ?? nil,
            let message = MessageText.message(columns.dropFirst(2))
        else { return nil }
        return DeadLetter(topic: topic, message: message, group: group, reason: reason)
    }

    // MARK: Tidying

    /// How many messages are removed at a time; up to as many stay longer than they must.
    private static let trimmed = 1_000

    /// Removes messages from before a moment that every group of their topic has handled. A topic that nobody listens to
    /// keeps none for longer.
    /// - Returns: whether there may be more.
    static func trim(before moment: Int64, in session: any SQLSession) throws -> Bool {
        var hasMore = false
        for (lane, written) in try ends(of: Topic.allCases, in: session) {
            let place: [String?] = [lane.topic.rawValue, "\(lane.number)"]
            let slowest = try session.rows(
                "SELECT MIN(position) FROM progress WHERE topic = $1 AND lane = CAST($2 AS BIGINT)", place
            ).first?.first?.flatMap { Int64($0) }
            let last = try session.rows(
                """
                SELECT position, published_at FROM message WHERE topic = $1 AND lane = CAST($2 AS BIGINT)
                ORDER BY position LIMIT 1 OFFSET \(trimmed - 1)
                """, place
            ).first
            guard let last, let position = last[0].flatMap({ Int64($0) }),
                let publishedAt = last[1].flatMap({ Int64($0) }),
                publishedAt < moment, position < slowest ?? written
            else { continue }
            _ = try session.rows(
                """
                DELETE FROM message WHERE topic = $1 AND lane = CAST($2 AS BIGINT) AND position <= CAST($3 AS BIGINT)
                """, place + ["\(position)"])
            hasMore = true
        }
        return hasMore
    }
}
