public import OnsaleValues

/// Which orders are looked for, and from where on.
public struct OrderQuery: Sendable {
    public var states: Set<OrderState>
    public var buyer: BuyerID?
    public var seat: SeatIndex?
    public var isNewestFirst: Bool
    /// The order before the page, in the page's direction; nil for the first page.
    public var after: OrderID?

    public init(
        states: Set<OrderState> = Set(OrderState.allCases), buyer: BuyerID? = nil, seat: SeatIndex? = nil,
        isNewestFirst: Bool = false, after: OrderID? = nil
    ) {
        self.states = states
        self.buyer = buyer
        self.seat = seat
        self.isNewestFirst = isNewestFirst
        self.after = after
    }
}

extension Sale {
    /// At most `limit` of the orders, and whether there are more.
    ///
    /// An order keeps its number, so pages don't shift while others are placed. A seat's and a buyer's orders are found
    /// without reading others; a rare state may take a look at every order.
    public func orders(_ query: OrderQuery, atMost limit: Int) -> (orders: [Order], isMore: Bool) {
        if let seat = query.seat { return page(query, limit, of: ordersOfSeats.orders(for: seat)) }
        if let buyer = query.buyer { return page(query, limit, of: serials(of: buyer)) }
        return page(query, limit, of: 1..<UInt32(orders.count) + 1)
    }

    /// - Parameter serials: ascending.
    private func page(
        _ query: OrderQuery, _ limit: Int, of serials: some RandomAccessCollection<UInt32>
    ) -> (orders: [Order], isMore: Bool) {
        var found: [Order] = []
        let states = query.states.reduce(into: OrderStates()) { $0.insert(OrderStates($1)) }
        /// - Returns: whether to go on.
        func take(_ serial: UInt32) -> Bool {
            // Not copied unless it is wanted, since many may be passed over.
            guard states.contains(OrderStates(orders[Int(serial) - 1].state)) else { return true }
            let order = orders[Int(serial) - 1]
            guard query.buyer == nil || query.buyer == order.buyer else { return true }
            found.append(order)
            return found.count <= limit
        }
        if query.isNewestFirst {
            let end = serials.partitioningIndex { $0 >= query.after?.serial ?? .max }
            _ = serials[..<end].reversed().allSatisfy(take)
        } else {
            let start = serials.partitioningIndex { $0 > query.after?.serial ?? 0 }
            _ = serials[start...].allSatisfy(take)
        }
        guard found.count > limit else { return (found, false) }
        return (Array(found.prefix(limit)), true)
    }

    /// The buyer's orders, ascending.
    private func serials(of buyer: BuyerID) -> [UInt32] {
        var serials: [UInt32] = []
        var next = buyers[buyer]?.lastOrder ?? 0
        while next != 0 {
            serials.append(next)
            next = orders[Int(next) - 1].previousOfBuyer
        }
        return serials.reversed()
    }
}

extension RandomAccessCollection {
    /// The first index whose element is past the boundary; all before it are not (binary search).
    func partitioningIndex(where isPast: (Element) -> Bool) -> Index {
        var low = startIndex
        var count = self.count
        while count > 0 {
            let middle = index(low, offsetBy: count / 2)
            if isPast(self[middle]) {
                count /= 2
            } else {
                low = index(after: middle)
                count -= count / 2 + 1
            }
        }
        return low
    }
}
