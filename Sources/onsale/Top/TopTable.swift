/// The table of events: as many columns as fit in 80, wider ones on wider terminals.
struct TopTable {
    let events: [TopEvent]
    let columns: Int

    private struct Column: Sendable {
        let title: String
        let width: Int
        /// What it grows to where there is room.
        var widthMax: Int
        var isLeft = false
        let text: @Sendable (TopEvent, Int) -> String
    }

    private static let all: [Column] = [
        .init(title: "event", width: 10, widthMax: 24, isLeft: true) { cut(ScreenLine.harmless($0.event), $1) },
        .init(title: "phase", width: 6, widthMax: 9, isLeft: true) { cut(phase($0.phase, $1), $1) },
        .init(title: "free", width: 6, widthMax: 9) { TopNumber.fit($0.free, width: $1) },
        .init(title: "held", width: 5, widthMax: 7) { TopNumber.fit($0.held, width: $1) },
        .init(title: "sold", width: 6, widthMax: 9) { TopNumber.fit($0.sold, width: $1) },
        .init(title: "%", width: 4, widthMax: 4) { event, _ in TopNumber.percent(event.soldShare) },
        .init(title: "", width: 3, widthMax: 20, isLeft: true) { bar($0.soldShare, $1) },
        .init(title: "ord/s", width: 5, widthMax: 6) { event, _ in TopNumber.rate(event.confirmedPerSecond) },
        .init(title: "dec/s", width: 5, widthMax: 6) { event, _ in TopNumber.rate(event.declinedPerSecond) },
        .init(title: "wait", width: 6, widthMax: 9) { TopNumber.fit($0.waiting, width: $1) },
        .init(title: "shop/cap", width: 8, widthMax: 11) { shopping($0, $1) },
        .init(title: "/min", width: 5, widthMax: 7) { TopNumber.fit($0.numbersPerMinute, width: $1) },
    ]

    /// The title and a line for each event; with a limit, at most so many lines, the last of which says how many events
    /// are left out.
    func lines(linesMax: Int?) -> [ScreenLine] {
        guard !events.isEmpty else { return linesMax == 0 ? [] : [ScreenLine("no events", .faint)] }
        let widths = widths
        let title = zip(Self.all, widths).map { $0.title.padding(to: $1, before: !$0.isLeft) }.joined(separator: " ")
        let rows = events.map { event in
            ScreenLine(
                zip(Self.all, widths).map { column, width in
                    column.text(event, width).padding(to: width, before: !column.isLeft)
                }
                .joined(separator: " "))
        }
        let lines = [ScreenLine(title, .faint)] + rows
        guard let linesMax, lines.count > linesMax else { return lines }
        guard linesMax > 1 else { return Array(lines.prefix(linesMax)) }
        let left = lines.count - (linesMax - 1)
        return lines.prefix(linesMax - 1) + [ScreenLine("and \(left) more", .faint)]
    }

    /// Room beyond 80 columns goes to the numbers first, then to names, then to the bar.
    private var widths: [Int] {
        var widths = Self.all.map(\.width)
        var room = columns - widths.reduce(0, +) - (widths.count - 1)
        let byNeed = Self.all.indices.sorted {
            (Self.all[$0].widthMax - Self.all[$0].width, $0) < (Self.all[$1].widthMax - Self.all[$1].width, $1)
        }
        for index in byNeed where room > 0 {
            let more = min(room, Self.all[index].widthMax - widths[index])
            widths[index] += more
            room -= more
        }
        return widths
    }

    private static func phase(_ phase: String?, _ width: Int) -> String {
        switch phase {
        case nil: TopNumber.unknown
        case "soldOut", "sold_out": width < 8 ? "sold" : "sold out"
        case "scheduled": width < 9 ? "sched" : "scheduled"
        case let phase?: ScreenLine.harmless(phase)
        }
    }

    private static func shopping(_ event: TopEvent, _ width: Int) -> String {
        // 0 is no cap.
        if event.shoppersMax == 0 { return TopNumber.fit(event.shoppers, width: width) }
        let each = (width - 1) / 2
        return TopNumber.fit(event.shoppers, width: each) + "/" + TopNumber.fit(event.shoppersMax, width: each)
    }

    private static func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : text.prefix(width - 1) + "…"
    }

    /// A share as blocks, to the eighth of a column.
    private static func bar(_ share: Double?, _ width: Int) -> String {
        guard let share else { return "" }
        let eighths = Int((min(max(share, 0), 1) * Double(width * 8)).rounded(.down))
        let full = String(repeating: "█", count: eighths / 8)
        return eighths % 8 == 0 ? full : full + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    }
}
