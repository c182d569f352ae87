import ArgumentParser
import Foundation
import Logging
import OnsaleEngine
import OnsalePostgres
import OnsaleStorage

/// Where a tool reads: the database of several nodes, or a data folder. A running server is not disturbed.
struct ReadStore {
    let journal: any EventStore
    /// The data folder; nil for a database.
    let folder: String?
    /// Where services have their tables; nil where none are.
    let place: TablePlace?
    private let secrets: PostgresSecrets?

    /// - Throws: `ExitCode` 2, after saying why there is nothing to read.
    init(data: String?, database: String?) throws {
        let settings = Settings(typed: [.data: data, .databaseURL: database])
        if data == nil, let url = settings.text(.databaseURL) {
            do {
                var quiet = Logger(label: "onsale")
                quiet.logLevel = .error
                let postgres = try PostgresJournal(
                    PostgresConfiguration(url: url, name: "onsale tool"), writers: 0, logger: quiet)
                journal = postgres
                secrets = postgres.secrets
                folder = nil
                place = .database(url: url)
                // The tables must be there, or each question would fail in its own words.
                _ = try postgres.latestTime()
            } catch {
                FileHandle.printError("onsale: \(error)")
                throw ExitCode(2)
            }
            return
        }
        let path = settings.text(.data) ?? "./onsale-data"
        guard FileManager.default.fileExists(atPath: path + "/journal.sqlite") else {
            FileHandle.printError("onsale: there is no journal in \(path)")
            throw ExitCode(2)
        }
        journal = try SQLiteJournal(folder: path, isReadOnly: true)
        folder = path
        let hasServices = FileManager.default.fileExists(atPath: path + "/services/relay.sqlite")
        place = hasServices ? .folder(path) : nil
        secrets = nil
    }

    /// The key by which buyers are found; nil if it can't be read.
    var tokenSecret: String? {
        if let secrets {
            return (try? secrets.secret("token-key")).flatMap { String(validating: $0, as: UTF8.self) }
        }
        return folder.flatMap { try? String(contentsOfFile: $0 + "/token.key", encoding: .utf8) }
            .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    }
}
