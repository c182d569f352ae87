import OnsaleSale
import OnsaleValues
import Seeded
import Testing

/// Pages of orders, against a plain filter over all of them.
@Suite struct OrderQueryTests {
    private static let width = 5

    /// A sale with orders of every end, for seats that were sold before.
    private static func sale(_ random: inout SeededRandom) -> Sale {
        var sale = Hall.sale(rows: 2, width: width, limit: 10)
        for number in 1...60 {
            let buyer = Hall.buyer(random.below(4))
            let seats = Array(Set([random.below(2 * width), random.below(2 * width)])).map { SeatIndex(UInt32($0)) }
            let selection: Selection = random.below(4) == 0 ? .area(0, quantity: 1) : .seats(seats)
            guard case .success(let hold) = sale.ask(HoldPlaces(selection, buyer: buyer, pass: 1, key: nil)) else {
                continue
            }
            sale.ask(PlaceOrder(hold.id, buyer: buyer, paymentMethod: "pm", trace: nil, key: Hall.key(number)))
            let order = OrderID(UInt32(sale.orders.count))
            if random.below(2) == 0 {
                sale.ask(SettlePayment(order, [.declined(code: "no")]))
                sale.ask(ReleaseHold(hold.id, buyer: buyer))
            } else {
                sale.ask(SettlePayment(order, [.captured(intent: "pi", amount: hold.amount)]))
                sale.ask(CancelOrder(order, buyer: nil, key: nil))
            }
        }
        return sale
    }

    private static func has(_ order: Order, _ query: OrderQuery) -> Bool {
        var hasSeat = query.seat == nil
        if let seat = query.seat, case .seats(let seats) = order.places { hasSeat = seats.contains(seat) }
        return query.states.contains(order.state) && (query.buyer == nil || query.buyer == order.buyer) && hasSeat
    }

    @Test("Pages of any question join to what a filter over all orders gives", arguments: 0..<20)
    func pages(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var sale = Self.sale(&random)
        #expect(sale.orders.count > 20)
        for _ in 0..<40 {
            var query = OrderQuery(
                states: random.below(2) == 0 ? Set(OrderState.allCases) : [.declined, .refunding],
                buyer: random.below(2) == 0 ? Hall.buyer(random.below(5)) : nil,
                seat: random.below(2) == 0 ? SeatIndex(UInt32(random.below(2 * Self.width))) : nil,
                isNewestFirst: random.below(2) == 0)
            let expected = sale.orders.filter { Self.has($0, query) }.map(\.id)
            let limit = 1 + random.below(5)
            var found: [OrderID] = []
            while true {
                let page = sale.orders(query, atMost: limit)
                found += page.orders.map(\.id)
                #expect(page.orders.count == limit || !page.isMore)
                guard page.isMore, let last = page.orders.last else { break }
                query.after = last.id
            }
            #expect(found == (query.isNewestFirst ? expected.reversed() : expected), "\(query)")
        }
        // What is derived is the same after a restart.
        var writer = ByteWriter()
        sale.encodeSnapshot(into: &writer)
        var reader = ByteReader(writer.bytes)
        let before = (0..<UInt32(2 * Self.width)).map { sale.orders(.init(seat: SeatIndex($0)), atMost: 100).orders }
        sale = try Sale(plan: sale.plan, terms: sale.terms.current, snapshot: &reader)
        let after = (0..<UInt32(2 * Self.width)).map { sale.orders(.init(seat: SeatIndex($0)), atMost: 100).orders }
        #expect(before == after)
    }
}
