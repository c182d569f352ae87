/// Who lets people in, each name once, in the order in which they first did.
struct DoorNames: Hashable, Sendable {
    private(set) var names: [String] = []
    private var numbers: [String: UInt16] = [:]

    /// Whoever comes after so many is not remembered by name.
    static let namesMax = 1000

    /// The number of a name, new if it is.
    mutating func number(of name: String) -> UInt16? {
        if let known = numbers[name] { return known }
        guard names.count < DoorNames.namesMax else { return nil }
        let number = UInt16(names.count)
        names.append(name)
        numbers[name] = number
        return number
    }
}
