import OnsaleSale
import OnsaleValues

/// A request in an inbox, with the way back to whoever waits for it.
public struct Envelope: Sendable {
    /// What is to be done for the person who asked.
    enum Verdict: Sendable {
        /// Answer, once the batch is on disk.
        case answer(@Sendable () -> Void)
        /// Answer when the order needs no more waiting, or at that moment.
        case wait(Order, until: Timestamp, @Sendable (Order) -> Void)
    }

    /// Decides on the writer's thread.
    let decide: @Sendable (inout Partition, _ now: Timestamp, inout [Fact]) -> Verdict
    /// Says that nothing was done.
    let fail: @Sendable (EngineError) -> Void
    /// Whether it changes nothing, so that it can be answered whatever the disk is like.
    let isRead: Bool

    init(
        decide: @escaping @Sendable (inout Partition, _ now: Timestamp, inout [Fact]) -> Verdict,
        fail: @escaping @Sendable (EngineError) -> Void
    ) {
        self.decide = decide
        self.fail = fail
        isRead = false
    }

    /// An order whose buyer wants to hear how it ends, and waits until then at most.
    init(
        _ command: PlaceOrder, waitUntil: Timestamp, _ reply: @escaping @Sendable (Result<Order, any Error>) -> Void
    ) {
        decide = { partition, now, facts in
            do throws(Refusal) {
                let order = try command.decide(in: &partition, now: now, facts: &facts)
                guard order.state.keepsWaiting, waitUntil > now else { return .answer { reply(.success(order)) } }
                return .wait(order, until: waitUntil) { reply(.success($0)) }
            } catch {
                return .answer { reply(.failure(error)) }
            }
        }
        fail = { reply(.failure($0)) }
        isRead = false
    }

    init<Value: Sendable>(
        reading body: @escaping @Sendable (Partition) -> Value,
        _ reply: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        decide = { partition, _, _ in
            let value = body(partition)
            return .answer { reply(.success(value)) }
        }
        fail = { reply(.failure($0)) }
        isRead = true
    }
}
