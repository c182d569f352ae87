import DequeModule
import OnsaleBus

/// What a member has received and not yet delivered, lane by lane. Pure.
struct Intake {
    private struct Line {
        var waiting: Deque<Delivery> = []
        var bytes = 0
        /// Nothing before this offset is delivered; known with the first message.
        var next: Int64 = 0
        var isHalted = false

        init() {}
    }

    /// What librdkafka must be told.
    struct Flow: Equatable {
        /// Lanes of which enough is here.
        var halted: [Lane] = []
        /// Lanes of which more is wanted, each from that offset on.
        var resumed: [Lane: Int64] = [:]
    }

    private let messagesMax: Int
    private let bytesMax: Int
    private var lines: [Lane: Line] = [:]
    private(set) var lost: Set<Lane> = []
    /// Where the next round begins, so that no lane goes hungry.
    private var turn = 0

    /// - Parameters:
    ///   - messagesMax: with so many messages in a lane, or so many bytes, no more of it are fetched.
    init(messagesMax: Int, bytesMax: Int) {
        self.messagesMax = messagesMax
        self.bytesMax = bytesMax
    }

    /// The member's lanes.
    var lanes: Set<Lane> { Set(lines.keys) }

    mutating func assign(_ lanes: some Sequence<Lane>) {
        for lane in lanes { lines[lane] = Line() }
    }

    /// Those are others' now, and what waits of them is forgotten.
    mutating func revoke(_ lanes: some Sequence<Lane>) {
        for lane in lanes where lines.removeValue(forKey: lane) != nil { lost.insert(lane) }
    }

    /// Takes a message, unless it is of a lane that isn't here, or comes again.
    mutating func add(_ delivery: Delivery) {
        guard var line = lines.removeValue(forKey: delivery.lane) else { return }
        if delivery.offset >= line.next {
            line.next = delivery.offset + 1
            line.bytes += delivery.bytes
            line.waiting.append(delivery)
        }
        lines[delivery.lane] = line
    }

    /// Whether there is something to tell.
    func hasNews(except paused: Set<Lane>) -> Bool {
        !lost.isEmpty || lines.contains { !$0.value.waiting.isEmpty && !paused.contains($0.key) }
    }

    /// The next messages, each lane's in order, the lanes in turn.
    mutating func take(limit: Int, except paused: Set<Lane>) -> BusUpdate {
        var update = BusUpdate(lost: lost)
        lost = []
        let ready = lines.filter { !$0.value.waiting.isEmpty && !paused.contains($0.key) }.keys.sorted()
        guard !ready.isEmpty, limit > 0 else { return update }
        turn += 1
        let start = turn % ready.count
        let order = ready[start...] + ready[..<start]
        // The first round gives each lane its share, the second what is left.
        for quota in [max(1, limit / ready.count), limit] {
            for lane in order { drain(lane, into: &update, atMost: min(quota, limit - update.deliveries.count)) }
        }
        return update
    }

    private mutating func drain(_ lane: Lane, into update: inout BusUpdate, atMost count: Int) {
        guard count > 0, var line = lines.removeValue(forKey: lane) else { return }
        for _ in 0..<min(count, line.waiting.count) {
            let delivery = line.waiting.removeFirst()
            line.bytes -= delivery.bytes
            update.deliveries.append(delivery)
        }
        lines[lane] = line
    }

    /// Which lanes to fetch no more of, and of which to go on.
    mutating func flow() -> Flow {
        var flow = Flow()
        for (lane, line) in lines {
            if !line.isHalted, line.waiting.count >= messagesMax || line.bytes >= bytesMax {
                lines[lane]?.isHalted = true
                flow.halted.append(lane)
            } else if line.isHalted, line.waiting.count <= messagesMax / 4, line.bytes <= bytesMax / 4 {
                lines[lane]?.isHalted = false
                flow.resumed[lane] = line.next
            }
        }
        return flow
    }
}

extension Delivery {
    /// What it is counted as.
    fileprivate var bytes: Int {
        message.headers.reduce(256 + message.data.count) { $0 + 64 + $1.name.utf8.count + $1.value.utf8.count }
    }
}
