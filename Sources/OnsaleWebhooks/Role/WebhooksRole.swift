package import Logging
import NIOCore
package import OnsaleBus
package import OnsaleTables
import OnsaleValues
import Synchronization

/// Tells organizers' programs what happens, by Standard Webhooks 1.0.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
///
/// At least once: a delivery may come again, with the same `webhook-id`. In no promised order, also to one endpoint.
package final class WebhooksRole: ServiceRole {
    /// Tells an endpoint's owner that it was switched off, and why. May be called again for the same one, after a crash
    /// or an error.
    package typealias SwitchOffPort = @Sendable (WebhookEndpoint, SwitchOff) async throws -> Void

    /// How much is trimmed in one transaction.
    private static let trimmedMax = 500

    package let name: String
    /// What the organizer may ask and do.
    package let endpoints: WebhookEndpoints

    private let desk: ServiceDesk
    private let webhooks: WebhookTables
    private let worker: WebhookWorker
    private let upkeep: Duration
    private let ownResolver: SystemResolver?
    private let switchedOff: SwitchOffPort
    private let logger: Logger
    private let standing = Mutex(WebhookTables.Standing())

    /// - Throws: errors of BoringSSL, if the certificates can't be read.
    package init(
        tables: any Tables, bus: any EventBus, configuration: WebhooksConfiguration,
        switchedOff: @escaping SwitchOffPort, logger: Logger
    ) throws {
        webhooks = WebhookTables(seal: configuration.seal, limits: configuration.limits)
        let service = WebhooksService(webhooks: webhooks)
        name = service.name
        desk = ServiceDesk(service, tables: tables, bus: bus, logger: logger)
        endpoints = WebhookEndpoints(
            tables: tables, webhooks: webhooks, reach: configuration.reach, bell: desk.taken)
        ownResolver = configuration.resolver == nil ? SystemResolver() : nil
        let sender = try WebhookSender(
            reach: configuration.reach, resolver: configuration.resolver ?? ownResolver ?? SystemResolver(),
            group: configuration.group, limits: configuration.senderLimits, trustRoots: configuration.trustRoots)
        worker = WebhookWorker(
            tables: tables, webhooks: webhooks, sender: sender, bell: desk.taken, look: configuration.look,
            logger: logger)
        upkeep = configuration.upkeep
        self.switchedOff = switchedOff
        self.logger = logger
    }

    package var counts: [String: Int] {
        let standing = standing.withLock { $0 }
        return [
            "pending": standing.pending, "delivered": standing.delivered, "exhausted": standing.exhausted,
            "switchedOff": standing.switchedOff,
        ]
    }

    package var trouble: String? { desk.trouble ?? worker.trouble }

    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.desk.run() }
            group.addTask { await self.worker.run() }
            group.addTask { await self.keepUp() }
        }
        await ownResolver?.stop()
    }

    private func keepUp() async {
        while !Task.isCancelled {
            do {
                try await tell()
                let (standing, mayBeMore) = try await desk.tables.write { [webhooks, tables = desk.tables] session in
                    let mayBeMore = try webhooks.trim(
                        limit: WebhooksRole.trimmedMax, at: try tables.now(in: session), in: session)
                    return (try webhooks.count(in: session), mayBeMore)
                }
                self.standing.withLock { $0 = standing }
                if mayBeMore { continue }
            } catch {
                if Task.isCancelled { return }
                logger.warning("The upkeep of webhooks failed and is tried again", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: upkeep)
        }
    }

    private func tell() async throws {
        let untold = try await desk.tables.read { [webhooks] in try webhooks.untold(in: $0) }
        for endpoint in untold {
            guard let reason = endpoint.switchedOff else { continue }
            logger.warning(
                "An endpoint of webhooks was switched off",
                metadata: ["endpoint": "\(endpoint.id)", "reason": "\(reason.rawValue)"])
            do {
                try await switchedOff(endpoint, reason)
                try await desk.tables.write { [webhooks] in try webhooks.noteTold(endpoint, in: $0) }
            } catch {
                logger.warning(
                    "Nobody could be told that an endpoint of webhooks was switched off; that is tried again",
                    metadata: ["endpoint": "\(endpoint.id)", "error": "\(error)"])
            }
        }
    }
}
