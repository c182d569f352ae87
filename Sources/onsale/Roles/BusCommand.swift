import ArgumentParser
import Foundation
import Logging
import OnsaleBus
import OnsaleKafka
import OnsaleTables

/// `onsale bus`: looks after the bus, whichever it is.
struct BusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bus", abstract: "See how far services are behind, and what they have given up.",
        discussion: """
            The bus is the one that onsale serve would use with the same settings: Kafka with ONSALE_KAFKA_BROKERS, \
            otherwise tables in DATABASE_URL or in the data folder. The server may be running.
            """,
        subcommands: [BusLagCommand.self, BusDeadCommand.self, BusRedriveCommand.self, BusForgetCommand.self])
}

struct BusOptions: ParsableArguments {
    @Option(help: "The URL of a PostgreSQL database (DATABASE_URL). Without it, the data folder is meant.")
    var database: String?

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    func validate() throws {
        if database != nil, data != nil { throw ValidationError("--database and --data exclude each other.") }
    }

    /// Runs `body` with the bus.
    /// - Throws: `ExitCode` after a line that says what is wrong.
    func withBus(_ body: (any EventBus) async throws -> Void) async throws {
        do {
            let bus = try open()
            do { try await body(bus) } catch {
                await bus.close()
                throw error
            }
            await bus.close()
        } catch let error as ExitCode {
            throw error
        } catch {
            FileHandle.printError("onsale: \(error)")
            throw ExitCode.failure
        }
    }

    private func open() throws -> any EventBus {
        if let kafka = try RoleSettings.kafka(ProcessInfo.processInfo.environment) {
            return try KafkaBus(kafka, logger: Logger(label: "onsale.bus"))
        }
        let settings = Settings(typed: [.databaseURL: database, .data: data])
        if data == nil, let url = settings.text(.databaseURL) {
            return TableBus(try TablePlace.database(url: url).open("bus", migrates: false))
        }
        let path = settings.text(.data) ?? "./onsale-data"
        guard FileManager.default.fileExists(atPath: path + "/services/bus.sqlite") else {
            throw SetupError("there is no bus in \(path): start onsale serve once, or name the folder with --data.")
        }
        return TableBus(try TablePlace.folder(path).open("bus", migrates: false))
    }
}

/// Who listens to what, as far as Onsale's own services go.
let listeners: [(group: String, topics: [Topic])] = [
    ("documents", [.orders]), ("mail", [.orders, .tickets]), ("webhooks", Topic.allCases), ("eligibility", [.orders]),
    ("settlement", [.orders]), ("sale", [.fulfilment, .tickets]),
]

struct BusLagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lag", abstract: "How many messages each service has still to handle.")

    @OptionGroup var options: BusOptions

    func run() async throws {
        try await options.withBus { bus in
            let lags = try await bus.lag(of: Dictionary(uniqueKeysWithValues: listeners.map { ($0.group, $0.topics) }))
            FileHandle.printLine("SERVICE      TOPIC                    BEHIND")
            for (group, topics) in listeners {
                for topic in topics.sorted() {
                    let behind = lags.filter { $0.group == group && $0.lane.topic == topic }.reduce(0) {
                        $0 + $1.messages
                    }
                    FileHandle.printLine(
                        group.padding(toLength: 13, withPad: " ", startingAt: 0)
                            + topic.rawValue.padding(toLength: 25, withPad: " ", startingAt: 0) + "\(behind)")
                }
            }
        }
    }
}

struct BusDeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "The messages that a service has given up, and why.")

    @OptionGroup var options: BusOptions

    @Option(help: "The most messages of each topic.")
    var limit = 20

    @Flag(help: "Print each message's data too. It names buyers and has barcodes.")
    var whole = false

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000.") }
    }

    func run() async throws {
        try await options.withBus { bus in
            let letters = try await bus.letters(limit: limit)
            if letters.isEmpty { FileHandle.printLine("Nothing has been given up.") }
            for letter in letters {
                let headers = Dictionary(letter.message.headers.map { ($0.name, $0.value) }) { first, _ in first }
                FileHandle.printLine(
                    ("\(letter.group) gave up \(headers["ce_type"] ?? "a message") \(headers["ce_id"] ?? "without an id")"
                        + " of \(letter.topic.rawValue): \(letter.reason)").filter(isPrintable))
                if whole {
                    FileHandle.printLine(
                        "  " + String(decoding: letter.message.data, as: UTF8.self).filter(isPrintable))
                }
            }
        }
    }
}

/// What comes from the bus must not send escape codes to a terminal.
private func isPrintable(_ character: Character) -> Bool {
    character.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
}

struct BusRedriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Publish the messages that were given up once more; services that have handled them pass them over.")

    @OptionGroup var options: BusOptions

    @Option(help: "The most messages of each topic, the oldest first.")
    var limit = 1_000

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000.") }
    }

    func run() async throws {
        try await options.withBus { bus in
            let count = try await bus.redrive(limit: limit)
            FileHandle.printLine(count == 0 ? "Nothing has been given up." : "\(count) published once more.")
        }
    }
}

struct BusForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Keep no more messages for a service that won't run again.",
        discussion: """
            Messages are kept for three days, and until each service that has ever run has handled them: one that has been \
            switched off for good makes the bus grow. Should it run again, it begins with the oldest message that is \
            left, and misses those that are gone. Kafka's brokers keep what their own retention says.
            """)

    @OptionGroup var options: BusOptions

    @Argument(help: ArgumentHelp("documents, mail, webhooks, eligibility or settlement.", valueName: "service"))
    var service: String

    func validate() throws {
        guard let role = RoleName(rawValue: service), RoleName.services.contains(role) else {
            throw ValidationError(
                "“\(service)” is no service: they are documents, mail, webhooks, eligibility, settlement.")
        }
    }

    func run() async throws {
        try await options.withBus { bus in
            guard let bus = bus as? TableBus else {
                throw SetupError("the bus is Kafka, whose brokers forget by themselves.")
            }
            let wasThere = try await bus.forget(service)
            FileHandle.printLine(
                wasThere ? "Nothing is kept for \(service) any more." : "\(service) has never run here.")
        }
    }
}
