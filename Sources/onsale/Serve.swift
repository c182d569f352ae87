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

    func run() async throws {
        let isDemo = Settings.flag(demo, "ONSALE_DEMO")
        let logger = Logger.onsale("onsale")
        let folder: DataFolder
        do {
            folder = try DataFolder(path: Settings.text(data, "ONSALE_DATA", default: "./onsale-data"))
        } catch {
            FileHandle.complain("onsale: \(error)")
            throw ExitCode(2)
        }
        let secrets = try Secrets(folder: folder, isDemo: isDemo)
        let connectionsMax = OpenFileLimit.connectionsMax(logger: logger)
        let journal = try SQLiteJournal(folder: folder.url.path)
        let client = StripeGateway.makeClient()
        let plant = Plant(
            host: Settings.text(host, "ONSALE_HOST", default: "127.0.0.1"),
            port: try Settings.port(port, "ONSALE_PORT", default: 8080),
            managementPort: try Settings.port(managementPort, "ONSALE_MANAGEMENT_PORT", default: 9464),
            folder: folder, secrets: secrets, journal: journal, client: client, connectionsMax: connectionsMax,
            isDemo: isDemo, logger: logger)
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

    init(folder: DataFolder, isDemo: Bool) throws {
        let given = Settings.environment("ONSALE_ADMIN_TOKEN")
        adminToken = try given ?? folder.secret("admin-token")
        adminTokenIsOurs = given == nil
        doorToken = Settings.environment("ONSALE_DOOR_TOKEN")
        tokenSecret = try folder.secret("token.key")
        barcodeSecret = try folder.secret("barcode.key")
        webhookSecret = try Settings.environment("ONSALE_PAYMENT_WEBHOOK_SECRET") ?? folder.secret("webhook.key")
        sandboxKey = try folder.secret("sandbox.key")
        login = try Secrets.login(isDemo: isDemo)
        let bits = Settings.environment("ONSALE_JOIN_CHALLENGE") ?? "0"
        guard let joinChallengeBits = Int(bits), (0...32).contains(joinChallengeBits) else {
            throw ValidationError("ONSALE_JOIN_CHALLENGE is a number of bits from 0 to 32, not “\(bits)”.")
        }
        self.joinChallengeBits = joinChallengeBits
        if Settings.environment("ONSALE_PAYMENT_URL") != nil, Settings.environment("ONSALE_PAYMENT_SECRET_KEY") == nil {
            throw ValidationError("ONSALE_PAYMENT_URL needs ONSALE_PAYMENT_SECRET_KEY, the provider's secret key.")
        }
    }

    private static func login(isDemo: Bool) throws -> LoginSetting {
        switch Settings.environment("ONSALE_LOGIN") {
        case nil: return isDemo ? .open : .unset
        case "open"?: return .open
        case "jwks"?:
            guard let source = Settings.environment("ONSALE_LOGIN_JWKS") else {
                throw ValidationError("ONSALE_LOGIN=jwks needs ONSALE_LOGIN_JWKS, a file or URL with a JWK set.")
            }
            return .jwks(source)
        case let other?: throw ValidationError("ONSALE_LOGIN is open or jwks, not “\(other)”.")
        }
    }
}
