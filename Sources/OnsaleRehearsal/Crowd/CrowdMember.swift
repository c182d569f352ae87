import Seeded

/// How a crowd behaves while it waits: shares of fans, and times in seconds.
enum LineHabits {
    static let arriveInLobby = 0.7
    /// The share of fans coming after the opening who come in its first moment.
    static let comeAtOnce = 0.75
    static let atOnceSeconds = 1.5
    /// The share who leave for good, and when after joining.
    static let leave = 0.20
    static let leaveSeconds = 3.0...90.0
    /// The share who close the tab and come back: when after joining, and after how long.
    static let closeTab = 0.10
    static let closeTabSeconds = 3.0...60.0
    static let awaySeconds = 35.0...60.0
    static let openSecondTab = 0.03
    static let compareDraw = 0.05
    static let compareDrawSeconds = 1.0...15.0
    static let thinkSecondsMean = 1.0
    /// A fan without an open stream asks for the pass at least this often; after 30 s of silence it counts as absent.
    static let presenceSeconds = 15.0...20.0
    static let firstPresenceSeconds = 5.0...20.0
    /// How long a called fan takes to ask, or to ask again when refused.
    static let answerCallSeconds = 0.0...0.3
    static let askAgainSeconds = 1.0...3.0
    static let askAgainLaterSeconds = 3.0...6.0
    /// How long a fan stays once everything is sold.
    static let hopeSeconds = 5.0...25.0
    static let reconnectSeconds = 2.0
    static let reconnectSecondsMax = 60.0
}

extension Crowd {
    /// A fan in the line: a small record, since most of a crowd only waits.
    struct Member: Sendable {
        enum Stage: Hashable, Sendable {
            /// Has not arrived yet.
            case expected
            case joining
            case waiting
            case asking
            case shopping
            /// Has closed the tab and will be back.
            case away
            case ended
        }

        /// Whether this fan listens to the stream; the others poll.
        let listens: Bool
        var random: SeededRandom
        var stage = Stage.expected
        var session: String?
        /// Empty until joining is first answered.
        var ticket = ""
        var lobbyIndex: Int?
        var number: Int?
        var hasReturned = false
        /// Whether an ask for the pass got no answer, so a pass may have come and gone unseen.
        var hasLostAnswer = false
        /// Asks without an answer since the last one answered.
        var asksUnanswered = 0
        /// How often the ticket was not recognized.
        var ticketRefusals = 0
        var lastAsk: (sentAt: Double, answeredAt: Double)?

        // What lies ahead, in seconds since the start; infinity for never.
        var arrivesAt = Double.infinity
        var returnsAt = Double.infinity
        var leavesAt = Double.infinity
        var closesTabAt = Double.infinity
        var asksAt = Double.infinity
        var comparesAt = Double.infinity
        var listensAt = Double.infinity
        var losesHopeAt = Double.infinity
        /// This fan's current moment in the calendar; its other entries are stale.
        var wakesAt = Double.infinity

        /// Whether a stream is connecting or connected.
        var hasStream = false
        /// When the current stream's first message came; nil before that.
        var streamSince: Double?
        /// Tells this stream from earlier ones.
        var streamGeneration = 0
        /// Breaks since the last message.
        var streamBreaks = 0

        init(listens: Bool, seed: UInt64, arrivesAt: Double) {
            self.listens = listens
            random = SeededRandom(seed: seed)
            self.arrivesAt = arrivesAt
        }

        /// When this fan next does something unprompted.
        var nextMoment: Double {
            switch stage {
            case .expected: arrivesAt
            case .away: returnsAt
            case .waiting: min(leavesAt, closesTabAt, asksAt, min(comparesAt, listensAt, losesHopeAt))
            case .joining, .asking, .shopping, .ended: .infinity
            }
        }

        /// The visible evidence that the server must take this fan for present.
        var presence: Presence {
            if let streamSince { return .listening(since: streamSince) }
            if let lastAsk { return .asked(sentAt: lastAsk.sentAt, answeredAt: lastAsk.answeredAt) }
            return .unknown
        }
    }

    /// Counts of what the crowd did.
    struct Tally: Sendable {
        var joinedInLobby = 0
        var joinedLater = 0
        var leavers = 0
        var returners = 0
        var secondTabs = 0
        var ticketsRenewed = 0
        var streamBreaks = 0
        var streamsMost = 0
    }
}
