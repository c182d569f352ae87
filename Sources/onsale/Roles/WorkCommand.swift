import ArgumentParser
import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import OnsaleHTTP
import OnsalePayments
import OnsaleTables
import OnsaleTelemetry
import ServiceLifecycle
import UnixSignals

/// `onsale work`: runs services as a process of their own.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work", abstract: "Run services that follow a sale, apart from the server that sells.",
        discussion: """
            Services are documents, mail, webhooks, eligibility and settlement. They use the bus, and the tables, that \
            onsale serve has with the same settings: start that with ONSALE_ROLES=sale, or with the services that are left.
            """)

    @Argument(help: "The services.")
    var services: [String]

    @Option(help: "Address for operators, who need no token there (ONSALE_MANAGEMENT_HOST; 127.0.0.1).")
    var managementHost: String?

    @Option(help: "Management port for operators; 0 picks a free one (ONSALE_MANAGEMENT_PORT; 0).")
    var managementPort: Int?

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    private func names() throws -> Set<RoleName> {
        try Set(
            services.map { name in
                guard let role = RoleName(rawValue: name), role != .sale else {
                    throw ValidationError(
                        "“\(name)” is no service. There are documents, mail, webhooks, eligibility and settlement.")
                }
                return role
            })
    }

    func validate() throws { _ = try names() }

    func run() async throws {
        Precedence.standBackAsProcess()
        umask(0o077)
        signal(SIGPIPE, SIG_IGN)
        do {
            let settings = Settings(typed: [
                .managementHost: managementHost, .managementPort: managementPort.map(String.init), .data: data,
            ])
            let observability = try Observability.start(settings)
            try await work(settings, observability)
            observability.logs.flush()
        } catch {
            FileHandle.printError("onsale: \(error)")
            throw ExitCode(error is SetupError ? 2 : 1)
        }
    }

    private func work(_ settings: Settings, _ observability: Observability) async throws {
        let host = settings.text(.managementHost) ?? "127.0.0.1"
        let port = try settings.number(.managementPort, in: 0...65_535, default: 0)
        let place: TablePlace
        if let url = settings.text(.databaseURL), data == nil {
            place = .database(url: url)
        } else {
            let path = settings.text(.data) ?? "./onsale-data"
            guard FileManager.default.fileExists(atPath: path + "/journal.sqlite") else {
                throw SetupError(
                    "there is no journal in \(path): start onsale serve first, or name its folder with --data.")
            }
            place = .folder(path)
        }
        let names = try names()
        Scrubber.process.hide(RoleSettings.kafkaSecrets)
        let logger = Logger(label: "onsale")
        let secret = try Secrets.services(at: place)
        Scrubber.process.hide([secret])
        let client = StripeGateway.makeClient()
        defer { client.shutdown { _ in } }
        let afterSale = try AfterSale(
            AfterSale.Parts(
                settings: try RoleSettings(services: names), choices: try ServiceChoices(settings), place: place,
                migrates: try settings.flag(.migrate, default: true), journal: nil,
                statement: ProviderList(
                    // Whoever sells in the folder without a provider has a sandbox.
                    payments: try PaymentChoice(settings, isDemo: true),
                    folder: data ?? settings.text(.data) ?? "./onsale-data", client: client),
                barcode: { _, _, _ in "" }, secret: secret,
                publicURL: settings.text(.publicURL) ?? "http://127.0.0.1:8080", isServer: false, mailsCodes: false))
        let work = afterSale.begin(nil)
        let titles = RoleName.allCases.filter(names.contains).map(\.rawValue).joined(separator: ", ")
        let management = ManagementServer(
            services: work, metrics: observability.metrics, levels: observability.logs.levels,
            logger: Logger(label: "onsale.management")
        ).application(host: host, port: port) { port in
            FileHandle.printLine("Onsale works: \(titles)\n  management         http://\(host):\(port)")
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: observability.traces.services + [management], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "onsale.lifecycle")))
        let result: Result<Void, any Error>
        do { result = .success(try await group.run()) } catch { result = .failure(error) }
        await work.stop()
        try result.get()
        logger.notice("Stopped")
    }
}
