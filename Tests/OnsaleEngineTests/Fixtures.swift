import Foundation
import Logging
import OnsaleEngine
import OnsaleSale
import OnsaleStorage
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// Which adapter of the `Journal` port a test runs on.
enum JournalKind: String, CaseIterable, Sendable {
    case memory
    case sqlite
}

/// Gives a journal of the kind away, and removes it whatever happens.
func withJournal<Value>(_ kind: JournalKind, _ body: (any EventStore) async throws -> Value) async throws -> Value {
    switch kind {
    case .memory: return try await body(MemoryJournal())
    case .sqlite:
        return try await withFolder { folder in
            let journal = try SQLiteJournal(folder: folder)
            defer { try? journal.close() }
            return try await body(journal)
        }
    }
}

func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = NSTemporaryDirectory() + "onsale-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

enum Example {
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    static func definition(_ id: String = "show", seats: Int = 40, amount: Int64 = 1000) -> EventDefinition {
        let plan = SeatingPlan(
            categories: ["A"],
            seats: (0..<seats).map { (seat: Int) -> SeatingPlan.Seat in
                let row = seat / 10
                return .init(name: "s\(seat)", category: 0, row: UInt32(row), x: Int32(seat % 10), y: Int32(row))
            },
            areas: [], stage: nil, prices: [amount])
        return EventDefinition(
            id: id, tag: 0x12_3456_7890, title: "Show", venue: "Hall", startsAt: start, currency: "KRW",
            planDigest: nil, plan: plan,
            terms: SaleTerms(prices: [amount], ticketsPerBuyer: 1000, holdSeconds: 300, preventOrphans: false),
            schedule: OnsaleSchedule(
                lobbyOpensAt: nil, opensAt: start, closesAt: nil, hasWaitingRoom: false, maxActiveShoppers: 10,
                passSeconds: 3600))
    }

    static func buyer(_ number: Int) -> BuyerID { BuyerID(high: 1, low: UInt64(number)) }

    static func key(_ number: Int) -> IdempotencyKey {
        IdempotencyKey(key: Digest128(high: 0, low: UInt64(number)), fingerprint: Digest128(high: 0, low: 0))
    }
}

/// A clock that stands until it is moved.
final class TestClock: WallClock {
    private let moment = Mutex(Example.start)

    func now() -> Timestamp { moment.withLock { $0 } }

    func advance(seconds: Int) { moment.withLock { $0 = $0.adding(seconds: seconds) } }

    func advance(milliseconds: Int) {
        moment.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + Int64(milliseconds)) }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension Engine {
    /// Joins and gets a pass for the buyer.
    func admit(_ buyer: BuyerID, to event: EventHandle) async throws -> PassID {
        let place = try await apply(JoinLine(buyer), to: event).place
        return try await apply(ClaimPass(of: place.id, buyer: buyer), to: event).id
    }
}
