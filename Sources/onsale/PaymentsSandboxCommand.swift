import ArgumentParser
import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import OnsalePayments
import OnsaleStorage
import ServiceLifecycle
import UnixSignals

/// `onsale payments-sandbox`: only the sandbox, for a server elsewhere.
struct PaymentsSandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payments-sandbox", abstract: "Run only the payments sandbox.",
        discussion: """
            Point a server at it with ONSALE_PAYMENT_URL and ONSALE_PAYMENT_SECRET_KEY. It sends webhooks if \
            ONSALE_PAYMENT_WEBHOOK_URL and ONSALE_PAYMENT_WEBHOOK_SECRET are set.
            """)

    @Option(help: "Address to listen on (127.0.0.1).")
    var host = "127.0.0.1"

    @Option(help: "Port; 0 picks a free one.")
    var port = 12111

    @Option(help: "Folder to keep its payments in.")
    var data = "./onsale-sandbox"

    func run() async throws {
        let folder: DataFolder
        do {
            try Observability.bootstrapLogs(Settings())
            folder = try DataFolder(path: data)
        } catch {
            FileHandle.printError("onsale: \(error)")
            throw ExitCode(2)
        }
        let logger = Logger(label: "onsale.sandbox")
        let settings = Settings()
        let secretKey = try settings.text(.paymentSecretKey) ?? folder.secret("sandbox.key", made: .always)
        let client = StripeGateway.makeClient()
        var webhook: PaymentsSandbox.Webhook?
        if let url = settings.text(.paymentWebhookURL), let secret = settings.text(.paymentWebhookSecret) {
            webhook = .init(url: url, secret: secret)
        }
        let sandbox = try PaymentsSandbox(
            folder: folder.url, host: host, port: port, secretKey: secretKey, webhook: webhook, client: client,
            logger: logger)
        let application = sandbox.application { port in
            FileHandle.printLine("The payments sandbox is open at http://\(host):\(port)")
        }
        var configuration = ServiceGroupConfiguration(
            services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(5)
        configuration.maximumCancellationDuration = .seconds(1)
        try await ServiceGroup(configuration: configuration).run()
        try await client.shutdown()
    }
}
