package import Logging
package import OnsaleBus
package import OnsaleTables
package import OnsaleValues

/// The mail service: queues what the bus tells buyers about, and sends it.
package final class MailRole: ServiceRole {
    /// What the operator decides.
    package struct Configuration: Sendable {
        package var author: MailAuthor
        /// Nil for none: mails are kept, and shown by ``MailRole/newest(limit:)`` and ``MailRole/mail(_:)``.
        package var server: SMTPConfiguration?
        package var smtpLimits: SMTPLimits
        package var queueLimits: MailQueueLimits
        /// Of mails that are shown and weren't sent.
        package var language = MailLanguage.korean
        /// How long a process has what it takes to itself; what a crash leaves behind waits so long.
        package var leaseSeconds = 30
        /// How long mails that have ended are kept: longer than any message of the bus can come again.
        package var keptSeconds = 90 * 86_400

        package init(author: MailAuthor, server: SMTPConfiguration? = nil) {
            self.author = author
            self.server = server
            smtpLimits = SMTPLimits()
            queueLimits = MailQueueLimits()
            smtpLimits.connectionsMax = 8
            // More than there are connections: a mail that was handed over is settled in a commit, and until that has
            // come no other takes its place.
            queueLimits.underWayMax = 64
            smtpLimits.mailsMax = queueLimits.underWayMax
            queueLimits.mailsMax = 4 * queueLimits.underWayMax
        }
    }

    /// How often to count, in seconds.
    private static let lookSeconds = 2
    private static let removedMax = 1_000
    private static let removeSeconds = 600
    private static let shownMax = 1_000

    package let name = "mail"
    private let service: MailService
    private let desk: ServiceDesk
    private let tables: any Tables
    private let configuration: Configuration
    private let contacts: any Contacts
    private let attachments: any Attachments
    private let makeTransport: @Sendable () throws -> any MailTransport
    private let logger: Logger
    private let status = MailStatus()
    private let bell = Doorbell()

    /// - Parameters:
    ///   - tables: of its own, with `db/services/mail`.
    ///   - transport: makes what hands the mails over, in place of what the configuration says.
    package init(
        tables: any Tables, contacts: any Contacts, attachments: any Attachments, bus: any EventBus,
        configuration: Configuration, logger: Logger, transport: (@Sendable () throws -> any MailTransport)? = nil
    ) {
        service = MailService(from: configuration.author.from.address)
        desk = ServiceDesk(service, tables: tables, bus: bus, logger: logger)
        self.tables = tables
        self.configuration = configuration
        self.contacts = contacts
        self.attachments = attachments
        self.logger = logger
        makeTransport =
            transport ?? {
                guard let server = configuration.server else { return KeptMails() }
                return try SMTPTransport(server, limits: configuration.smtpLimits)
            }
    }

    package var counts: [String: Int] { status.counts }

    package var trouble: String? { desk.trouble ?? status.trouble }

    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [desk] in await desk.run() }
            group.addTask { await self.send() }
            group.addTask { await self.forward() }
            group.addTask { await self.look() }
            group.addTask { await self.remove() }
        }
    }

    private func send() async {
        do {
            let attempt = MailAttempt(
                contacts: contacts, attachments: attachments, transport: try makeTransport(),
                author: configuration.author)
            status.start(nil)
            await MailWorker(
                tables: tables, attempt: attempt, limits: configuration.queueLimits,
                leaseSeconds: configuration.leaseSeconds, status: status, bell: bell, outbox: desk.outbox,
                logger: logger
            ).run()
        } catch {
            status.start("\(error)")
            logger.error("No mail can be sent", metadata: ["error": "\(error)"])
        }
    }

    /// Wakes the worker when the service has taken something in.
    private func forward() async {
        while !Task.isCancelled {
            let rings = desk.taken.rings
            bell.ring()
            try? await desk.taken.wait(after: rings, atMost: .seconds(MailRole.lookSeconds))
        }
    }

    private func look() async {
        while !Task.isCancelled {
            do { try await status.look(at: tables) } catch {
                if !Task.isCancelled { status.tables("\(error)") }
            }
            try? await Task.sleep(for: .seconds(MailRole.lookSeconds))
        }
    }

    private func remove() async {
        let kept = Int64(configuration.keptSeconds) * 1000
        while !Task.isCancelled {
            let mayBeMore = try? await tables.write { [tables] session in
                let moment = Timestamp(milliseconds: try tables.now(in: session) - kept)
                return try MailStore.remove(endedBefore: moment, limit: MailRole.removedMax, in: session)
            }
            if mayBeMore != true { try? await Task.sleep(for: .seconds(MailRole.removeSeconds)) }
        }
    }

    // MARK: For others in the program

    /// Sends a code to sign in with, ahead of all other mails. It is tried for as long as the code lives, ten minutes, and
    /// kept no longer; where it was sent, no longer than until then.
    /// - Parameter buyer: whose address the contacts have.
    /// - Throws: ``TablesError``, errors of the session.
    package func signIn(_ code: String, link: WebLink?, to buyer: BuyerID) async throws {
        try await tables.write { [service, tables] session in
            let now = Timestamp(milliseconds: try tables.now(in: session))
            try service.signIn(code, link: link, to: buyer, at: now, in: session)
        }
        bell.ring()
    }

    /// Under whom the contacts have the organizer's address: no buyer's id.
    package static let organizer = BuyerID(high: 0, low: 1)

    /// Tells the organizer, whose address the contacts have, that an endpoint of webhooks was switched off; once a day for
    /// the same one.
    /// - Throws: ``TablesError``, errors of the session.
    package func endpointOff(_ off: EndpointOff) async throws {
        try await tables.write { [service, tables] session in
            let now = Timestamp(milliseconds: try tables.now(in: session))
            try service.endpointOff(off, to: MailRole.organizer, at: now, in: session)
        }
        bell.ring()
    }

    /// The newest mails, with their subjects.
    /// - Throws: ``TablesError``, errors of the session.
    package func newest(limit: Int) async throws -> [ShownMail] {
        let limit = min(limit, MailRole.shownMax)
        return try await tables.read { try MailStore.newest(limit: limit, in: $0) }.map { shown($0, isWhole: false) }
    }

    /// A mail with all that it says; nil if there is none of that ID.
    /// - Throws: ``TablesError``, errors of the session.
    package func mail(_ id: String) async throws -> ShownMail? {
        guard !id.utf8.contains(0) else { return nil }
        return try await tables.read { try MailStore.mail(id, in: $0) }.map { shown($0, isWhole: true) }
    }

    /// The mails of a buyer, the oldest first, for whoever asks what is held about them.
    /// - Throws: ``TablesError``, errors of the session.
    package func mails(of buyer: BuyerID, limit: Int) async throws -> [ShownMail] {
        let limit = min(limit, MailRole.shownMax)
        return try await tables.read { try MailStore.mails(of: buyer, limit: limit, in: $0) }
            .map { shown($0, isWhole: false) }
    }

    private func shown(_ mail: MailStore.Standing, isWhole: Bool) -> ShownMail {
        ShownMail(
            mail, by: configuration.author, language: configuration.language, isKept: configuration.server == nil,
            isWhole: isWhole)
    }
}
