package import Metrics
import Synchronization

/// Ended spans on their way to one exporter, up to a bound. Beyond it new ones are dropped and counted.
///
/// Putting one in takes a short lock, from any thread, and wakes the exporter only when there is something for it to
/// do: at the first span, which starts its delay, and when a batch is full.
package final class SpanQueue: Sendable {
    private struct State {
        var spans: [FinishedSpan] = []
        /// What is there should go now, batch or not.
        var isUrgent = false
        /// The exporter is about to end.
        var isClosed = false
        var dropped = 0
        /// The exporter, waiting for so many spans.
        var waiter: (spans: Int, continuation: CheckedContinuation<Void, Never>)?

        func isReady(for spans: Int) -> Bool {
            self.spans.count >= spans || isClosed || isUrgent
        }

        /// The waiter, if it has waited enough.
        mutating func readyWaiter() -> CheckedContinuation<Void, Never>? {
            guard let waiting = waiter, isReady(for: waiting.spans) else { return nil }
            waiter = nil
            return waiting.continuation
        }
    }

    private let spansMax: Int
    private let batchSpansMax: Int
    private let droppedFull: Counter
    private let state = Mutex(State())

    package init(spansMax: Int, batchSpansMax: Int, droppedFull: Counter) {
        self.spansMax = spansMax
        self.batchSpansMax = min(batchSpansMax, spansMax)
        self.droppedFull = droppedFull
    }

    package var count: Int { state.withLock { $0.spans.count } }

    package func enqueue(_ span: FinishedSpan) {
        let (isTaken, waiter) = state.withLock { state in
            guard state.spans.count < spansMax else {
                state.dropped += 1
                return (false, CheckedContinuation<Void, Never>?.none)
            }
            state.spans.append(span)
            return (true, state.readyWaiter())
        }
        waiter?.resume()
        if !isTaken {
            droppedFull.increment()
        }
    }

    /// Has what is there exported at once.
    package func flush() {
        wake { $0.isUrgent = !$0.spans.isEmpty }
    }

    /// The exporter is to take what is there, and end.
    func close() {
        wake { $0.isClosed = true }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            return state.readyWaiter()
        }
        waiter?.resume()
    }

    // MARK: For the one exporter

    /// Waits for a span; false if none will come any more.
    func waitForSpan() async -> Bool {
        await wait(for: 1)
        return state.withLock { !$0.spans.isEmpty } && !Task.isCancelled
    }

    /// Waits until a batch is full, or shouldn't be waited for.
    func waitForBatch() async {
        await wait(for: batchSpansMax)
    }

    /// Whether there is a batch to export now.
    var isDue: Bool {
        state.withLock { !$0.spans.isEmpty && $0.isReady(for: batchSpansMax) }
    }

    /// The oldest, at most a batch.
    func take() -> [FinishedSpan] {
        state.withLock { state in
            guard state.spans.count > batchSpansMax else {
                defer { state.spans.removeAll(keepingCapacity: true) }
                state.isUrgent = false
                return state.spans
            }
            defer { state.spans.removeFirst(batchSpansMax) }
            return Array(state.spans.prefix(batchSpansMax))
        }
    }

    /// How many were dropped since the last call.
    func takeDropCount() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }

    private func wait(for spans: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard !Task.isCancelled, !state.isReady(for: spans) else { return true }
                    precondition(state.waiter == nil, "A queue has one exporter.")
                    state.waiter = (spans, continuation)
                    return false
                }
                if isReady {
                    continuation.resume()
                }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.continuation.resume()
        }
    }
}
