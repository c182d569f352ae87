import ArgumentParser
import Foundation
import Logging

/// `onsale serve`: runs the server until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve events from a data folder.",
        discussion: "Every option is also an environment variable: --port is ONSALE_PORT, and so on.")

    @Option(help: "Address to listen on (ONSALE_HOST; 127.0.0.1).")
    var host: String?

    @Option(help: "Port of the contract; 0 takes a free one (ONSALE_PORT; 8080).")
    var port: Int?

    @Option(help: "Port for those who run it, on loopback (ONSALE_MANAGEMENT_PORT; 9464).")
    var managementPort: Int?

    @Option(help: "Where everything is kept (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Flag(help: "Believe every address at sign-in, and sell an arena at once (ONSALE_DEMO).")
    var demo = false

    @Flag(
        help:
            "Start though the system's clock is far behind the journal: time goes on from there (ONSALE_ACCEPT_CLOCK).")
    var acceptClock = false

    func run() async throws {
        let logger = Logger.onsale("onsale")
        // Whatever is made here is for nobody else to read.
        umask(0o077)
        let application: OnsaleApplication
        do {
            let settings = Settings(typed: [
                .host: host, .port: port.map(String.init), .managementPort: managementPort.map(String.init),
                .data: data, .demo: demo ? "true" : nil, .acceptClock: acceptClock ? "true" : nil,
            ])
            application = try buildApplication(ServerConfiguration(settings), logger: logger)
        } catch {
            FileHandle.complain("onsale: \(error)")
            throw ExitCode(2)
        }
        var failure: (any Error)?
        do { try await application.run() } catch { failure = error }
        try await application.close()
        if let failure {
            FileHandle.complain("onsale: \(failure)")
            throw ExitCode.failure
        }
        logger.notice("Stopped")
    }
}
