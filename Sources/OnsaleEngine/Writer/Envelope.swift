import OnsaleValues

/// A request in an inbox, with the way back to whoever waits for it.
enum Envelope: Sendable {
    typealias Reply = @Sendable (Result<Outcome, EngineError>) -> Void

    /// `waitUntil`: an order that is not final is answered when it is, or at that moment.
    case command(Command, waitUntil: Timestamp?, Reply)
    /// Reads the state on the writer's thread. `body` works out the answer and returns how to deliver it.
    case read(
        body: @Sendable (Partition) -> @Sendable () -> Void,
        failed: @Sendable (EngineError) -> Void)

    func fail(_ error: EngineError) {
        switch self {
        case .command(_, _, let reply): reply(.failure(error))
        case .read(_, let failed): failed(error)
        }
    }
}
