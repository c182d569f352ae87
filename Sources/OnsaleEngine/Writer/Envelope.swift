import OnsaleSale
import OnsaleValues

/// A request in an inbox, together with its reply.
public struct Envelope: Sendable {
    /// When to reply.
    enum Verdict: Sendable {
        /// Answer, once the batch is on disk.
        case answer(@Sendable () -> Void)
        /// Answer when the order's payment is decided, or at `until`, whichever comes first.
        case wait(Order, until: Timestamp, @Sendable (Order) -> Void)
    }

    /// Decides the request, on the writer's thread.
    let decide: @Sendable (inout Partition, _ now: Timestamp, inout [Fact]) -> Verdict
    /// Replies with an error instead.
    let fail: @Sendable (EngineError) -> Void
    /// Whether it changes nothing, so it can be answered even when the disk is full.
    let isRead: Bool
    /// The wait's span, if the request is traced.
    var wait: JournalWait?
    /// The only epoch under which it may be decided; nil if any will do.
    var epoch: UInt64?

    init(
        decide: @escaping @Sendable (inout Partition, _ now: Timestamp, inout [Fact]) -> Verdict,
        fail: @escaping @Sendable (EngineError) -> Void
    ) {
        self.decide = decide
        self.fail = fail
        isRead = false
    }

    /// Places an order; the reply waits for its payment to be decided, but no longer than `waitUntil`.
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

    /// Replies with an error, and ends the wait with it.
    func refuse(_ error: EngineError) {
        wait?.fail(error)
        fail(error)
    }
}
