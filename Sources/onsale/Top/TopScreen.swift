/// Lays a picture of the server out for a terminal. Pure: the same model and size give the same lines.
struct TopScreen {
    /// What isn't from `/metrics`: said on the last line.
    struct Footer: Sendable, Equatable {
        /// The time of day of the last sample; nil before the first one.
        var lastSample: String?
        /// Why there is no newer one.
        var error: String?
        var note: String?
        var keys: String?
    }

    let model: TopModel?
    let footer: Footer
    let columns: Int
    /// Nil takes as many as needed, and cuts or fills nothing.
    let rows: Int?
    /// Seconds between samples, for the chart's title.
    let intervalSeconds: Double

    private static let labelWidth = 9

    /// Exactly `rows` lines of exactly `columns` characters, or, without `rows`, all there is to say.
    func lines() -> [ScreenLine] {
        let foot = footerLine
        guard let model else { return sized(head: [], table: { _ in [] }, foot: [foot]) }
        var head: [ScreenLine] = []
        if !model.alarms.isEmpty {
            head.append(ScreenLine(model.alarms.map(ScreenLine.harmless).joined(separator: ", "), .alarm))
        }
        head += [processLine(model.process), healthLine(model.health), ScreenLine()]
        head += httpLines(model.http) + writerLines(model.writer) + providerLines(model.provider)
        head += [streamsLine(model.streams), ScreenLine()]
        let charts =
            model.focus.map { TopSparkline.lines($0, columns: columns, intervalSeconds: intervalSeconds) } ?? []
        let table = TopTable(events: model.events, columns: columns)
        return sized(head: head, table: table.lines, foot: [ScreenLine()] + charts + [foot])
    }

    private func sized(head: [ScreenLine], table: (Int?) -> [ScreenLine], foot: [ScreenLine]) -> [ScreenLine] {
        guard let rows else { return head + table(nil) + foot }
        // On a small terminal the foot keeps its last line, and the head its first ones.
        let foot = foot.suffix(max(1, rows - head.count))
        let head = head.prefix(max(0, rows - foot.count))
        var body = table(max(0, rows - head.count - foot.count))
        while head.count + body.count + foot.count < rows { body.append(ScreenLine()) }
        return (head + body + foot).suffix(max(0, rows)).map { $0.fitted(columns) }
    }

    private func processLine(_ process: TopModel.Process) -> ScreenLine {
        var line = ScreenLine("onsale " + (process.version.map(ScreenLine.harmless) ?? TopNumber.unknown), .strong)
        line.add("  up \(TopNumber.age(process.uptimeSeconds))")
        line.add("  CPU \(TopNumber.percent(process.cores))  RSS \(TopNumber.bytes(process.residentBytes))")
        line.add("  event loop p99 \(TopNumber.seconds(process.loopLagP99))")
        return line
    }

    private func healthLine(_ health: TopModel.Health) -> ScreenLine {
        var line = ScreenLine("ready", .faint)
        if health.parts == nil { line.add(" " + TopNumber.unknown) }
        for part in health.parts ?? [] {
            line.add(" \(ScreenLine.harmless(part.name)) ")
            line.add(part.value == 1 ? "yes" : "NO", part.value == 1 ? .good : .alarm)
        }
        line.add("  provider ", .faint)
        line.add(
            health.isProviderUp.map { $0 ? "up" : "DOWN" } ?? TopNumber.unknown,
            style(bad: health.isProviderUp == false))
        line.add("  rule breaches ", .faint)
        line.add(TopNumber.count(health.ruleBreaches), style(bad: (health.ruleBreaches ?? 0) != 0))
        return line
    }

    private func httpLines(_ http: TopModel.HTTP) -> [ScreenLine] {
        var line = label("HTTP")
        line.add("\(TopNumber.rate(http.requestsPerSecond)) requests/s  active \(TopNumber.count(http.active))  ")
        line.add("\(TopNumber.rate(http.errorsPerSecond)) errors/s", (http.errorsPerSecond ?? 0) > 0 ? .alarm : .plain)
        line.add("  p50 \(TopNumber.seconds(http.p50))  p99 \(TopNumber.seconds(http.p99))")
        var problems = label("")
        problems.add("problems ", .faint)
        problems.add(http.problems.map { $0.isEmpty ? "none" : rates(Array($0.prefix(3))) } ?? TopNumber.unknown)
        return [line, problems]
    }

    private func writerLines(_ writer: TopModel.Writer) -> [ScreenLine] {
        var line = label("Writer")
        line.add("\(TopNumber.rate(writer.batchesPerSecond)) batches/s of \(TopNumber.rate(writer.requestsPerBatch))")
        line.add("  commit p50 \(TopNumber.seconds(writer.commitP50)) p99 \(TopNumber.seconds(writer.commitP99))")
        line.add("  sync p99 \(TopNumber.seconds(writer.syncP99))")
        var inbox = label("")
        inbox.add("inbox ", .faint)
        inbox.add(counts(writer.inbox))
        return [line, inbox]
    }

    private func providerLines(_ provider: TopModel.Provider) -> [ScreenLine] {
        var line = label("Provider")
        line.add("calls/s ", .faint)
        // Of outcomes that don't happen, only the good one is worth a word.
        let calls = provider.calls?.filter { $0.value > 0 || $0.name == "ok" }
        line.add(calls.map { $0.isEmpty ? "0" : rates($0) } ?? TopNumber.unknown)
        var orders = label("")
        orders.add("p99 \(TopNumber.seconds(provider.p99))  ")
        orders.add("orders running \(TopNumber.count(provider.running))  waiting \(TopNumber.count(provider.waiting))")
        return [line, orders]
    }

    private func streamsLine(_ streams: TopModel.Streams) -> ScreenLine {
        var line = label("Streams")
        line.add("\(counts(streams.open))  \(TopNumber.bytes(streams.bytesPerSecond))/s")
        line.add("  \(TopNumber.rate(streams.skipsPerSecond)) skips/s")
        return line
    }

    private var footerLine: ScreenLine {
        var line = ScreenLine(footer.lastSample ?? "no sample yet", .faint)
        if let keys = footer.keys { line.add("  " + keys, .faint) }
        if let error = footer.error { line.add("  " + ScreenLine.harmless(error), .alarm) }
        if let note = footer.note { line.add("  " + ScreenLine.harmless(note), .faint) }
        return line
    }

    private func label(_ text: String) -> ScreenLine {
        ScreenLine(text.padding(to: Self.labelWidth), .strong)
    }

    private func style(bad: Bool) -> ScreenLine.Style { bad ? .alarm : .plain }

    private func rates(_ named: [TopModel.Named]) -> String {
        named.map { "\(ScreenLine.harmless($0.name)) \(TopNumber.rate($0.value))" }.joined(separator: ", ")
    }

    private func counts(_ named: [TopModel.Named]?) -> String {
        guard let named else { return TopNumber.unknown }
        let words = named.map {
            "\(ScreenLine.harmless($0.name.replacing("_", with: " "))) \(TopNumber.count($0.value))"
        }
        return words.isEmpty ? "0" : words.joined(separator: "  ")
    }
}

extension String {
    /// Filled up with spaces, behind or before.
    func padding(to width: Int, before: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - count))
        return before ? blanks + self : self + blanks
    }
}
