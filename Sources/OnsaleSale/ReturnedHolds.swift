import HeapModule
import OnsaleValues

/// When the holds expire that came back from declined orders. They were given more time, so they are not in the order
/// in which holds are made. Follows from the holds; entries that are over are passed by.
struct ReturnedHolds: Sendable {
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
