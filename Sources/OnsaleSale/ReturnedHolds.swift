import OnsaleValues

/// When the holds expire that came back from declined orders. They were given more time, so they are not in the order
/// in which holds are made. Follows from the holds; entries that are over are passed by.
struct ReturnedHolds: Sendable {
    struct Entry: Sendable {
        let expiresAt: Timestamp
        let serial: UInt32

        fileprivate func isBefore(_ other: Entry) -> Bool {
            (expiresAt, serial) < (other.expiresAt, other.serial)
        }
    }

    /// A binary heap.
    private var heap: [Entry] = []

    var first: Entry? { heap.first }

    mutating func insert(_ hold: Hold) {
        heap.append(Entry(expiresAt: hold.expiresAt, serial: hold.id.serial))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let child = left + 1 < heap.count && heap[left + 1].isBefore(heap[left]) ? left + 1 : left
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
