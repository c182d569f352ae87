import Dispatch
package import Logging
package import OnsaleBus
import OnsaleMigrations
package import OnsaleTables
import Synchronization

/// Makes the files of confirmed orders, says so, and has them for whoever asks.
package final class DocumentsRole: ServiceRole {
    /// How many orders are taken at a time.
    private static let batchMax = 32
    private static let lookMilliseconds = 1_000
    private static let countMilliseconds = 2_000

    package let name = "documents"
    private let desk: ServiceDesk
    private let presses: [Press]
    private let logger: Logger
    private let figures = Mutex((counts: [String: Int](), trouble: String?.none))

    /// - Parameters:
    ///   - tables: of its own, with `db/services/documents`.
    ///   - threads: how many make files.
    package init(tables: any Tables, bus: any EventBus, threads: Int = 2, logger: Logger) {
        self.logger = logger
        desk = ServiceDesk(DocumentsService(), tables: tables, bus: bus, logger: logger)
        let notice = FontNotice(logger)
        presses = (0..<max(1, threads)).map { Press(number: $0, notice: notice) }
    }

    package var counts: [String: Int] { figures.withLock { $0.counts } }
    package var trouble: String? { figures.withLock { $0.trouble } }

    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in await desk.run() }
            group.addTask { [self] in await makeFiles() }
            group.addTask { [self] in await count() }
        }
    }

    /// A file by its name, and whether its tickets still let somebody in. Drawings are made when they are asked for.
    /// - Returns: nil if there is none of this name.
    /// - Throws: ``DamagedDocument``, errors of the tables.
    package func file(named name: String) async throws -> (file: TicketFile, isVoid: Bool)? {
        // `ord_….pdf`, `ord_….ics`, `ord_…-2.svg`
        guard name.utf8.count <= 128, let order = name.split(whereSeparator: { $0 == "." || $0 == "-" }).first else {
            return nil
        }
        let (kept, entry) = try await desk.tables.read { session in
            (try DocumentTables.file(name, in: session)?.file, try DocumentTables.entry(String(order), in: session))
        }
        guard let entry else { return nil }
        if let kept { return (kept, entry.state == .void) }
        guard name.hasSuffix(".svg"), entry.state == .issued || entry.state == .void else { return nil }
        let drawing = try await presses[0].make { renderer in
            let message = try DocumentsService.message(entry.cause)
            return try renderer.drawings(of: message, in: DocumentsRole.language(of: message)).first { $0.name == name }
        }
        return drawing.map { ($0, entry.state == .void) }
    }

    /// The venue's, as far as it is known.
    static func language(of message: OrderMessage) -> DocumentLanguage {
        message.event.timeZone == "Asia/Seoul" || message.event.currency == "KRW" ? .korean : .english
    }

    // MARK: Making files

    private func makeFiles() async {
        while !Task.isCancelled {
            let rings = desk.taken.rings
            do {
                let tables = desk.tables
                let entries = try await tables.write { session in
                    try DocumentTables.take(
                        limit: DocumentsRole.batchMax, at: tables.now(in: session), in: session)
                }
                try await issue(entries)
                figures.withLock { $0.trouble = nil }
                if entries.count < DocumentsRole.batchMax {
                    try await desk.taken.wait(after: rings, atMost: .milliseconds(DocumentsRole.lookMilliseconds))
                }
            } catch {
                if Task.isCancelled { return }
                figures.withLock { $0.trouble = "Tickets' files can't be made: \(error)" }
                logger.warning("Tickets' files can't be made; they stay due", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .milliseconds(DocumentsRole.lookMilliseconds))
            }
        }
    }

    private enum Made: Sendable {
        case files([TicketFile])
        case unprintable(String)
    }

    private func issue(_ entries: [DocumentTables.Entry]) async throws {
        if entries.isEmpty { return }
        let made = try await withThrowingTaskGroup(of: (Int, Made).self) { group in
            for (index, entry) in entries.enumerated() {
                let press = presses[index % presses.count]
                group.addTask { (index, try await DocumentsRole.files(of: entry, by: press)) }
            }
            return try await group.reduce(into: [Int: Made]()) { $0[$1.0] = $1.1 }
        }
        try await desk.tables.write { session in
            for (index, entry) in entries.enumerated() {
                switch made[index] {
                case .files(let files)?:
                    // It may have been taken back meanwhile.
                    guard try DocumentTables.move(entry, to: .issued, in: session) else { continue }
                    try DocumentTables.keep(files, of: entry.order, in: session)
                    let issued = TicketsIssued(
                        order: try DocumentsService.message(entry.cause), documents: files.map(\.document))
                    try Outbox.add(try entry.cause.follow(.ticketsIssued, issued), in: session)
                case .unprintable(let reason)?:
                    _ = try DocumentTables.move(entry, to: .unprintable, reason: reason, in: session)
                case nil: continue
                }
            }
        }
        desk.outbox.ring()
        for (index, entry) in entries.enumerated() {
            guard case .unprintable(let reason)? = made[index] else { continue }
            logger.error(
                "An order has no tickets to print", metadata: ["order": "\(entry.order)", "reason": "\(reason)"])
        }
    }

    private static func files(of entry: DocumentTables.Entry, by press: Press) async throws -> Made {
        do {
            return .files(
                try await press.make { renderer in
                    let message = try DocumentsService.message(entry.cause)
                    return try renderer.paper(of: message, in: language(of: message))
                })
        } catch let error as UnprintableOrder {
            return .unprintable("\(error)")
        } catch let error as Unacceptable {
            return .unprintable("\(error)")
        } catch let error as RenderingFailure {
            return .unprintable("\(error)")
        }
    }

    private func count() async {
        while !Task.isCancelled {
            if let counts = try? await desk.tables.read({ try DocumentTables.counts(in: $0) }) {
                figures.withLock { $0.counts = counts }
            }
            try? await Task.sleep(for: .milliseconds(DocumentsRole.countMilliseconds))
        }
    }
}

/// A renderer with a thread of its own.
// Unchecked: the renderer is made and used on the queue alone.
private final class Press: @unchecked Sendable {
    private let queue: DispatchQueue
    private let notice: FontNotice
    private var renderer: TicketRenderer?

    init(number: Int, notice: FontNotice) {
        queue = DispatchQueue(label: "onsale.documents.\(number)", qos: .utility)
        self.notice = notice
    }

    func make<Value: Sendable>(_ body: @escaping @Sendable (TicketRenderer) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                let renderer = renderer ?? TicketRenderer(notice: notice)
                self.renderer = renderer
                continuation.resume(with: Result { try body(renderer) })
            }
        }
    }
}
