import HeapModule

/// Numbers that were passed over and are back, smallest first. Soft, like presence.
struct ReturnQueue: Sendable {
    private var numbers = Heap<LineNumber>()
    /// One bit per number, set if the number is in the heap.
    private var members: [UInt64] = []

    var first: LineNumber? { numbers.min }

    func contains(_ number: LineNumber) -> Bool {
        let word = Int(number.serial >> 6)
        return word < members.count && members[word] & ReturnQueue.bit(of: number) != 0
    }

    mutating func insert(_ number: LineNumber) {
        guard !contains(number) else { return }
        let word = Int(number.serial >> 6)
        if members.count <= word { members.append(contentsOf: repeatElement(0, count: word + 1 - members.count)) }
        members[word] |= ReturnQueue.bit(of: number)
        numbers.insert(number)
    }

    mutating func removeFirst() {
        guard let number = numbers.popMin() else { return }
        members[Int(number.serial >> 6)] &= ~ReturnQueue.bit(of: number)
    }

    private static func bit(of number: LineNumber) -> UInt64 { 1 << UInt64(number.serial & 63) }
}
