/// What an event sold over time, as small bars.
enum TopSparkline {
    private static let bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// A bar for each value, as many of the newest as fit; the greatest of those has full height, only 0 has the
    /// least, and what isn't known has none.
    static func bars(_ values: [Double?], width: Int) -> String {
        let shown = values.suffix(max(0, width))
        let greatest = shown.compactMap(\.self).max() ?? 0
        return shown.map { value in
            guard let value else { return " " }
            guard value > 0, greatest > 0 else { return bars[0] }
            return bars[min(7, max(1, Int((value / greatest * 7).rounded(.up))))]
        }
        .joined()
    }

    /// One line by the interval and, if there is one, a line by the minute.
    static func lines(_ chart: TopChart, columns: Int, intervalSeconds: Double) -> [ScreenLine] {
        let interval =
            intervalSeconds == intervalSeconds.rounded() ? TopNumber.count(intervalSeconds) : "\(intervalSeconds)"
        let titleWidth = max(20, min(34, columns / 3))
        let series = [("sold/\(interval) s", chart.soldByInterval), ("sold/min", chart.soldByMinute)]
        return series.filter { !$0.1.isEmpty }.enumerated().map { index, series in
            let name = index == 0 ? ScreenLine.harmless(chart.event).prefix(titleWidth - series.0.count - 2) : ""
            var line = ScreenLine(String(name), .strong)
            line.add(series.0.padding(to: titleWidth - name.count - 1, before: true) + " ", .faint)
            let newest = " " + TopNumber.count(series.1.last ?? nil)
            line.add(bars(series.1, width: columns - titleWidth - newest.count))
            line.add(newest)
            return line
        }
    }
}
