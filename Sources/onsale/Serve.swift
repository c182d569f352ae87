import ArgumentParser
import Foundation
import Logging
import OnsaleTelemetry

/// `onsale serve`: runs the server until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve events from a data folder.",
        discussion: "Every option can also be set in the environment: --port as ONSALE_PORT, and so on.")

    @Option(help: "Address to listen on (ONSALE_HOST; 127.0.0.1).")
    var host: String?

    @Option(help: "Public port; 0 picks a free one (ONSALE_PORT; 8080).")
    var port: Int?

    @Option(help: "Address for operators, who need no token there (ONSALE_MANAGEMENT_HOST; 127.0.0.1).")
    var managementHost: String?

    @Option(help: "Management port for operators (ONSALE_MANAGEMENT_PORT; 9464).")
    var managementPort: Int?

    @Option(help: "The data folder, for everything that is stored (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Flag(help: "Believe any address at sign-in, and put an arena on sale at once (ONSALE_DEMO).")
    var demo = false

    @Flag(
        help:
            "Start even if the system's clock is far behind the journal, and continue its time (ONSALE_ACCEPT_CLOCK).")
    var acceptClock = false

    func run() async throws {
        // Nobody else may read the files created here.
        umask(0o077)
        // A log reader that goes away must not take the server along.
        signal(SIGPIPE, SIG_IGN)
        // A descriptor that was closed would become some connection's, and log lines would go there.
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 { _ = open("/dev/null", O_RDWR) }
        let application: OnsaleApplication
        let logger: Logger
        do {
            let settings = Settings(typed: [
                .host: host, .port: port.map(String.init), .managementHost: managementHost,
                .managementPort: managementPort.map(String.init),
                .data: data, .demo: demo ? "true" : nil, .acceptClock: acceptClock ? "true" : nil,
            ])
            let configuration = try ServerConfiguration(settings)
            let observability = try Observability.start(settings)
            logger = Logger(label: "onsale")
            application = try buildApplication(configuration, observability, logger: logger)
        } catch {
            FileHandle.printError("onsale: \(error)")
            // What another process has taken is not a wrong setting.
            throw ExitCode(error is StartError ? 1 : 2)
        }
        var failure: (any Error)?
        do { try await application.run() } catch { failure = error }
        try await application.close()
        if let failure {
            FileHandle.printError("onsale: \(failure)")
            throw ExitCode.failure
        }
        logger.notice("Stopped")
        application.observability.logs.flush()
    }
}
