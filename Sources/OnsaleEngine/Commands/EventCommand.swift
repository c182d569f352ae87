public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// A request to an event, with the types of its answer and its refusals.
///
/// The event's writer decides it. The answer, even a refusal, goes out once the batch's facts are on disk.
public protocol EventCommand: Sendable {
    associatedtype Answer: Sendable
    /// Why it may be refused.
    associatedtype Reason: Error

    /// The inbox lane it waits in.
    static var lane: Lane { get }

    func decide(in partition: inout Partition, now: Timestamp, facts: inout [Fact]) throws(Reason) -> Answer

    /// Wraps the command for an inbox, together with its reply. No command implements this itself; it is a protocol
    /// requirement only so that the compiler specializes it per command, on the hottest path.
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

// MARK: Sale commands

extension EventCommand where Self: SaleCommand, Reason == Refusal {
    public static var lane: Lane { .holds }

    public func decide(
        in partition: inout Partition, now: Timestamp, facts: inout [Fact]
    ) throws(Refusal) -> Answer {
        try partition.decide(self, now: now, facts: &facts)
    }
}

extension HoldPlaces: EventCommand {
    /// Holding takes a live pass and an open sale. A repeated request gets its earlier answer without either.
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

extension ReturnTickets: EventCommand {
    public static var lane: Lane { .orders }
}

extension SettlePayment: EventCommand {
    public static var lane: Lane { .payments }
}

extension ReleaseHold: EventCommand {}
extension BlockSeats: EventCommand {}
extension UnblockSeats: EventCommand {}
extension CheckIn: EventCommand {}

extension ChangeTerms: EventCommand {
    public static var lane: Lane { .passes }
}

// MARK: Line commands

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
    /// Also releases what was held with the pass.
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

// MARK: Audit

/// An organizer's command with a note of who gave it. If the command changes nothing, nothing is noted.
public struct Audited<Command: EventCommand>: EventCommand {
    public let command: Command
    /// What to note of the answer.
    public let note: @Sendable (Command.Answer) -> AuditNote

    public static var lane: Lane { Command.lane }

    public init(_ command: Command, as note: AuditNote) {
        self.init(command) { _ in note }
    }

    /// - Parameter note: called on the writer's thread, so it must not block.
    public init(_ command: Command, noting note: @escaping @Sendable (Command.Answer) -> AuditNote) {
        self.command = command
        self.note = note
    }

    public func decide(
        in partition: inout Partition, now: Timestamp, facts: inout [Fact]
    ) throws(Command.Reason) -> Command.Answer {
        let count = facts.count
        let answer = try command.decide(in: &partition, now: now, facts: &facts)
        if facts.count > count { partition.record(note(answer), at: now, facts: &facts) }
        return answer
    }
}

/// Note something that has already happened.
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
