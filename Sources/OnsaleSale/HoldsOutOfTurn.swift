import HeapModule
import OnsaleValues

/// Expiry times of holds that don't expire in the order they were made: those that came back from declined orders, which
/// gave them extra time, and those made while holds lasted longer or less long. Derived from the holds; stale entries are
/// skipped.
struct HoldsOutOfTurn: Sendable {
    struct Entry: Comparable, Sendable {
        let expiresAt: Timestamp
        let serial: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            (left.expiresAt, left.serial) < (right.expiresAt, right.serial)
        }
    }

    private var entries = Heap<Entry>()

    var first: Entry? { entries.min }

    mutating func insert(_ hold: Hold) {
        entries.insert(Entry(expiresAt: hold.expiresAt, serial: hold.id.serial))
    }

    mutating func removeFirst() {
        _ = entries.popMin()
    }
}
