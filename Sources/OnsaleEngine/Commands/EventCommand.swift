public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// Something that can be asked of an event, with the answer that it has.
///
/// Its writer decides on it; the answer goes out once the facts are on disk, a refusal too.
public protocol EventCommand: Sendable {
    associatedtype Answer: Sendable
    /// Why it may change nothing.
    associatedtype Reason: Error

    /// Where it waits.
    static var lane: Lane { get }

    func decide(in partition: inout Partition, now: Timestamp, facts: inout [Fact]) throws(Reason) -> Answer

    /// The command as it lies in an inbox, with the way back to whoever waits for it. No command makes one of its own: this
    /// is a requirement so that the compiler specializes it for each, in the hottest path of all.
    /// - Parameter reply: called on the writer's thread, so it must not block.
    func envelope(_ reply: @escaping @Sendable (Result<Answer, any Error>) -> Void) -> Envelope
}

extension EventCommand {
    public func envelope(_ reply: @escaping @Sendable (Result<Answer, any Error>) -> Void) -> Envelope {
        Envelope(
            decide: { partition, now, facts in
                let result: Result<Answer, any Error>
                do {
                    result = .success(try decide(in: &partition, now: now, facts: &facts))
                } catch {
                    result = .failure(error)
                }
                return .answer { reply(result) }
            },
            fail: { reply(.failure($0)) })
    }
}

// MARK: What is asked of the sale

extension EventCommand where Self: SaleCommand, Reason == Refusal {
    public static var lane: Lane { .holds }

    public func decide(
        in partition: inout Partition, now: Timestamp, facts: inout [Fact]
    ) throws(Refusal) -> Answer {
        try partition.decide(self, now: now, facts: &facts)
    }
}

extension HoldPlaces: EventCommand {
    /// Only who has a living pass may hold, and only while the sale is open. What was answered before under a key is
    /// answered again all the same.
    public func decide(
        in partition: inout Partition, now: Timestamp, facts: inout [Fact]
    ) throws(Refusal) -> Hold {
        if !partition.sale.hasAnswer(to: key, now: now) {
            guard partition.line.phase(at: now) == .open else { throw .onsaleClosed }
            guard partition.line.livingPass(pass, buyer: buyer) != nil else { throw .notAdmitted }
        }
        return try partition.decide(self, now: now, facts: &facts)
    }
}

extension PlaceOrder: EventCommand {
    public static var lane: Lane { .orders }
}

extension CancelOrder: EventCommand {
    public static var lane: Lane { .orders }
}

extension SettlePayment: EventCommand {
    public static var lane: Lane { .payments }
}

extension ReleaseHold: EventCommand {}
extension BlockSeats: EventCommand {}
extension UnblockSeats: EventCommand {}
extension CheckIn: EventCommand {}

// MARK: What is asked of the line

extension EventCommand where Self: LineCommand, Reason == LineRefusal {
    public static var lane: Lane { .passes }

    public func decide(
        in partition: inout Partition, now: Timestamp, facts: inout [Fact]
    ) throws(LineRefusal) -> Answer {
        try partition.decide(self, now: now, facts: &facts)
    }
}

extension JoinLine: EventCommand {
    public static var lane: Lane { .joins }
}

extension GiveUpPass: EventCommand {
    /// What was held with the pass is given back, too.
    public func decide(
        in partition: inout Partition, now: Timestamp, facts: inout [Fact]
    ) throws(LineRefusal) {
        if partition.line.livingPass(pass, buyer: buyer) != nil {
            partition.releaseHolds(of: buyer, pass: pass, now: now)
        }
        try partition.decide(self, now: now, facts: &facts)
    }
}

extension ClaimPass: EventCommand {}
extension NotePresence: EventCommand {}
extension CommitDraw: EventCommand {}
extension PauseSale: EventCommand {}
extension ResumeSale: EventCommand {}
extension ChangeSchedule: EventCommand {}

// MARK: Who did it

/// A command of an organizer's, with a note of who gives it; where it changes nothing, nothing is noted.
public struct Audited<Command: EventCommand>: EventCommand {
    public let note: AuditNote
    public let command: Command

    public static var lane: Lane { Command.lane }

    public init(_ command: Command, as note: AuditNote) {
        self.note = note
        self.command = command
    }

    public func decide(
        in partition: inout Partition, now: Timestamp, facts: inout [Fact]
    ) throws(Command.Reason) -> Command.Answer {
        let count = facts.count
        let answer = try command.decide(in: &partition, now: now, facts: &facts)
        if facts.count > count { partition.record(note, at: now, facts: &facts) }
        return answer
    }
}

/// Note something that is done already.
public struct TakeNote: EventCommand {
    public let note: AuditNote

    public static var lane: Lane { .passes }

    public init(_ note: AuditNote) {
        self.note = note
    }

    public func decide(in partition: inout Partition, now: Timestamp, facts: inout [Fact]) throws(Never) {
        partition.record(note, at: now, facts: &facts)
    }
}
