import ArgumentParser
import Foundation
import OnsaleEngine
import OnsaleHTTP
import OnsaleHistory
import OnsaleTables
import OnsaleValues

/// `onsale explain`: the story of one order, hold, ticket or buyer, from the journal, in words.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what became of an order, a hold, a ticket or a buyer.",
        discussion: """
            Requests that were refused changed nothing, so no story has them: look for the buyer in the log instead.
            Exits with 1 if there is no such thing, or 2 if that is no ID. A running server is not disturbed.
            """)

    @Argument(help: "ord_…, hld_…, tkt_…, byr_…, or the address with which a buyer signed in.")
    var id: String

    @Option(help: "The event. Without it, all events are searched.")
    var event: String?

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Option(help: "The database that nodes share (DATABASE_URL).")
    var database: String?

    @Flag(help: "Print the steps as JSON: a line for each event.")
    var json = false

    func run() async throws {
        let store = try ReadStore(data: data, database: database)
        guard let wanted = try ExplainedID(id) ?? buyer(in: store) else {
            throw failure("“\(Terminal.plain(id))” is no ord_…, hld_…, tkt_… or byr_…, and no e-mail address", 2)
        }
        let journal = store.journal
        if let event, try journal.head(of: event) == nil {
            throw failure("there is no event \(event) in the journal", 1)
        }
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let found = try await withFulfilment(Explainer(journal: journal, now: now).explain(wanted, in: event), store)
        guard !found.isEmpty else {
            throw failure(
                "nothing in \(event.map { "event \($0)" } ?? "the journal") is known of \(Terminal.plain(id))"
                    + (wanted.caveat.map { ". \($0)" } ?? ""), 1)
        }
        for (index, explanation) in found.enumerated() {
            if json {
                FileHandle.printLine(StoryPrinter.json(explanation))
            } else {
                if index > 0 { FileHandle.printLine("") }
                for line in StoryPrinter.lines(explanation) { FileHandle.printLine(line) }
            }
        }
        if !json, let caveat = wanted.caveat {
            for line in [""] + Terminal.wrap(caveat, width: Terminal.columns) { FileHandle.printLine(line) }
        }
    }

    /// With what services have said of the order that is asked for, where their tables are here.
    private func withFulfilment(_ found: [Explanation], _ store: ReadStore) async -> [Explanation] {
        guard PublicID(.order, text: id) != nil, found.count == 1, let place = store.place,
            let tables = try? place.open("relay", migrates: false)
        else { return found }
        let steps = (try? await FulfilmentNotes(tables: tables).steps(of: id)) ?? []
        await tables.close()
        return found.map { $0.adding(steps) }
    }

    /// The buyer behind an address; nil if it is none. It takes a secret, which only its owner can read.
    private func buyer(in store: ReadStore) throws -> ExplainedID? {
        guard id.contains("@") else { return nil }
        guard let secret = store.tokenSecret else {
            let place = store.folder.map { $0 + "/token.key" } ?? "the database's token-key"
            throw failure("\(place) cannot be read, and buyers are found by it. Give the byr_… instead", 1)
        }
        return BuyerID(address: id, tokenSecret: secret).map { .buyer($0) }
    }

    private func failure(_ reason: String, _ code: Int32) -> ExitCode {
        FileHandle.printError("onsale: \(reason)")
        return ExitCode(code)
    }
}

/// Text for a terminal.
enum Terminal {
    static let columns = 100

    /// Without control characters, which a terminal would obey; some of the text comes from outside.
    static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.properties.generalCategory != .control }))
    }

    /// Breaks text at spaces into lines of at most `width` characters. A longer word has a line of its own.
    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in plain(text).split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + (line.isEmpty ? [] : [line])
    }
}

/// Lays out a story: a heading, then a line for each step with the time (UTC), the time since the step before, and what
/// happened.
enum StoryPrinter {
    private static let indent = 25

    static func lines(_ explanation: Explanation) -> [String] {
        var lines = Terminal.wrap(explanation.heading, width: Terminal.columns)
        var before: Timestamp?
        for step in explanation.steps {
            let text = UTC.text(step.at)
            if before.map({ UTC.text($0).prefix(10) != text.prefix(10) }) ?? true {
                lines += ["", text.prefix(10) + " UTC"]
            }
            let elapsed = before.map { self.elapsed(from: $0, to: step.at) } ?? ""
            let margin =
                time(text, step.at) + String(repeating: " ", count: max(1, 11 - elapsed.count)) + elapsed + "  "
            let words = Terminal.wrap("\(step.what). \(step.detail)", width: Terminal.columns - indent)
            for (index, line) in words.enumerated() {
                lines.append((index == 0 ? margin : String(repeating: " ", count: indent)) + line)
            }
            before = step.at
        }
        return lines
    }

    private static func time(_ text: String, _ moment: Timestamp) -> String {
        let milliseconds = String(1000 + (moment.milliseconds % 1000 + 1000) % 1000).dropFirst()
        return text.dropFirst(11) + "." + milliseconds
    }

    /// `+0.3 s`, `+2m 10s`, `+3h 5m`, `+2d 4h`.
    static func elapsed(from: Timestamp, to: Timestamp) -> String {
        let tenths = max(0, to.milliseconds - from.milliseconds) / 100
        let seconds = tenths / 10
        return switch seconds {
        case ..<60: "+\(seconds).\(tenths % 10) s"
        case ..<3600: "+\(seconds / 60)m \(seconds % 60)s"
        case ..<86_400: "+\(seconds / 3600)h \(seconds / 60 % 60)m"
        default: "+\(seconds / 86_400)d \(seconds / 3600 % 24)h"
        }
    }

    /// The steps as the server's `…/story` gives them, with the event.
    static func json(_ explanation: Explanation) -> String {
        let steps = explanation.steps.map { step in
            let at = UTC.text(step.at)
            let moment = "\(at.prefix(10))T\(time(at, step.at))Z"
            return #"{"at":"\#(moment)","what":\#(quoted(step.what)),"detail":\#(quoted(step.detail))}"#
        }
        return #"{"event":\#(quoted(explanation.event)),"steps":[\#(steps.joined(separator: ","))]}"#
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
