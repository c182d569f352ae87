import Foundation
import Logging
import OnsaleEngine
import OnsaleSale
import OnsaleStorage
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// A provider that is never asked.
struct NoGateway: PaymentGateway {
    struct Unused: Error {}
    func authorize(_ order: PaymentOrder, attempt: Int) async throws -> Payment { throw Unused() }
    func capture(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment { throw Unused() }
    func void(_ intent: String, for order: PaymentOrder, attempt: Int) async throws -> Payment { throw Unused() }
    func refund(_ intent: String, amount: Int64, for order: PaymentOrder, key: String) async throws -> Refund {
        throw Unused()
    }
    func payment(_ intent: String, currency: String) async throws -> Payment { throw Unused() }
    func payments(for order: PaymentOrder, placedAt: Int64, isRecent: Bool) async throws -> [Payment] {
        throw Unused()
    }
    func refunds(of intent: String, currency: String) async throws -> [Refund] { throw Unused() }
    func isDisputed(_ intent: String) async throws -> Bool { throw Unused() }
    func reference(of intent: String) async throws -> String? { throw Unused() }
    func probe() async throws { throw Unused() }
}

func temporaryFolder() -> String {
    let path =
        NSTemporaryDirectory()
        + "onsale-bench-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0 ... .max))"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

/// (b) Commands through engine and journal, durable; (e) the same journal replayed.
enum JournalBench {
    static let window = 8192

    static func run(_ table: inout Table) async throws {
        let folder = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = try SQLiteJournal(folder: folder)
        let engine = try Arena.engine(journal)
        try engine.start()
        var elapsed = 0.0
        var count = 0
        for number in 0..<4 {
            let round = try await round(number, on: engine)
            elapsed += round.seconds
            count += round.commands
        }
        table.add(
            "(b) engine and journal, durable", Table.perSecond(count, elapsed), goal: "250 k/s",
            "holds, refused holds and releases; SQLite, synchronous=FULL; \(window) in flight; reply after the sync")
        await engine.stop()
        try replay(journal, &table)
        try journal.close()
    }

    /// One round of the work: a hall of its own is sold.
    static func round(_ number: Int, on engine: Engine) async throws -> (commands: Int, seconds: Double) {
        _ = try await engine.create(Arena.definition("arena-\(number)", ticketsPerBuyer: 1000), document: nil)
        let event = try await engine.event("arena-\(number)")
        _ = try await engine.apply(JoinLine(Arena.buyer(0)), to: event)
        let commands = holdsAndReleases(try await passes(engine, event))
        let start = ContinuousClock.now
        await submit(commands, engine, event)
        let took = ContinuousClock.now - start
        precondition(event.view.counts.held == Arena.seatCount)
        return (commands.count, Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18)
    }

    /// A pass for each of a thousand buyers.
    private static func passes(_ engine: Engine, _ event: EventHandle) async throws -> [PassID] {
        var passes: [PassID] = []
        for number in 0..<1000 {
            let place = try await engine.apply(JoinLine(Arena.buyer(number)), to: event).place
            let pass = try await engine.apply(ClaimPass(of: place.id, buyer: Arena.buyer(number)), to: event)
            passes.append(pass.id)
        }
        return passes
    }

    /// Each pair of seats is held, wanted by another, given back, and held again.
    private static func holdsAndReleases(_ passes: [PassID]) -> [Step] {
        var commands: [Step] = []
        var last: UInt32 = 0
        func hold(_ seats: [SeatIndex], by buyer: Int) {
            commands.append(
                .hold(HoldPlaces(.seats(seats), buyer: Arena.buyer(buyer), pass: passes[buyer], key: nil)))
        }
        for pair in 0..<Arena.seatCount / 2 {
            let seats = [SeatIndex(UInt32(pair * 2)), SeatIndex(UInt32(pair * 2 + 1))]
            let first = pair % 1000
            let second = (pair + 1) % 1000
            hold(seats, by: first)
            hold(seats, by: second)
            commands.append(.release(ReleaseHold(HoldID(last + 1), buyer: Arena.buyer(first))))
            hold(seats, by: second)
            last += 2
        }
        return commands
    }

    private static func submit(_ commands: [Step], _ engine: Engine, _ event: EventHandle) async {
        let slots = DispatchSemaphore(value: window)
        let left = Mutex(commands.count)
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            Thread.detachNewThread {
                let answered: @Sendable () -> Void = {
                    slots.signal()
                    let isLast = left.withLock { left in
                        left -= 1
                        return left == 0
                    }
                    if isLast { done.resume() }
                }
                for command in commands {
                    slots.wait()
                    switch command {
                    case .hold(let command): engine.submit(command, to: event) { _ in answered() }
                    case .release(let command): engine.submit(command, to: event) { _ in answered() }
                    case .order(let command): engine.submit(command, to: event) { _ in answered() }
                    case .settle(let command): engine.submit(command, to: event) { _ in answered() }
                    }
                }
            }
        }
    }

    private static func replay(_ journal: SQLiteJournal, _ table: inout Table) throws {
        var facts: UInt64 = 0
        let elapsed = try seconds {
            for head in try journal.heads() {
                facts += try Recovery.recover(head.partition, from: journal, usingSnapshot: false).head.lastSequence
            }
        }
        table.add(
            "(e) replay", Table.perSecond(Int(facts), elapsed), goal: "1 M facts/s",
            "\(facts) facts read from SQLite, checksums checked, applied")
    }
}
