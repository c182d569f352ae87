import ArgumentParser
import Foundation
import OnsaleEngine

/// `onsale journal`: an event's facts, one JSON object per line.
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Print an event's facts as JSON lines, or list the events.")

    @Argument(help: "The event. Without it, all events are listed.")
    var event: String?

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Option(help: "The fact to begin with.")
    var from: UInt64 = 1

    @Option(help: "The database that nodes share (DATABASE_URL).")
    var database: String?

    func run() throws {
        let journal = try ReadStore(data: data, database: database).journal
        guard let event else {
            for head in try journal.heads() {
                FileHandle.printLine(#"{"event":"\#(head.partition)","facts":\#(head.lastSequence)}"#)
            }
            return
        }
        guard try journal.head(of: event) != nil else {
            FileHandle.printError("onsale: there is no event \(event) in the journal")
            throw ExitCode.failure
        }
        try journal.read(partition: event, from: from) { row in
            for (offset, fact) in try Fact.decode(
                payload: row.payload, plans: { try journal.document(digest: $0) }
            ).enumerated() {
                let sequence = row.sequence + UInt64(offset)
                if sequence >= from { FileHandle.printLine(FactPrinter.line(fact, sequence: sequence, time: row.time)) }
            }
        }
    }
}
