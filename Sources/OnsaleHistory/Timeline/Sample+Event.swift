package import OnsaleEngine
import OnsaleSale
import OnsaleWaitingRoom

extension Sample {
    /// A published view.
    package init(_ view: EventView) {
        sold = Int32(clamping: view.counts.sold)
        held = Int32(clamping: view.counts.held)
        free = Int32(clamping: view.counts.free)
        waiting = Int32(clamping: view.line.waiting)
        activeShoppers = Int32(clamping: view.line.activeShoppers)
        confirmed = Int32(clamping: view.orders[.confirmed] ?? 0)
        declined = Int32(clamping: view.orders[.declined] ?? 0)
        expired = Int32(clamping: view.orders[.expired] ?? 0)
        gross = view.gross
    }

    /// The state after a replayed row; the same as of the view published then.
    package init(_ partition: borrowing Partition) {
        let counts = partition.sale.counts
        sold = Int32(clamping: counts.sold)
        held = Int32(clamping: counts.held)
        free = Int32(clamping: counts.free)
        waiting = Int32(clamping: partition.line.waiting)
        activeShoppers = Int32(clamping: partition.line.activeShoppers)
        confirmed = Int32(clamping: partition.sale.orderCount(.confirmed))
        declined = Int32(clamping: partition.sale.orderCount(.declined))
        expired = Int32(clamping: partition.sale.orderCount(.expired))
        gross = partition.sale.ledger.gross
    }
}
