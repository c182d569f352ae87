import Foundation
import OnsaleEngine
import OnsaleSale
import OnsaleStorage
import OnsaleValues
import OnsaleWaitingRoom

/// A sold-out event of 100,000 seats: how much memory it takes, and how long a restart does.
enum MemoryBench {
    static func run(_ table: inout Table) async throws {
        let folder = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try sellOut(folder)
        for (name, remark) in [("from its facts", "no snapshot yet"), ("from its snapshot", "after a clean stop")] {
            let port = try Programs.freePort()
            let server = try Programs.start(
                Programs.onsale, ["serve", "--port", "\(port)", "--management-port", "0", "--data", folder],
                environment: [
                    "ONSALE_LOG_LEVEL": "critical", "ONSALE_ADMIN_TOKEN": "bench-admin-token",
                    "ONSALE_PAYMENT_URL": "sandbox",
                ])
            let ready = try Programs.waitUntilReady(port: port)
            table.add("restart to ready, \(name)", String(format: "%.2f s", ready), goal: "3 s", remark)
            // Everybody looks at once, so that whatever a reader costs is in it.
            let connection = try Connection(port: port)
            _ = try connection.exchange(.init(method: "GET", path: "/v1/events/arena/availability"))
            table.add(
                "resident, sold out, \(name)", "\(Programs.residentMegabytes(server)) MB", goal: "300 MB",
                "100,000 seats, 50,000 orders")
            Programs.stop(server)
        }
    }

    private static func sellOut(_ folder: String) throws {
        // Without its secrets the server would not open what has been sold under them.
        let secrets = try DataFolder(path: folder)
        for name in ["token.key", "barcode.key"] { _ = try secrets.secret(name, made: .always) }
        secrets.unlock()
        let journal = try SQLiteJournal(folder: folder)
        let definition = Arena.definition("arena")
        var partition = Partition(definition: definition)
        var head = JournalHead.empty("arena")
        var facts: [Fact] = [.created(definition)]
        // Passes are the line's affair; these holds are made without.
        var sale: [SaleFact] = []
        var machine = partition.sale
        for command in Arena.wholeSale() {
            command.apply(to: &machine, facts: &sale)
            if sale.count >= 500 {
                facts += sale.map(Fact.sale)
                sale.removeAll()
                try append(&facts, &head, journal)
            }
        }
        facts += sale.map(Fact.sale)
        try append(&facts, &head, journal)
        partition = try Recovery.recover("arena", from: journal).partition
        precondition(partition.sale.counts.sold == Arena.seatCount)
        try journal.close()
    }

    private static func append(_ facts: inout [Fact], _ head: inout JournalHead, _ journal: SQLiteJournal) throws {
        var writer = ByteWriter()
        Fact.encode(facts, into: &writer)
        let row = head.row(payload: writer.bytes, count: facts.count, time: Arena.start)
        journal.append([row]) { outcomes in
            guard case .committed? = outcomes.first else { preconditionFailure("the disk is full") }
        }
        head = head.advanced(by: row)
        facts.removeAll(keepingCapacity: true)
    }
}
