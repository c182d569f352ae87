import Foundation
import Logging
import OnsaleEngine
import OnsaleStreams
import ServiceLifecycle

/// The first to hear that the process is to end. It releases requests waiting for their orders, and makes sure the end
/// comes in time.
struct ShutdownService: Service {
    /// When to cut off what is left, in seconds. Everything answered is already on disk, so nothing is lost.
    private static let secondsMax = 8

    let engine: Engine
    let broadcaster: Broadcaster
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        engine.drain()
        // Clients of streams come back, to another node if there is one.
        await broadcaster.stop()
        let logger = logger
        Thread.detachNewThread {
            sleep(UInt32(ShutdownService.secondsMax))
            logger.notice("Not everything ended in time, and the rest was cut off")
            exit(0)
        }
        // The ports close after this: meanwhile requests are passed on to the events' new owners.
        await engine.leave()
    }
}
