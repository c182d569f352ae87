import OnsaleRedis
import OnsaleValues

/// What nodes tell each other of listeners, as bytes. All a node can say is that places are present.
enum PresenceWire {
    static let questionEventsMax = 4096
    static let answerBytesMax = 16 << 20

    /// Asks who listens to these events.
    static func question(_ events: some Sequence<String>) -> [UInt8] {
        let asked = Array(events.prefix(questionEventsMax))
        var writer = ByteWriter()
        writer.write(count: asked.count)
        for event in asked { writer.write(string: event) }
        return writer.bytes
    }

    static func events(in question: [UInt8]) -> [String]? {
        var reader = ByteReader(question)
        guard let events = try? reader.list({ reader throws(ByteReadingError) in try reader.string() }),
            events.count <= questionEventsMax, reader.isAtEnd
        else { return nil }
        return events
    }

    /// As much as fits; who isn't in it is asked about again.
    static func answer(_ listeners: [(event: String, numbers: BitPages)]) -> [UInt8] {
        var writer = ByteWriter()
        for (event, numbers) in listeners {
            let bytes = numbers.bytes
            guard writer.bytes.count + event.utf8.count + bytes.count + 20 <= answerBytesMax else { continue }
            writer.write(string: event)
            writer.write(blob: bytes)
        }
        return writer.bytes
    }

    static func listeners(in answer: [UInt8]) -> [(event: String, numbers: BitPages)]? {
        guard answer.count <= answerBytesMax else { return nil }
        var reader = ByteReader(answer)
        var found: [(String, BitPages)] = []
        while !reader.isAtEnd {
            guard found.count < questionEventsMax, let event = try? reader.string(), let bytes = try? reader.blob(),
                let numbers = numbers(bytes)
            else { return nil }
            found.append((event, numbers))
        }
        return found
    }

    static func numbers(_ bytes: [UInt8]) -> BitPages? {
        try? BitPages(bytes, numbersBelow: PresenceBoard.numbersBelow)
    }
}

/// To which events somebody listens at a node, as it stands in Redis. It is written once all that it promises is there.
struct Roster: Hashable, Sendable {
    static let bytesMax = 256 << 10

    /// Changes each time, so that one that isn't written any more is known by that.
    let edition: UInt64
    let events: [String]

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.write(fixed64: edition)
        writer.write(count: events.count)
        for event in events { writer.write(string: event) }
        return writer.bytes
    }

    init(edition: UInt64, events: [String]) {
        self.edition = edition
        self.events = events
    }

    init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard bytes.count <= Roster.bytesMax, let edition = try? reader.fixed64(),
            let events = try? reader.list({ reader throws(ByteReadingError) in try reader.string() }), reader.isAtEnd
        else { return nil }
        self.init(edition: edition, events: events)
    }
}
