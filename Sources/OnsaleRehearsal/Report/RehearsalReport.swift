import Foundation
import Histogram

/// A rehearsal's report: a table for the terminal, and a page with charts.
struct RehearsalReport {
    let settings: Rehearsal.Settings
    let hall: Hall
    let measurements: Measurements.State
    let history: History.State
    let report: Contract.Report
    let faults: [String]
    /// nil for a sale without a line.
    var line: LineReport?

    var outcome: Rehearsal.Outcome {
        Rehearsal.Outcome(table: table, html: html, isClean: faults.isEmpty)
    }

    /// Microseconds in readable form.
    static func time(_ microseconds: UInt64) -> String {
        switch microseconds {
        case 0: "–"
        case 1..<1000: "\(microseconds) µs"
        case 1000..<10_000: String(format: "%.1f ms", Double(microseconds) / 1000)
        case 10_000..<1_000_000: "\(microseconds / 1000) ms"
        default: String(format: "%.1f s", Double(microseconds) / 1_000_000)
        }
    }

    private var verdict: String {
        guard faults.isEmpty else { return "NOT CLEAN: faults found: \(faults.count)." }
        let clean = "Clean: no seat sold twice, no answer contradicted, every count equal"
        return line == nil
            ? clean + "." : clean + ", nobody let in ahead of their turn, the cap kept, one place per buyer."
    }

    // MARK: The table

    private func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? text + space : space + text
    }

    private var fans: String {
        let ends =
            "Fans \(settings.fans): \(history.fansServed) served, \(history.fansLeft) left, "
            + "\(history.fansTooLate) too late, \(history.fansGivenUp) without an answer"
        return line == nil ? ends : ends + ", \(history.fansStillWaiting) still waiting"
    }

    var table: String {
        var lines = [
            "",
            "Event \(hall.event): \(report.sold) of \(report.capacity) sold, "
                + "\(report.orders["confirmed"] ?? 0) orders confirmed, \(report.orders["declined"] ?? 0) declined, "
                + "\(report.orders["refunded"] ?? 0) refunded",
            fans, "",
            pad("", 13, left: true)
                + ["requests", "refused", "repeated", "5xx", "no answer", "p50", "p99", "opening p99", "max"].map {
                    pad($0, 12)
                }
                .joined(),
        ]
        for (operation, totals) in rows {
            let all = RehearsalReport.merged(totals)
            lines.append(
                pad(operation.rawValue, 13, left: true)
                    + [
                        "\(totals.count)", "\(totals.refused)", "\(totals.repeated)", "\(totals.failed)",
                        "\(totals.unanswered)",
                        RehearsalReport.time(all.valueAtPercentile(50)),
                        RehearsalReport.time(all.valueAtPercentile(99)),
                        RehearsalReport.time(totals.opening.valueAtPercentile(99)), RehearsalReport.time(all.max),
                    ].map { pad($0, 12) }.joined())
        }
        if let line {
            lines.append("")
            lines += line.lines
        }
        lines += ["", verdict] + faults.prefix(20).map { "  " + $0 }
        return lines.joined(separator: "\n")
    }

    var rows: [(Operation, Measurements.Totals)] {
        Operation.allCases.compactMap { operation in
            measurements.operations[operation].map { (operation, $0) }
        }
    }

    static func merged(_ totals: Measurements.Totals) -> Histogram<UInt64> {
        var all = totals.opening
        all.add(totals.steady)
        return all
    }

    // MARK: The page

    var html: String {
        let seconds = measurements.seconds
        let sold = seconds.reduce(into: [Double]()) { $0.append(($0.last ?? 0) + Double($1.sold)) }
        return """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Rush on \(hall.event)</title>
            <meta name="viewport" content="width=device-width">\(RehearsalReport.style)</head><body><main>
            <h1>Rush on \(hall.event)</h1>
            <p class="verdict \(faults.isEmpty ? "good" : "bad")">\(RehearsalReport.escape(verdict))</p>
            \(faults.isEmpty ? "" : "<ul>" + faults.prefix(200).map { "<li>\(RehearsalReport.escape($0))</li>" }.joined() + "</ul>")
            \(tiles)
            \(line?.sections ?? "")
            <section><h2>Requests per second</h2>\(LineChart(
                series: [
                    .init(name: "answered", color: "var(--blue)", values: seconds.map { Double($0.requests) }),
                    .init(name: "refused (4xx)", color: "var(--amber)", values: seconds.map { Double($0.refused) }),
                    .init(name: "failed", color: "var(--red)", values: seconds.map { Double($0.failed) }),
                ], unit: "").svg)</section>
            <section><h2>Tickets sold</h2><p>A ticket that is cancelled and sold again counts twice.</p>\(LineChart(
                series: [.init(name: "sold", color: "var(--green)", values: sold)], unit: "").svg)</section>
            <section><h2>Latency by percentile</h2><p>All requests except orders, which wait for payment on purpose.</p>
            \(PercentileChart(histogram: measurements.all).svg)</section>
            <section><h2>The opening</h2><p>The first \(Measurements.openingSeconds) seconds, second by second.</p>
            \(LineChart(
                series: [
                    .init(name: "p50", color: "var(--blue)", values: opening(50)),
                    .init(name: "p99", color: "var(--amber)", values: opening(99)),
                ], unit: " ms").svg)</section>
            <section><h2>By operation</h2>\(operationTable)</section>
            <footer>\(settings.fans) fans \(settings.lineUp == nil ? "" : "in line, the late ones ")over \(Int(settings.seconds)) s, open loop, \(settings.connections) connections, seed \(settings.seed); made by <code>onsale rush</code>.</footer>
            </main></body></html>
            """
    }

    private func opening(_ percentile: Double) -> [Double] {
        measurements.seconds.dropFirst(measurements.openingSecond).prefix(Measurements.openingSeconds).map { second in
            Double(second.latency.valueAtPercentile(percentile)) / 1000
        }
    }

    private var tiles: String {
        let peak = measurements.seconds.map(\.requests).max() ?? 0
        var values = [
            ("\(report.sold)", "of \(report.capacity) sold"),
            ("\(report.orders["confirmed"] ?? 0)", "orders confirmed"),
            ("\(history.fansServed)", "of \(settings.fans) fans served"), ("\(peak)", "requests in the busiest second"),
            (RehearsalReport.time(measurements.all.valueAtPercentile(50)), "p50"),
            (RehearsalReport.time(measurements.all.valueAtPercentile(99)), "p99"),
            ("\(measurements.errors)", "failed or unanswered"),
            ("\(measurements.repeated)", "repeated by themselves"),
        ]
        values += line?.tiles ?? []
        return "<div class=tiles>"
            + values.map { "<div><strong>\($0.0)</strong><span>\($0.1)</span></div>" }.joined() + "</div>"
    }

    private var operationTable: String {
        let head = [
            "", "requests", "refused", "repeated", "5xx", "no answer", "p50", "p99", "p99.9", "opening p99", "max",
        ]
        let body = rows.map { operation, totals in
            let all = RehearsalReport.merged(totals)
            let cells = [
                operation.rawValue, "\(totals.count)", "\(totals.refused)", "\(totals.repeated)", "\(totals.failed)",
                "\(totals.unanswered)",
                RehearsalReport.time(all.valueAtPercentile(50)), RehearsalReport.time(all.valueAtPercentile(99)),
                RehearsalReport.time(all.valueAtPercentile(99.9)),
                RehearsalReport.time(totals.opening.valueAtPercentile(99)), RehearsalReport.time(all.max),
            ]
            return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        return "<div class=scroll><table><thead><tr>" + head.map { "<th>\($0)</th>" }.joined()
            + "</tr></thead><tbody>\(body.joined())</tbody></table></div>"
    }

    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static let style = """
        <style>
        :root{color-scheme:light dark;--ink:#16181d;--dim:#626a78;--paper:#f6f7f9;--card:#fff;--line:#dfe3ea;
        --blue:#2563eb;--amber:#d97706;--red:#dc2626;--green:#059669}
        @media(prefers-color-scheme:dark){:root{--ink:#e8eaf0;--dim:#98a1b2;--paper:#101217;--card:#181b22;--line:#2a2f3a;
        --blue:#60a5fa;--amber:#fbbf24;--red:#f87171;--green:#34d399}}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        main{max-width:960px;margin:0 auto;padding:32px 20px}h1{font-size:26px;margin:0 0 8px}h2{font-size:17px;margin:0 0 4px}
        .verdict{font-size:17px;font-weight:600;padding:12px 16px;border-radius:10px;background:var(--card);border:1px solid var(--line)}
        .good{border-left:6px solid var(--green)}.bad{border-left:6px solid var(--red)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:12px;margin:16px 0}
        .tiles div,section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
        .tiles strong{display:block;font-size:20px;font-variant-numeric:tabular-nums}.tiles span,section p,footer{color:var(--dim)}
        section{margin:14px 0}section p{margin:0 0 8px}svg{width:100%;height:auto;display:block}
        svg text{fill:var(--dim);font:11px system-ui,sans-serif}.grid{stroke:var(--line)}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        td,th{padding:5px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}td:first-child{text-align:left}
        footer{margin-top:20px;font-size:13px}
        </style>
        """
}
