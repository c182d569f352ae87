import Foundation
package import Logging
package import OnsaleBus
package import OnsaleEngine
package import OnsaleMigrations
import OnsaleSale
package import OnsaleTables
package import OnsaleValues

/// The sale's own ear on the bus: it takes back orders that eligibility refuses, and notes what services say of an order,
/// for the organizer and for `onsale explain`.
package struct FulfilmentService: TableService {
    package let name = "sale"
    package let topics: [Topic] = [.tickets, .fulfilment]
    /// What eligibility has refused is still sold until then.
    package let isPatient = false

    package init() {}

    package func take(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws -> [CloudEvent] {
        let reason = try FulfilmentService.reason(event)
        try FulfilmentTables.note(
            FulfilmentStep(type: event.type, at: event.time, reason: reason), of: event.subject, event.identity,
            in: session)
        if event.type == .eligibilityRefused {
            try FulfilmentTables.refuse(event.subject, of: event.key, reason: reason ?? "", in: session)
        }
        return []
    }

    private static func reason(_ event: CloudEvent) throws -> String? {
        let data = Data(event.data)
        do {
            switch event.type {
            case .mailSent, .mailBounced:
                let mail = try JSONDecoder().decode(MailMessage.self, from: data)
                return mail.reason ?? mail.kind
            case .eligibilityGranted, .eligibilityRefused:
                return try JSONDecoder().decode(EligibilityMessage.self, from: data).reason
            default: return nil
            }
        } catch {
            throw Unacceptable("its data is none of \(event.type.rawValue)")
        }
    }
}

/// Something that a service has said of an order.
package struct FulfilmentStep: Hashable, Sendable {
    package let type: EventType
    package let at: Timestamp
    /// Why, or which mail.
    package let reason: String?
}

/// Cancels the orders that eligibility has refused, each on the node that writes its event.
package struct FulfilmentRole: ServiceRole {
    private static let lookMilliseconds = 1_000
    private static let batchMax = 100

    package let name = "sale"
    private let desk: ServiceDesk
    private let engine: Engine
    private let logger: Logger

    /// - Parameter tables: the relay's.
    package init(_ engine: Engine, tables: any Tables, bus: any EventBus, logger: Logger) {
        self.engine = engine
        self.logger = logger
        desk = ServiceDesk(FulfilmentService(), tables: tables, bus: bus, logger: logger)
    }

    package var counts: [String: Int] { [:] }
    package var trouble: String? { desk.trouble }

    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await desk.run() }
            group.addTask { await takeBack() }
        }
    }

    private func takeBack() async {
        while !Task.isCancelled {
            let rings = desk.taken.rings
            do { try await takeBackAll() } catch {
                if Task.isCancelled { return }
                logger.warning(
                    "Orders that eligibility has refused can't be taken back yet", metadata: ["error": "\(error)"])
            }
            try? await desk.taken.wait(after: rings, atMost: .milliseconds(FulfilmentRole.lookMilliseconds))
        }
    }

    /// One that can't be taken back, or not here, keeps no other waiting.
    private func takeBackAll() async throws {
        var last = ""
        while true {
            let batch = try await desk.tables.read { [last] in
                try FulfilmentTables.refusals(after: last, limit: FulfilmentRole.batchMax, in: $0)
            }
            var settled: [String] = []
            for refused in batch where await isSettled(refused) { settled.append(refused.order) }
            if !settled.isEmpty {
                try await desk.tables.write { [settled] in try FulfilmentTables.settle(settled, in: $0) }
            }
            guard batch.count == FulfilmentRole.batchMax, let end = batch.last else { return }
            last = end.order
        }
    }

    private func isSettled(_ refused: FulfilmentTables.Refused) async -> Bool {
        do { return try await cancel(refused) } catch {
            if !Task.isCancelled {
                logger.warning(
                    "An order that eligibility has refused can't be taken back yet",
                    metadata: ["order": "\(refused.order)", "event": "\(refused.event)", "error": "\(error)"])
            }
            return false
        }
    }

    /// - Returns: whether nothing is left to do.
    private func cancel(_ refused: FulfilmentTables.Refused) async throws -> Bool {
        guard engine.isWritten(refused.event) else { return false }
        let handle: EventHandle
        do { handle = try await engine.event(refused.event) } catch EngineError.noSuchEvent { return unknown(refused) }
        guard let id = PublicID(.order, text: refused.order),
            try await engine.read(
                handle,
                { partition in
                    id.tag == partition.definition.tag && partition.sale.order(OrderID(id.serial))?.placedAt == id.at
                })
        else { return unknown(refused) }
        let note = AuditNote(actor: "eligibility", action: .ineligible, detail: refused.reason)
        do {
            _ = try await engine.apply(
                Audited(CancelOrder(OrderID(id.serial), buyer: nil, key: nil), as: note), to: handle)
        } catch let refusal as Refusal {
            // It has been taken back already, or somebody has entered with it.
            logger.notice(
                "An order that eligibility has refused stays as it is",
                metadata: ["order": "\(refused.order)", "event": "\(refused.event)", "refusal": "\(refusal)"])
        }
        return true
    }

    private func unknown(_ refused: FulfilmentTables.Refused) -> Bool {
        logger.error(
            "Eligibility has refused an order that doesn't exist",
            metadata: ["order": "\(refused.order)", "event": "\(refused.event)"])
        return true
    }
}
