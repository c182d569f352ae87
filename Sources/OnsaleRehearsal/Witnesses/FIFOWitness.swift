/// The visible evidence that the server must take a fan for present.
enum Presence: Sendable {
    /// A stream with its ticket, open without interruption.
    case listening(since: Double)
    /// Its last ask for the pass.
    case asked(sentAt: Double, answeredAt: Double)
    case unknown
}

/// Checks that nobody is let in ahead of a smaller number that is present, judging from outside so that every alarm is
/// real.
///
/// The server calls numbers in order, and `admittedThrough` is the last one called, so a pass granted to number A
/// proves that it is at least A. A called number has 20 s to ask, and its slot is kept that long. Hence the rule:
///
/// *Once any answer has said that the line is admitted through N, a fan with a number up to N that was present when it
/// was called, and asks within its 20 s, gets its pass.* If it is told `not-admitted` instead, someone behind it was
/// called and it was not.
///
/// When a number was called can't be seen, only bounded: before any answer that says so was received, and after the
/// last poll that said less was *sent*, minus ``lagSeconds`` for caches on the way. An ask is judged only if
/// - the news that its number had been reached was received before the ask was sent,
/// - it was answered within ``answerSeconds`` of the earliest possible call, so that its turn can't have expired, and
/// - its fan was present throughout from that moment on: by a stream opened well before it, or by an ask answered
///   before it and sent less than ``presenceSeconds`` before the latest possible call.
///
/// Others (returners, stragglers, asks in a slow moment) aren't judged. Since a pause stops calls, refusals near a
/// phase other than `open` don't count (``faults(phases:)``).
///
/// The same premises give two more rules: a poll sent ``lagSeconds`` after anything said A must say at least A, and
/// number N must not be told a position greater than N minus what had been said that long before.
struct FIFOWitness: Sendable {
    /// An ask for the pass by a fan who knows its number.
    struct Ask: Sendable {
        let fan: Int
        let number: Int
        let sentAt: Double
        let answeredAt: Double
        let presence: Presence
    }

    /// A refusal that breaks the rule, unless the sale wasn't open.
    struct Suspicion: Sendable {
        let ask: Ask
        let admittedThrough: Int
    }

    /// A phase, and when it was first reported.
    struct PhaseChange: Sendable {
        let phase: String
        let at: Double
    }

    private struct Said {
        var at: Double
        let admittedThrough: Int
    }

    /// How old a poll's answer may be: the room may be cached for 1 s, possibly by more than one cache in a row.
    static let lagSeconds = 3.0
    /// A little less than the 20 s a called number has.
    static let answerSeconds = 19.0
    /// Well below the 30 s of silence after which a fan counts as absent.
    static let presenceSeconds = 20.0
    /// How long a stream must have been open for the server surely to know of it.
    static let streamSettleSeconds = 5.0
    /// How near a phase other than `open` must be to excuse a refusal.
    static let phaseSeconds = 5.0

    /// When each value of `admittedThrough` was first said by anything; both fields rise.
    private var said: [Said] = []
    /// For each value, the latest moment before which a poll can't have been made that still said this little; both
    /// fields rise.
    private var polls: [Said] = []
    private var suspicions: [Int: Suspicion] = [:]
    /// How many asks could be judged.
    private(set) var asksJudged = 0
    /// How many reported positions were checked.
    private(set) var positionsJudged = 0

    /// The `admittedThrough` that had been said by a moment.
    func admittedThrough(saidBy moment: Double) -> Int {
        let later = said.risingIndex { $0.at > moment }
        return later == 0 ? 0 : said[later - 1].admittedThrough
    }

    /// When a number was first said to be reached; nil if never.
    func reached(_ number: Int) -> Double? {
        let first = said.risingIndex { $0.admittedThrough >= number }
        return first < said.count ? said[first].at : nil
    }

    /// The earliest moment at which a number can have been called; nil if unknown.
    private func calledAfter(_ number: Int) -> Double? {
        let first = polls.risingIndex { $0.admittedThrough >= number }
        return first == 0 ? nil : polls[first - 1].at
    }

    /// Something said that the line is admitted through a number: a room message or a pass.
    mutating func heard(_ admittedThrough: Int, at moment: Double) {
        guard admittedThrough > said.last?.admittedThrough ?? 0 else { return }
        // Threads report almost in order.
        said.append(Said(at: max(moment, said.last?.at ?? 0), admittedThrough: admittedThrough))
    }

    /// A poll said it.
    ///
    /// - Returns: the faults found.
    mutating func polled(_ admittedThrough: Int, sentAt: Double, at moment: Double) -> [String] {
        let floor = self.admittedThrough(saidBy: sentAt - FIFOWitness.lagSeconds)
        heard(admittedThrough, at: moment)
        let madeAfter = sentAt - FIFOWitness.lagSeconds
        if let last = polls.last, last.admittedThrough == admittedThrough {
            polls[polls.count - 1].at = max(last.at, madeAfter)
        } else if admittedThrough > polls.last?.admittedThrough ?? -1 {
            polls.append(Said(at: max(madeAfter, polls.last?.at ?? madeAfter), admittedThrough: admittedThrough))
        }
        return admittedThrough < floor
            ? ["the room said admitted through \(admittedThrough) after \(floor) had been admitted"] : []
    }

    /// An ask was answered with a pass.
    mutating func admitted(_ ask: Ask) {
        heard(ask.number, at: ask.answeredAt)
        if isToBeAdmitted(ask) { asksJudged += 1 }
    }

    /// An ask was answered with `not-admitted`.
    ///
    /// - Returns: the faults certain now; ``faults(phases:)`` returns the others at the end.
    mutating func refused(_ ask: Ask, position: Int?) -> [String] {
        if isToBeAdmitted(ask) {
            asksJudged += 1
            let through = admittedThrough(saidBy: ask.sentAt)
            if suspicions[ask.fan] == nil {
                suspicions[ask.fan] = Suspicion(ask: ask, admittedThrough: through)
            }
        }
        guard let position else { return [] }
        positionsJudged += 1
        let through = admittedThrough(saidBy: ask.sentAt - FIFOWitness.lagSeconds)
        let positionMax = max(0, ask.number - through)
        return position > positionMax
            ? ["number \(ask.number) was told position \(position) when the line was admitted through \(through)"] : []
    }

    private func isToBeAdmitted(_ ask: Ask) -> Bool {
        guard admittedThrough(saidBy: ask.sentAt) >= ask.number, let latestCall = reached(ask.number),
            let earliestCall = calledAfter(ask.number), ask.answeredAt < earliestCall + FIFOWitness.answerSeconds
        else { return false }
        return switch ask.presence {
        case .listening(let since): since + FIFOWitness.streamSettleSeconds < earliestCall
        case .asked(let sentAt, let answeredAt):
            answeredAt < earliestCall && latestCall < sentAt + FIFOWitness.presenceSeconds
        case .unknown: false
        }
    }

    /// The refusals that break the rule.
    ///
    /// - Parameter phases: the room's phases in order, each with the moment it was first reported.
    func faults(phases: [PhaseChange]) -> [String] {
        suspicions.values.sorted { $0.ask.sentAt < $1.ask.sentAt }.filter { suspicion in
            let from = suspicion.ask.sentAt - FIFOWitness.phaseSeconds
            let until = suspicion.ask.answeredAt + FIFOWitness.phaseSeconds
            let before = phases.last { $0.at <= from }
            let within = phases.filter { $0.at > from && $0.at <= until }
            return ([before].compactMap { $0 } + within).allSatisfy { $0.phase == "open" }
        }.map { suspicion in
            "number \(suspicion.ask.number) was present but not admitted, with the line admitted through "
                + "\(suspicion.admittedThrough)"
        }
    }
}

extension Array {
    /// By bisection, the first index from which on every element has a property; the count if there is none.
    fileprivate func risingIndex(where isThere: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isThere(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
