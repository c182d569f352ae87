import ArgumentParser
import Foundation
import OnsaleEngine
import OnsaleStorage

/// `onsale journal`: the facts of an event, a JSON object a line.
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Print an event's facts as JSON lines, or list the events.")

    @Argument(help: "The event; left out, all events are listed.")
    var event: String?

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Option(help: "Begin with this fact.")
    var from: UInt64 = 1

    func run() throws {
        let path = Settings(typed: [.data: data]).text(.data) ?? "./onsale-data"
        guard FileManager.default.fileExists(atPath: path + "/journal.sqlite") else {
            FileHandle.complain("onsale: there is no journal in \(path)")
            throw ExitCode(2)
        }
        let journal = try SQLiteJournal(folder: path, isReadOnly: true)
        guard let event else {
            for head in try journal.heads() {
                FileHandle.say(#"{"event":"\#(head.partition)","facts":\#(head.lastSequence)}"#)
            }
            return
        }
        guard try journal.head(of: event) != nil else {
            FileHandle.complain("onsale: there is no event \(event)")
            throw ExitCode.failure
        }
        try journal.read(partition: event, from: from) { row in
            for (offset, fact) in try Fact.decode(
                payload: row.payload, plans: { try journal.document(digest: $0) }
            ).enumerated() {
                let sequence = row.sequence + UInt64(offset)
                if sequence >= from { FileHandle.say(FactPrinter.line(fact, sequence: sequence, time: row.time)) }
            }
        }
    }
}
