import Foundation

/// What `onsale top` has collected so far. An actor, because a poll, keys and drawing go on at once.
actor TopWatch {
    /// Between two looks at keys and the terminal's size: short for a finger, long for a processor.
    private static let tick = Duration.milliseconds(100)

    private let event: String?
    private let intervalSeconds: Double
    private let began = ContinuousClock.now
    private var last: TopSample?
    private var model: TopModel?
    private var history = SoldHistory()
    private var footer = TopScreen.Footer()
    /// What the footer says as long as nothing else is to be said.
    private var timelineNote: String?
    private var failedSince: String?
    private var isChanged = true

    init(event: String?, intervalSeconds: Double) {
        self.event = event
        self.intervalSeconds = intervalSeconds
    }

    /// Adds one answer of `/metrics`, or why there is none: the picture stays, and the next try follows.
    func sample(_ fetch: () async throws -> Exposition) async throws {
        let now: TopSample
        do {
            let exposition = try await fetch()
            now = TopSample(
                seconds: began.duration(to: .now) / .seconds(1), unixSeconds: Date().timeIntervalSince1970,
                exposition: exposition)
        } catch {
            try Task.checkCancellation()
            let since = failedSince ?? Self.timeOfDay
            failedSince = since
            footer.error = "no metrics since \(since): \(TopClient.words(error))"
            isChanged = true
            throw error
        }
        var model = TopModel(before: last, now: now)
        history.add(model.events, at: now.unixSeconds)
        let focus = event ?? model.events.first { $0.event != MetricChange.otherEvents }?.event
        model.focus = focus.map { history.chart(of: $0, intervalSeconds: intervalSeconds) }
        (self.model, last, failedSince) = (model, now, nil)
        footer.lastSample = Self.timeOfDay
        footer.error = nil
        let isMissing = event.map { event in !model.events.contains { $0.event == event } } ?? false
        let passedOver = now.exposition.linesPassedOver
        footer.note =
            isMissing
            ? "event \(event ?? "") is not in the metrics"
            : passedOver > 0 ? "\(passedOver) lines of the metrics not understood" : timelineNote
        isChanged = true
    }

    /// Starts the chart with the past, if the server tells it.
    func setPast(of event: String, _ fetch: () async throws -> TopTimeline) async {
        do {
            history.setPast(try await fetch(), of: event)
        } catch {
            timelineNote = "no timeline: \(TopClient.words(error))"
        }
    }

    func lines(columns: Int, rows: Int?) -> [ScreenLine] {
        TopScreen(model: model, footer: footer, columns: columns, rows: rows, intervalSeconds: intervalSeconds).lines()
    }

    /// Draws whenever there is something new, until someone quits or the terminal is gone.
    func show(inColour: Bool) async throws {
        footer.keys = "q quits"
        var drawnSize: (columns: Int, rows: Int) = (0, 0)
        while true {
            if TopTerminal.suspendIfWanted() { isChanged = true }
            guard let keys = TopTerminal.keys(), !keys.contains(where: { "qQ".utf8.contains($0) }) else { return }
            let size = TopTerminal.size ?? (80, 24)
            if isChanged || size != drawnSize {
                (isChanged, drawnSize) = (false, size)
                try TopTerminal.draw(lines(columns: size.columns, rows: size.rows), inColour: inColour)
            }
            try await Task.sleep(for: Self.tick)
        }
    }

    private static var timeOfDay: String {
        let time = Calendar.current.dateComponents([.hour, .minute, .second], from: Date())
        return [time.hour, time.minute, time.second]
            .map { String($0 ?? 0) }.map { $0.count < 2 ? "0" + $0 : $0 }.joined(separator: ":")
    }
}
