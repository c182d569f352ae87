import Foundation
import Logging
import OnsaleEngine
import OnsaleStreams
import ServiceLifecycle

/// The first to hear that the process is to end: it lets those go who wait for their orders, and sees to it that the
/// end comes in time.
struct ShutdownService: Service {
    /// When what is left is cut off. Everything that was answered is on disk at any moment, so nothing is lost by it.
    private static let secondsMax = 9

    let engine: Engine
    let broadcaster: Broadcaster
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        engine.drain()
        await broadcaster.stop()
        let logger = logger
        Thread.detachNewThread {
            sleep(UInt32(ShutdownService.secondsMax))
            logger.notice("Some connections did not end in time and are cut off")
            exit(0)
        }
    }
}
