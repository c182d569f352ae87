import Foundation
import Logging
import OnsaleBus
import OnsaleMail
import OnsaleSchema
import OnsaleTables
import OnsaleValues
import Servers
import Synchronization
import Testing

/// What is around the mail service in a test: a bus, contacts, documents, and a transport that does as it is told.
final class MailWorld: Sendable {
    let bus: TableBus
    let contacts = TestContacts()
    let files = TestFiles()
    let transport = TestTransport()
    private let folder: TemporaryFolder
    private let said = Mutex<[CloudEvent]>([])
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        folder = try TemporaryFolder()
        bus = TableBus(
            try SQLiteTables(
                path: folder.path + "/bus.sqlite", name: "bus", migrations: OnsaleSchema.migrations(ofService: "bus")))
    }

    /// What the service has said.
    var events: [CloudEvent] { said.withLock { $0 } }

    func role(on tables: any Tables, change: (inout MailRole.Configuration) throws -> Void = { _ in }) throws
        -> MailRole
    {
        try role(on: tables, transport: { [transport] in transport }, change: change)
    }

    func role(
        on tables: any Tables, transport: (@Sendable () throws -> any MailTransport)?,
        change: (inout MailRole.Configuration) throws -> Void = { _ in }
    ) throws -> MailRole {
        var configuration = MailRole.Configuration(
            author: MailAuthor(from: try #require(MailAddressee("온세일 <no-reply@onsale.example>"))) { event, order in
                WebLink("https://onsale.example/orders/\(event)/\(order)")
            })
        configuration.queueLimits.missingSeconds = 1
        try change(&configuration)
        return MailRole(
            tables: tables, contacts: contacts, attachments: files, bus: bus, configuration: configuration,
            logger: MailWorld.logger, transport: transport)
    }

    /// Runs roles, and notes what they say, as long as `body` runs.
    func running<Value: Sendable>(_ roles: MailRole..., body: () async throws -> Value) async throws -> Value {
        let tasks = roles.map { role in Task { await role.run() } }
        let consumer = Consumer("test", of: [.fulfilment], on: bus, handler: Ear(world: self), logger: MailWorld.logger)
        let ear = Task { await consumer.run() }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        for task in tasks + [ear] { task.cancel() }
        for task in tasks + [ear] { await task.value }
        return try result.get()
    }

    private struct Ear: EventHandler {
        let world: MailWorld

        func check() async throws {}

        func handle(_ events: [CloudEvent]) async throws {
            world.said.withLock { said in
                for event in events where !said.contains(where: { $0.identity == event.identity }) {
                    said.append(event)
                }
            }
        }
    }

    // MARK: What the sale says

    func order(
        _ name: String, buyer: BuyerID = fan, amount: Int64 = 396_000, refunded: Int64 = 0, reason: String? = nil
    ) -> OrderMessage {
        OrderMessage(
            event: OnsaleEvent(
                id: "evt_1", title: "봄 콘서트", venue: "고척스카이돔", startsAt: "2027-03-01T10:00:00.000Z", currency: "KRW",
                timeZone: "Asia/Seoul"),
            order: name, buyer: buyer.text, amount: amount, refundedAmount: refunded,
            placedAt: "2027-01-01T10:00:00.000Z", lines: [.init(category: "R석", unitAmount: 198_000, quantity: 2)],
            tickets: [.init(ticket: "tkt_1", seat: "A-1-2", category: "R석", barcode: "DOOR-SECRET")],
            payment: "pi_SECRET", proof: "PROOF-SECRET", reason: reason)
    }

    func event(_ type: EventType, _ sequence: Int, _ data: some Encodable, order: String) throws -> CloudEvent {
        CloudEvent(
            id: "evt_1/\(sequence)", type: type, subject: order, time: Timestamp(milliseconds: 1_800_000_000_000),
            key: "evt_1", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            data: Array(try JSONEncoder().encode(data)))
    }

    func event(_ type: EventType, _ sequence: Int, _ order: OrderMessage) throws -> CloudEvent {
        try event(type, sequence, order, order: order.order)
    }

    /// Tickets of an order, whose file is there unless it is said otherwise.
    func issued(_ sequence: Int, _ order: OrderMessage, hasFile: Bool = true) throws -> CloudEvent {
        let file = try MailAttachment(
            name: order.order + ".pdf", contentType: "application/pdf", bytes: Array("%PDF \(order.order)".utf8))
        if hasFile { files.put(file) }
        let document = TicketsIssued.Document(
            name: file.name, contentType: file.contentType, sha256: TestFiles.digest(file.bytes),
            bytes: file.bytes.count)
        return try event(
            .ticketsIssued, sequence, TicketsIssued(order: order, documents: [document]), order: order.order)
    }
}

let fan = BuyerID(high: 1, low: 2)
let stranger = BuyerID(high: 3, low: 4)

/// Waits until something is so.
func eventually(
    _ what: String, within seconds: Int = 30, at place: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "never: \(what)", sourceLocation: place)
        try await Task.sleep(for: .milliseconds(20))
    }
}
