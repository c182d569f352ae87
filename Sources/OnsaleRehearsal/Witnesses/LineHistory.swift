import Synchronization

/// Everything the crowd was told about the line, and what of it can't be true.
final class LineHistory: Sendable {
    /// The line during one second.
    struct Second: Sendable {
        let waiting: Int
        let admittedThrough: Int
        let activeShoppers: Int
    }

    struct State: Sendable {
        var places = PlaceBook()
        var order = FIFOWitness()
        var cap: CapWitness
        var draw = DrawWitness()
        var estimates = LineEstimates()
        var phases: [FIFOWitness.PhaseChange] = []
        var seconds: [Second] = []

        /// When the sale was first seen open.
        var openedAt: Double? { phases.first { ["open", "soldOut"].contains($0.phase) }?.at }
    }

    private let state: Mutex<State>
    private let history: History

    init(cap: Int, history: History) {
        state = Mutex(State(cap: CapWitness(cap: cap)))
        self.history = history
    }

    func snapshot() -> State { state.withLock { $0 } }

    /// The published draw, once there is one.
    var draw: PublishedDraw? { state.withLock { $0.draw.draw } }

    func contradict(_ text: String) {
        history.contradict(text)
    }

    /// A message from the room, not heard before.
    func heard(_ room: WaitingRoom, at moment: Double) {
        judge { state in
            if state.phases.last?.phase != room.phase { state.phases.append(.init(phase: room.phase, at: moment)) }
            state.order.heard(room.admittedThrough, at: moment)
            return state.draw.heard(room, at: moment) + state.cap.heard(activeShoppers: room.activeShoppers)
        }
    }

    /// An answer to `GET …/waiting-room`, whose age is known.
    func polled(_ room: WaitingRoom, sentAt: Double, at moment: Double) {
        judge { $0.order.polled(room.admittedThrough, sentAt: sentAt, at: moment) }
        heard(room, at: moment)
    }

    /// A fan was told its place.
    ///
    /// - Parameter mayHaveLostPlace: whether it may have had a pass without knowing, so that its place is spent.
    func told(_ fan: Int, _ place: Contract.PlaceTicket, isNew: Bool, isAgain: Bool, mayHaveLostPlace: Bool = false) {
        judge { state in
            let isAnother = mayHaveLostPlace && isNew
            if isAnother { state.places.forget(fan) }
            return state.places.told(fan, place, isNew: isNew, isAgain: isAgain && !isAnother, draw: state.draw.draw)
        }
    }

    /// A fan was given a pass that is certainly alive until `ending`.
    func admitted(_ fan: Int, _ ask: FIFOWitness.Ask?, at moment: Double, until ending: Double) {
        judge { state in
            if let ask { state.order.admitted(ask) }
            return state.cap.granted(to: fan, at: moment, until: ending)
        }
    }

    /// A fan is about to give up its pass.
    func givesUpPass(_ fan: Int) {
        state.withLock { $0.cap.givesUp(fan) }
    }

    /// A fan was told that it isn't its turn yet.
    func refused(_ ask: FIFOWitness.Ask, _ answer: Contract.NotAdmitted) {
        judge { state in
            if ask.fan % LineEstimates.sampledFans == 0, let seconds = answer.etaSeconds, answer.position ?? 0 > 0 {
                state.estimates.told(seconds, to: ask.number, at: ask.answeredAt, by: .answer)
            }
            return state.order.refused(ask, position: answer.position)
        }
    }

    /// Records what the page would tell fans waiting with these numbers.
    func estimated(_ room: WaitingRoom, numbers: [Int], at moment: Double) {
        guard room.phase == "open", room.admittedPerMinute > 0 else { return }
        state.withLock { state in
            for number in numbers where number > room.admittedThrough {
                let seconds = Double(number - room.admittedThrough) / room.admittedPerMinute * 60
                state.estimates.told(seconds, to: number, at: moment, by: .room)
            }
        }
    }

    /// Records how one second looked; called once per second.
    func passed(_ second: Second) {
        state.withLock { $0.seconds.append(second) }
    }

    /// Makes the judgements that are only possible at the end.
    func conclude() {
        judge { $0.order.faults(phases: $0.phases) }
    }

    private func judge(_ news: (inout State) -> [String]) {
        for fault in state.withLock({ news(&$0) }) { history.contradict(fault) }
    }
}
