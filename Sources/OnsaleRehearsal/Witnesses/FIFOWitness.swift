/// What shows from outside that the server must take a fan for present.
enum Presence: Sendable {
    /// A stream with its ticket, open without a break.
    case listening(since: Double)
    /// Its last ask for the pass.
    case asked(sentAt: Double, answeredAt: Double)
    case unknown
}

/// Nobody is let in ahead of a smaller number that is present: judged from outside, so that every alarm is true.
///
/// The server calls numbers in order, and `admittedThrough` is the last that it called; a pass granted to number A says
/// that it is at least A. A called number has 20 s to ask, and its slot is kept for it so long. Hence the rule:
///
/// *Once any answer has said that the line is admitted through N, a fan with a number up to N that was present when it
/// was called, and asks within its 20 s, gets its pass.* Being told `not-admitted` then means that somebody behind it
/// was called while it was not.
///
/// When a number was called can't be seen, only bounded. It was called before any answer said so; and it was called
/// after the last poll that said less was *sent*, less ``lagSeconds`` for caches on the way. An ask is judged only if
/// - the word that the number had been reached was received before the ask was sent,
/// - it was answered within ``answerSeconds`` of the earliest moment of the call, so that nobody can have been passed
///   over, and
/// - its fan was present all the while from that moment on: by a stream opened well before it, or by an ask that was
///   answered before it and was sent less than ``presenceSeconds`` before the latest moment of the call.
///
/// Others (returners, stragglers, asks in a slow moment) are not judged. Since a pause stops calls, refusals near a
/// phase other than `open` do not count (``faults(phases:)``).
///
/// From the same premises: a poll sent ``lagSeconds`` after something said A must say at least A, and no position
/// told to number N may be greater than N less what had been said that long before.
struct FIFOWitness: Sendable {
    /// An ask for the pass by a fan who knows its number.
    struct Ask: Sendable {
        let fan: Int
        let number: Int
        let sentAt: Double
        let answeredAt: Double
        let presence: Presence
    }

    /// A refusal that breaks the rule, unless the sale was not open.
    struct Suspicion: Sendable {
        let ask: Ask
        let admittedThrough: Int
    }

    /// A phase, and when it was first told.
    struct PhaseChange: Sendable {
        let phase: String
        let at: Double
    }

    private struct Said {
        var at: Double
        let admittedThrough: Int
    }

    /// How old a poll's answer may be: the room is cacheable for 1 s, and more than one cache may stand in between.
    static let lagSeconds = 3.0
    /// A little less than the 20 s that a called number has.
    static let answerSeconds = 19.0
    /// Well less than the 30 s after which whoever is silent is absent.
    static let presenceSeconds = 20.0
    /// How long a stream must have been open to be sure that the server knows of it.
    static let streamSettleSeconds = 5.0
    /// How near a phase other than `open` excuses a refusal.
    static let phaseSeconds = 5.0

    /// When each height of the line was first said by anything, rising in both.
    private var said: [Said] = []
    /// The last moment before which no poll can have been made that still said this little, rising in both.
    private var polls: [Said] = []
    private var suspicions: [Int: Suspicion] = [:]
    /// How many asks the rule could be applied to.
    private(set) var asksJudged = 0
    /// How many told positions were looked at.
    private(set) var positionsJudged = 0

    /// How far the line had been said to be admitted by a moment.
    func admittedThrough(saidBy moment: Double) -> Int {
        let later = said.risingIndex { $0.at > moment }
        return later == 0 ? 0 : said[later - 1].admittedThrough
    }

    /// When it was first said that a number had been reached; nil if never.
    func reached(_ number: Int) -> Double? {
        let first = said.risingIndex { $0.admittedThrough >= number }
        return first < said.count ? said[first].at : nil
    }

    /// The earliest moment at which a number can have been called; nil when nothing tells.
    private func calledAfter(_ number: Int) -> Double? {
        let first = polls.risingIndex { $0.admittedThrough >= number }
        return first == 0 ? nil : polls[first - 1].at
    }

    /// Something said that the line is admitted through a number: a message of the room, or a pass.
    mutating func heard(_ admittedThrough: Int, at moment: Double) {
        guard admittedThrough > said.last?.admittedThrough ?? 0 else { return }
        // Threads tell their news almost in order.
        said.append(Said(at: max(moment, said.last?.at ?? 0), admittedThrough: admittedThrough))
    }

    /// A poll said it.
    ///
    /// - Returns: what is wrong with it.
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
    /// - Returns: what is wrong with it at once; what may be, ``faults(phases:)`` tells at the end.
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
    /// - Parameter phases: the room's phases in order, each with the moment of its first telling.
    func faults(phases: [PhaseChange]) -> [String] {
        suspicions.values.sorted { $0.ask.sentAt < $1.ask.sentAt }.filter { suspicion in
            let from = suspicion.ask.sentAt - FIFOWitness.phaseSeconds
            let until = suspicion.ask.answeredAt + FIFOWitness.phaseSeconds
            let before = phases.last { $0.at <= from }
            let within = phases.filter { $0.at > from && $0.at <= until }
            return ([before].compactMap { $0 } + within).allSatisfy { $0.phase == "open" }
        }.map { suspicion in
            "number \(suspicion.ask.number) was present and not admitted, with the line admitted through "
                + "\(suspicion.admittedThrough)"
        }
    }
}

extension Array {
    /// The first element with a property that all after it have too, by bisection; the count when there is none.
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
