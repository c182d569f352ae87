import DequeModule
import OnsaleCorrelation
import OnsaleSale
import Synchronization

/// Which request placed an order, for the log lines of what is done for the order afterwards. Soft: a restart forgets it,
/// and so do ten thousand later orders.
final class PlacingRequests: Sendable {
    private struct Key: Hashable {
        let event: String
        let hold: HoldID
    }

    private struct State {
        var ids: [Key: String] = [:]
        var oldestFirst: Deque<Key> = []
    }

    private static let idsMax = 10_000
    private let state = Mutex(State())

    /// Notes that the request in progress is about to place an order on a hold.
    func note(event: String, hold: HoldID) {
        guard let id = Correlation.current?.labels.requestID else { return }
        let key = Key(event: event, hold: hold)
        state.withLock { state in
            if state.ids.updateValue(id, forKey: key) == nil { state.oldestFirst.append(key) }
            if state.oldestFirst.count > PlacingRequests.idsMax, let oldest = state.oldestFirst.popFirst() {
                state.ids[oldest] = nil
            }
        }
    }

    func id(of task: PaymentTask) -> String? {
        state.withLock { $0.ids[Key(event: task.event, hold: task.hold)] }
    }
}
