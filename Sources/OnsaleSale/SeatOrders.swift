/// The orders placed for each seat, whatever became of them, so that whoever asks about a seat reads no other order.
/// Derived.
struct SeatOrders: Sendable {
    /// The first order for each seat; 0 for none.
    private var first: [UInt32]
    /// The orders after the first, in the order of placing. Most seats are ordered once.
    private var later: [UInt32: [UInt32]] = [:]

    init(seats: Int) {
        first = [UInt32](repeating: 0, count: seats)
    }

    mutating func add(_ order: OrderID, for places: Places) {
        guard case .seats(let seats) = places else { return }
        for seat in seats where seat.offset < first.count {
            if first[seat.offset] == 0 {
                first[seat.offset] = order.serial
            } else {
                later[seat.value, default: []].append(order.serial)
            }
        }
    }

    /// The seat's orders, oldest first.
    func orders(for seat: SeatIndex) -> [UInt32] {
        guard seat.offset < first.count, first[seat.offset] != 0 else { return [] }
        return [first[seat.offset]] + (later[seat.value] ?? [])
    }
}
