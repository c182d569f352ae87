import OnsaleValues

/// Samples by step, without those that repeat the one before, as far back as the step is kept.
///
/// In pages, so that the writer, who notes the next sample while someone reads a copy, copies a page and not everything.
struct Series: Sendable {
    struct Entry: Sendable {
        /// The number of the step since 1970.
        let slot: Int64
        let sample: Sample
    }

    static let pageMax = 256

    private let step: Timeline.Step
    private var pages: [[Entry]] = []
    private(set) var count = 0
    /// The newest step noted, even if nothing had changed in it.
    private var newest = Int64.min

    init(_ step: Timeline.Step) {
        self.step = step
    }

    private var last: Entry? { pages.last?.last }

    private func slot(of moment: Timestamp) -> Int64 {
        let length = Int64(step.rawValue) * 1000
        let (quotient, remainder) = moment.milliseconds.quotientAndRemainder(dividingBy: length)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private func start(of slot: Int64) -> Timestamp {
        Timestamp(milliseconds: slot * Int64(step.rawValue) * 1000)
    }

    mutating func note(_ sample: Sample, at moment: Timestamp) {
        note(Entry(slot: slot(of: moment), sample: sample))
    }

    mutating func append(_ later: Series) {
        for page in later.pages {
            for entry in page { note(entry) }
        }
        newest = max(newest, later.newest)
    }

    private mutating func note(_ entry: Entry) {
        // A clock that was set back reaches no earlier step.
        newest = max(newest, entry.slot)
        let entry = Entry(slot: newest, sample: entry.sample)
        guard let last else {
            pages.append([entry])
            count = 1
            return
        }
        guard last.sample != entry.sample else { return }
        if entry.slot == last.slot {
            // What holds at the end of the step counts.
            pages[pages.count - 1][pages[pages.count - 1].count - 1] = entry
            return
        }
        count += 1
        if pages[pages.count - 1].count < Series.pageMax {
            pages[pages.count - 1].append(entry)
        } else {
            var page: [Entry] = []
            page.reserveCapacity(Series.pageMax)
            page.append(entry)
            pages.append(page)
        }
        // The newest sample that is too old says how the window begins, so it stays, and its page with it.
        let windowStart = entry.slot - Int64(step.kept) + 1
        while pages.count > 1, let next = pages[1].first, next.slot <= windowStart {
            count -= pages.removeFirst().count
        }
    }

    func points(from: Timestamp?, to: Timestamp, now: Timestamp) -> [Timeline.Point] {
        guard let first = pages.first?.first else { return [] }
        let newest = max(slot(of: now), newest)
        let oldest = max(first.slot, newest - Int64(step.kept) + 1)
        let begin = max(from.map(slot(of:)) ?? oldest, oldest)
        let end = min(slot(of: to), newest)
        guard begin <= end else { return [] }
        var points: [Timeline.Point] = []
        points.reserveCapacity(Int(end - begin) + 1)
        var next = begin
        var state = first.sample
        scan: for page in pages {
            // A page that ends before the first point matters only for what it ends with.
            if let pageEnd = page.last, pageEnd.slot < begin {
                state = pageEnd.sample
                continue
            }
            for entry in page {
                if entry.slot > end { break scan }
                while next < entry.slot {
                    points.append(.init(at: start(of: next), sample: state))
                    next += 1
                }
                state = entry.sample
            }
        }
        while next <= end {
            points.append(.init(at: start(of: next), sample: state))
            next += 1
        }
        return points
    }
}
