package import OnsaleCorrelation

/// Watches the writer loop at work. The loop reads no clock, so whoever wants to know how long something takes measures
/// it between two calls. All come from the writer's thread, and none may block.
package protocol LoopObserver: Sendable {
    /// A batch begins: requests have been taken from the inboxes.
    /// - Parameters:
    ///   - number: the batch's. The next may begin before this one is on disk.
    ///   - depths: how many waited in each lane, over all events.
    func batchBegins(_ number: UInt64, depths: [Int])
    /// Everything in the batch has been decided.
    func batchIsDecided(_ number: UInt64)
    /// A part of the batch, or all of it, is on disk, and nobody in it has been answered yet.
    func batchIsDurable(_ batch: BatchSummary)
}

/// What a batch was made of.
package struct BatchSummary: Sendable {
    /// The batch's number; 0 for one whose fate was learned late.
    package let number: UInt64
    /// Requests answered with it.
    package let requests: Int
    /// Rows written: one for each event that changed.
    package let rows: Int
    /// Facts in these rows.
    package let facts: Int
    /// The span that stands for the batch, in a trace of its own; nil unless some request in it is traced.
    package let span: TraceContext?
    /// The spans of traced requests that waited for this batch.
    package let waits: [TraceContext]

    /// The most requests linked to a batch.
    package static let waitsMax = 128
}

/// For tests and tools, which nobody watches.
struct NoLoopObserver: LoopObserver {
    func batchBegins(_ number: UInt64, depths: [Int]) {}
    func batchIsDecided(_ number: UInt64) {}
    func batchIsDurable(_ batch: BatchSummary) {}
}
