import ArgumentParser
import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import OnsaleEngine
import OnsaleHTTP
import OnsalePayments
import OnsaleStorage

/// `onsale serve`: parses, wires everything together, and runs it until it is told to stop.
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
        let isDemo = Settings.flag(demo, "ONSALE_DEMO")
        let logger = Logger.onsale("onsale")
        // Whatever is made here is for nobody else to read.
        umask(0o077)
        let folder: DataFolder
        let payments: PaymentChoice
        let secrets: Secrets
        let journal: SQLiteJournal
        let clock: SystemClock
        do {
            payments = try PaymentChoice(isDemo: isDemo)
            folder = try DataFolder(path: Settings.text(data, "ONSALE_DATA", default: "./onsale-data"))
            secrets = try Secrets(folder: folder, isDemo: isDemo, logger: logger)
            journal = try SQLiteJournal(folder: folder.url.path)
            clock = try startClock(journal, logger)
        } catch {
            FileHandle.complain("onsale: \(error)")
            throw ExitCode(2)
        }
        let connectionsMax = OpenFileLimit.connectionsMax(logger: logger)
        let client = StripeGateway.makeClient()
        let plant = Plant(
            host: Settings.text(host, "ONSALE_HOST", default: "127.0.0.1"),
            port: try Settings.port(port, "ONSALE_PORT", default: 8080),
            managementPort: try Settings.port(managementPort, "ONSALE_MANAGEMENT_PORT", default: 9464),
            folder: folder, secrets: secrets, payments: payments, journal: journal, clock: clock, client: client,
            connectionsMax: connectionsMax, isDemo: isDemo, logger: logger)
        var failure: (any Error)?
        do { try await plant.run() } catch { failure = error }
        try await client.shutdown()
        try journal.close()
        folder.unlock()
        if let failure {
            FileHandle.complain("onsale: \(failure)")
            throw ExitCode.failure
        }
        logger.notice("Stopped")
    }

    /// The clock by which everything is sold, once it fits what was written before.
    private func startClock(_ journal: SQLiteJournal, _ logger: Logger) throws -> SystemClock {
        let latest = try journal.latestTime()
        do throws(ClockFinding) {
            return try SystemClock(
                after: latest, accepts: Settings.flag(acceptClock, "ONSALE_ACCEPT_CLOCK"),
                onJump: { drift in
                    logger.warning(
                        "The system's clock was set, or has jumped; time goes on as it did and follows it slowly",
                        metadata: ["milliseconds": "\(drift)"])
                })
        } catch .behindJournal(let seconds) {
            throw SetupError(
                "the system's clock is \(seconds) seconds behind what was written last in this data folder. Set the clock "
                    + "right; or, if the journal's time was wrong, start with --accept-clock: time then goes on from the "
                    + "journal's")
        } catch {
            throw SetupError("the system's clock says a year before 2025. Set it right, or start with --accept-clock")
        }
    }
}

/// The secrets of a data folder, each made on first use and readable by its owner alone.
struct Secrets {
    let adminToken: String
    let doorToken: String?
    let tokenSecret: String
    let barcodeSecret: String
    let webhookSecret: String
    let sandboxKey: String
    let login: LoginSetting
    let adminTokenIsOurs: Bool
    let joinChallengeBits: Int

    private static let tokenBytesMin = 16

    init(folder: DataFolder, isDemo: Bool, logger: Logger) throws {
        let given = try Secrets.token("ONSALE_ADMIN_TOKEN")
        adminToken = try given ?? folder.secret("admin-token", made: .always)
        adminTokenIsOurs = given == nil
        doorToken = try Secrets.token("ONSALE_DOOR_TOKEN")
        tokenSecret = try folder.secret("token.key", made: .beforeJournal)
        barcodeSecret = try folder.secret("barcode.key", made: .beforeJournal)
        webhookSecret =
            try Settings.environment("ONSALE_PAYMENT_WEBHOOK_SECRET") ?? folder.secret("webhook.key", made: .always)
        sandboxKey = try folder.secret("sandbox.key", made: .always)
        login = try Secrets.login(isDemo: isDemo, logger: logger)
        let bits = Settings.environment("ONSALE_JOIN_CHALLENGE") ?? "0"
        guard let joinChallengeBits = Int(bits), (0...32).contains(joinChallengeBits) else {
            throw SetupError("ONSALE_JOIN_CHALLENGE is a number of bits from 0 to 32, not “\(bits)”.")
        }
        self.joinChallengeBits = joinChallengeBits
    }

    /// A token that was chosen by hand: one that is short can be guessed.
    private static func token(_ variable: String) throws -> String? {
        guard let token = Settings.environment(variable) else { return nil }
        guard token.utf8.count >= tokenBytesMin else {
            throw SetupError(
                "\(variable) must have at least \(tokenBytesMin) bytes: openssl rand -hex 16 makes a good one.")
        }
        return token
    }

    private static func login(isDemo: Bool, logger: Logger) throws -> LoginSetting {
        switch Settings.environment("ONSALE_LOGIN") {
        case nil: return isDemo ? .open : .unset
        case "open"?: return .open
        case "jwks"?:
            guard let place = Settings.environment("ONSALE_LOGIN_JWKS") else {
                throw SetupError("ONSALE_LOGIN=jwks needs ONSALE_LOGIN_JWKS, a file or URL with a JWK set.")
            }
            let issuer = Settings.environment("ONSALE_LOGIN_ISSUER")
            let audience = Settings.environment("ONSALE_LOGIN_AUDIENCE")
            guard let source = JWKSSource(place, issuer: issuer, audience: audience) else {
                throw SetupError("ONSALE_LOGIN_JWKS must be a file or an https URL; http is for this machine alone.")
            }
            for (variable, value, claim) in [
                ("ONSALE_LOGIN_ISSUER", issuer, "iss"), ("ONSALE_LOGIN_AUDIENCE", audience, "aud"),
            ] where value == nil {
                logger.warning(
                    "A setting is missing: tokens that were made for others are taken too",
                    metadata: ["setting": "\(variable)", "unchecked": "\(claim)"])
            }
            return .jwks(source)
        case let other?: throw SetupError("ONSALE_LOGIN is open or jwks, not “\(other)”.")
        }
    }
}
