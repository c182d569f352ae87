import Foundation

/// What most ticket shops do, by pgbench: `postgres/booking.sql`.
struct Booking {
    private let url: String
    /// A number rather than a time, whose alarm pgbench would not hear: threads of Dispatch block signals.
    private static let holds = 8_192
    /// With so many clients at once it is fastest here.
    let bestClients: Int

    /// Fills the database, and looks for the best number of clients.
    init(_ url: String) throws {
        self.url = url
        _ = try Booking.output(
            "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "postgres/booking-schema.sql"])
        let rates = try [4, 8, 16, 32].map { clients in
            (clients, try Booking.holdsPerSecond(url, clients: clients))
        }
        bestClients = rates.max { $0.1 < $1.1 }?.0 ?? 32
    }

    func holdsPerSecond(clients: Int) throws -> Double {
        try Booking.holdsPerSecond(url, clients: clients)
    }

    private static func holdsPerSecond(_ url: String, clients: Int) throws -> Double {
        let report = try output(
            "pgbench",
            [
                "-n", "-M", "prepared", "-D", "seats=40000", "-f", "postgres/booking.sql", "-c", "\(clients)", "-j",
                "2",
                "-t", "\(holds / clients)", url,
            ])
        let line = report.split(separator: "\n").first { $0.hasPrefix("tps = ") } ?? ""
        guard let rate = line.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }), rate > 0 else {
            throw Failure("pgbench told no rate")
        }
        return rate
    }

    private static func output(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure("\(program) failed") }
        return String(decoding: text, as: UTF8.self)
    }
}
