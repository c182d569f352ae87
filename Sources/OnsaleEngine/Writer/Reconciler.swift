import OnsaleValues

/// Finds orders the provider should have answered by now, in case nobody is working on them.
struct Reconciler {
    /// How often to look, and how old an order must be to count as overdue, in seconds.
    private static let seconds = 10
    /// The most tasks per event and round, so a sale never waits for this.
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
