import OnsaleValues

/// Finds orders that the provider should have answered for by now: nobody may be working on them.
struct Reconciler {
    /// How often they are looked for, and how long an order may stay so unremarked.
    private static let seconds = 10
    /// Of one event, so that a sale never waits for it.
    private static let tasksMax = 500

    private var nextAt = Timestamp(milliseconds: .min)

    mutating func overdue(_ writers: @autoclosure () -> [EventWriter], now: Timestamp) -> [PaymentTask] {
        guard now >= nextAt else { return [] }
        nextAt = now.adding(seconds: Reconciler.seconds)
        let limit = now.adding(seconds: -Reconciler.seconds)
        return writers().flatMap { writer in
            writer.nextOpenTasks(atMost: Reconciler.tasksMax).filter { $0.placedAt < limit }
        }
    }
}
