/// Those whose number was passed over and who are back: the smallest number first. Soft, like presence.
struct Front: Sendable {
    /// A binary heap of numbers.
    private var heap: [UInt32] = []
    /// A bit for each number that is in the heap.
    private var members: [UInt64] = []

    var first: UInt32? { heap.first }

    func contains(_ number: UInt32) -> Bool {
        let word = Int(number >> 6)
        return word < members.count && members[word] & UInt64(1) << UInt64(number & 63) != 0
    }

    mutating func insert(_ number: UInt32) {
        let word = Int(number >> 6)
        let bit = UInt64(1) << UInt64(number & 63)
        if members.count <= word { members.append(contentsOf: repeatElement(0, count: word + 1 - members.count)) }
        guard members[word] & bit == 0 else { return }
        members[word] |= bit
        heap.append(number)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let number = heap.first, let last = heap.popLast() else { return }
        members[Int(number >> 6)] &= ~(UInt64(1) << UInt64(number & 63))
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let child = left + 1 < heap.count && heap[left + 1] < heap[left] ? left + 1 : left
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
