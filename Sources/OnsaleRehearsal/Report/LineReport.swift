import Foundation

/// The line's part of the report: how it moved, what was checked, and how good its estimates were.
struct LineReport: Sendable {
    private static let pointsMax = 800

    let history: LineHistory.State
    let tally: Crowd.Tally
    /// How many messages the streams brought.
    let messages: Int
    private let comparisons: [LineEstimates.Comparison]

    init(history: LineHistory.State, tally: Crowd.Tally, messages: Int) {
        self.history = history
        self.tally = tally
        self.messages = messages
        let order = history.order
        comparisons =
            history.openedAt.map { openedAt in
                history.estimates.comparisons(openedAt: openedAt) { order.reached($0) }
            } ?? []
    }

    // MARK: In words

    private var entrants: String {
        "\(tally.joinedInLobby) joined in the lobby, \(tally.joinedLater) later; \(tally.leavers) left the line, "
            + "\(tally.returners) closed the tab and came back, \(tally.secondTabs) opened a second one"
    }

    private var streams: String {
        "\(tally.streamsMost) at once at most, \(messages) messages; \(tally.streamBreaks) broke or failed to open"
    }

    private var passes: String {
        "\(history.cap.passesGranted) granted; at most \(history.cap.passesMost) known alive at once, "
            + "\(history.cap.shoppersMost) active shoppers reported, with a cap of \(history.cap.cap)"
    }

    private var checks: String {
        "\(history.places.placesCompared) places told again, \(history.places.drawsCompared) draws recomputed, "
            + "\(history.order.asksJudged) asks in turn, \(history.order.positionsJudged) positions; "
            + "\(tally.ticketsRenewed) tickets renewed"
    }

    /// How far off a source's estimates were.
    private func accuracy(_ source: LineEstimates.Source) -> String {
        let errors = comparisons.filter { $0.source == source }.map(\.error).sorted()
        guard let largest = errors.last else { return "none to compare" }
        let median = errors[errors.count / 2]
        let p95 = errors.count < 20 ? largest : errors[errors.count * 95 / 100]
        return String(format: "off by %.0f %% (median), %.0f %% (p95)", median * 100, p95 * 100)
            + " in \(errors.count) compared"
    }

    private var rows: [(name: String, text: String)] {
        [
            (name: "entrants", text: entrants), (name: "streams", text: streams), (name: "passes", text: passes),
            (name: "checked", text: checks), (name: "etaSeconds", text: accuracy(.answer)),
            (name: "room's pace", text: accuracy(.room)),
        ]
    }

    /// For the terminal.
    var lines: [String] {
        ["The line"]
            + rows.map { row in
                "  " + row.name + String(repeating: " ", count: max(1, 13 - row.name.count)) + row.text
            }
    }

    // MARK: In pictures

    var tiles: [(String, String)] {
        [
            ("\(history.seconds.map(\.waiting).max() ?? 0)", "in line at most"),
            ("\(history.seconds.last?.admittedThrough ?? 0)", "numbers admitted"),
            ("\(tally.streamsMost)", "streams at a time"),
        ]
    }

    /// For the page.
    var sections: String {
        """
        <section><h2>The line</h2><div class=scroll><table><tbody>\(rows.map { row in
            "<tr><td>\(row.name)</td><td style='text-align:left;white-space:normal'>\(row.text)</td></tr>"
        }.joined())</tbody></table></div>
        \(LineChart(
            series: [
                .init(name: "waiting", color: "var(--blue)", values: history.seconds.map { Double($0.waiting) }),
                .init(
                    name: "admitted through", color: "var(--green)",
                    values: history.seconds.map { Double($0.admittedThrough) }),
            ], unit: "").svg)</section>
        <section><h2>Active shoppers</h2><p>As the room reported, against the cap.</p>\(LineChart(
            series: [
                .init(name: "cap", color: "var(--red)", values: history.seconds.map { _ in Double(history.cap.cap) }),
                .init(name: "active", color: "var(--blue)", values: history.seconds.map { Double($0.activeShoppers) }),
            ], unit: "").svg)</section>
        <section><h2>Estimate against truth</h2>
        <p>Across: the promised time; up: the real time. Estimates of \(Int(LineEstimates.secondsMin)) s
        or more, made \(Int(LineEstimates.openSecondsMin)) s or later after the opening; at most \(LineReport.pointsMax)
        points each.</p>
        \(ScatterChart(
            series: [
                .init(name: "etaSeconds", color: "var(--blue)", points: points(.answer)),
                .init(name: "room's pace", color: "var(--amber)", points: points(.room)),
            ], unit: " s").svg)</section>
        """
    }

    private func points(_ source: LineEstimates.Source) -> [ScatterChart.Point] {
        let all = comparisons.filter { $0.source == source }
        let step = max(1, (all.count + LineReport.pointsMax - 1) / LineReport.pointsMax)
        return stride(from: 0, to: all.count, by: step).map { index in
            ScatterChart.Point(x: all[index].toldSeconds, y: all[index].trueSeconds)
        }
    }
}
