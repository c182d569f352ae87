import Foundation
import NIOPosix
import OnsaleBus
import OnsaleTables
import Synchronization

/// Threads that render, each with a renderer of its own, off the cooperative pool.
final class RenderingCrew: Sendable {
    /// What became of an order's rendering.
    struct Outcome: Sendable {
        let order: OrderStore.Due
        let result: Result<[RenderedFile], any Error>
    }

    /// Whoever wants a file made when so many wait is turned away.
    static let waitingMax = 256

    /// How many orders are rendered at once.
    var size: Int { desks.count }

    private let desks: [Desk]
    private let language: DocumentLanguage
    private let waiting = Mutex((count: 0, turn: 0))

    /// - Parameter size: how many threads.
    init(size: Int, language: DocumentLanguage, notice: FontNotice) {
        self.language = language
        desks = (0..<max(1, size)).map { _ in Desk(notice: notice) }
    }

    /// Renders orders, several at a time. One that can't be rendered stops no other.
    func render(_ orders: [OrderStore.Due]) async -> [Outcome] {
        let share = (orders.count + desks.count - 1) / desks.count
        guard share > 0 else { return [] }
        return await withTaskGroup(of: [Outcome].self) { group in
            for (start, desk) in zip(stride(from: 0, to: orders.count, by: share), desks) {
                let part = orders[start..<min(start + share, orders.count)]
                group.addTask { [language] in
                    await desk.run { renderer in
                        part.map { order in
                            Outcome(
                                order: order,
                                result: Result {
                                    try renderer.files(of: try order.confirmation.decoded(), in: language)
                                })
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Makes the card of one of an order's tickets, as SVG.
    /// - Parameter number: from 1.
    /// - Returns: nil if the order has no such ticket.
    /// - Throws: ``UnprintableOrder``, ``RenderingFailure`` if too many wait.
    func card(_ number: Int, of message: OrderMessage) async throws -> [UInt8]? {
        let desk = try waiting.withLock { waiting in
            guard waiting.count < RenderingCrew.waitingMax else { throw RenderingFailure("too many wait for a card") }
            waiting.count += 1
            waiting.turn += 1
            return desks[waiting.turn % desks.count]
        }
        defer { waiting.withLock { $0.count -= 1 } }
        return try await desk.run { [language] renderer in
            Result { try renderer.card(number, of: message, in: language) }
        }.get()
    }

    /// A thread, and what only it may touch.
    private final class Desk: @unchecked Sendable {
        private let pool = NIOThreadPool(numberOfThreads: 1)
        private let notice: FontNotice
        /// Used on the thread alone, which is why this class may be shared. Made when first needed: that takes a while.
        private var renderer: TicketRenderer?

        init(notice: FontNotice) {
            self.notice = notice
            pool.start()
        }

        deinit { pool.shutdownGracefully { _ in } }

        func run<Value: Sendable>(_ body: @escaping @Sendable (TicketRenderer) -> Value) async -> Value {
            await withCheckedContinuation { continuation in
                pool.submit { [self] _ in
                    let renderer = self.renderer ?? prepared()
                    self.renderer = renderer
                    continuation.resume(returning: body(renderer))
                }
            }
        }

        private func prepared() -> TicketRenderer {
            Precedence.standBack()
            return TicketRenderer(notice: notice)
        }
    }
}

extension OrderStore.Confirmation {
    func decoded() throws -> OrderMessage { try JSONDecoder().decode(OrderMessage.self, from: Data(message.utf8)) }
}
