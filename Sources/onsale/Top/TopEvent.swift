/// An event's row on the screen.
struct TopEvent: Sendable, Equatable {
    let event: String
    var phase: String?
    var free, held, sold, blocked: Double?
    /// Seats and places; negative while more come back than go. A difference of two states, so it is unknown for an event
    /// that wasn't there before, and for `_other` when the events that it stands for may be others than before: their
    /// past would look like sales.
    var soldPerSecond: Double?
    var confirmedPerSecond, declinedPerSecond: Double?
    var waiting, shoppers, shoppersMax: Double?
    /// Numbers called, measured.
    var numbersPerMinute: Double?

    /// What is sold of what can be, from 0 to 1; nil without either.
    var soldShare: Double? {
        guard let free, let held, let sold, free + held + sold > 0 else { return nil }
        return sold / (free + held + sold)
    }

    /// The events of `/metrics`, the fastest selling first, then those that have sold most; `_other` is last.
    static func all(metrics: Exposition, change: MetricChange?, before: Exposition?) -> [TopEvent] {
        let seats = Self.byEvent("onsale_seats", "state", metrics)
        let seatsBefore = before.map { Self.byEvent("onsale_seats", "state", $0) }
        let phases = Self.byEvent("onsale_event_phase", "phase", metrics)
        let orders = change?.rates("onsale_orders_total", "event", "state")
        let waiting = metrics.sums("onsale_waiting", by: "event")
        let shoppers = metrics.sums("onsale_active_shoppers", by: "event")
        let shoppersMax = metrics.sums("onsale_shoppers_max", by: "event")
        let pace = metrics.sums("onsale_line_numbers_per_second", by: "event")
        // Events join and leave `_other` with labels given and taken, and when they are loaded or put to rest.
        let isOtherComparable =
            seatsBefore.map { Set($0.keys) == Set(seats.keys) } ?? false
            && before?.sums("onsale_events", by: "state") == metrics.sums("onsale_events", by: "state")
        let rows = Set(seats.keys).union(phases.keys).subtracting([""]).map { event in
            var row = TopEvent(event: event)
            row.phase = phases[event]?.filter { $0.value > 0 }.keys.min()
            row.free = seats[event]?["free"]
            row.held = seats[event]?["held"]
            row.sold = seats[event]?["sold"]
            row.blocked = seats[event]?["blocked"]
            if let change, let sold = row.sold, let old = seatsBefore?[event]?["sold"],
                event != MetricChange.otherEvents || isOtherComparable
            {
                row.soldPerSecond = (sold - old) / change.seconds
            }
            // An event without such an order yet has no series of it; the metric itself must be there.
            row.confirmedPerSecond = orders.map { $0[event]?["confirmed"] ?? 0 }
            row.declinedPerSecond = orders.map { $0[event]?["declined"] ?? 0 }
            row.waiting = waiting?[event]
            row.shoppers = shoppers?[event]
            row.shoppersMax = shoppersMax?[event]
            row.numbersPerMinute = pace?[event].map { $0 * 60 }
            return row
        }
        return rows.sorted { $0.comesBefore($1) }
    }

    private func comesBefore(_ other: TopEvent) -> Bool {
        let isOther = event == MetricChange.otherEvents
        guard isOther == (other.event == MetricChange.otherEvents) else { return !isOther }
        // An order is a seat at least, so an event that is just seen for the first time needn't wait at the end.
        let mine = (soldPerSecond ?? confirmedPerSecond ?? -.infinity, sold ?? -1)
        let theirs = (other.soldPerSecond ?? other.confirmedPerSecond ?? -.infinity, other.sold ?? -1)
        return mine == theirs ? event < other.event : mine > theirs
    }

    private static func byEvent(_ name: String, _ label: String, _ metrics: Exposition) -> [String: [String: Double]] {
        var values: [String: [String: Double]] = [:]
        for sample in metrics.samples[name, default: []] where sample.value.isFinite {
            values[sample.labels["event", default: ""], default: [:]][sample.labels[label, default: ""]] = sample.value
        }
        return values
    }
}
