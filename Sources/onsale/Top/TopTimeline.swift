import Foundation

/// What `GET /v1/events/{event}/timeline?step=60` says of what was sold, minute by minute.
struct TopTimeline: Sendable, Equatable {
    struct Point: Sendable, Equatable {
        let unixSeconds: Double
        let sold: Double
    }

    /// The earliest first.
    let points: [Point]

    /// Throws if it isn't a timeline. Points whose time isn't understood are left out.
    init(json: some Sequence<UInt8>) throws {
        let answer = try JSONDecoder().decode(Answer.self, from: Data(json))
        points = answer.points.suffix(4096).compactMap { point in
            Self.unixSeconds(point.at).map { Point(unixSeconds: $0, sold: point.sold) }
        }
        .sorted { $0.unixSeconds < $1.unixSeconds }
    }

    private struct Answer: Decodable {
        struct Point: Decodable {
            let at: String
            let sold: Double
        }

        let points: [Point]
    }

    private static func unixSeconds(_ text: String) -> Double? {
        let date =
            (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
            ?? (try? Date(text, strategy: .iso8601))
        return date?.timeIntervalSince1970
    }
}
