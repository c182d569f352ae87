import CPostgres
import OnsaleMigrations

/// A connection of the tests' own through plain libpq, so that the history is looked at by somebody else too.
final class LibpqSession: SQLSession {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let connection: OpaquePointer

    init(_ url: String) throws {
        guard let connection = PQconnectdb(url) else { throw Failure(description: "out of memory") }
        guard PQstatus(connection) == CONNECTION_OK else {
            defer { PQfinish(connection) }
            throw Failure(description: String(cString: PQerrorMessage(connection)))
        }
        self.connection = connection
        try execute("SET client_min_messages = warning")
    }

    deinit {
        PQfinish(connection)
    }

    func execute(_ sql: String) throws {
        _ = try LibpqSession.read(PQexec(connection, sql), connection)
    }

    func rows(_ sql: String, _ parameters: [String?]) throws -> [[String?]] {
        // Each text ends in a zero, and a NULL is a pointer to nowhere.
        let texts = parameters.map { $0.map { Array($0.utf8CString) } }
        let bytes = texts.flatMap { $0 ?? [] }
        return try bytes.withUnsafeBufferPointer { buffer in
            var offset = 0
            let pointers = texts.map { text -> UnsafePointer<CChar>? in
                guard let text else { return nil }
                defer { offset += text.count }
                return buffer.baseAddress?.advanced(by: offset)
            }
            return try LibpqSession.read(
                PQexecParams(connection, sql, Int32(parameters.count), nil, pointers, nil, nil, 0), connection)
        }
    }

    private static func read(_ result: OpaquePointer?, _ connection: OpaquePointer) throws -> [[String?]] {
        defer { PQclear(result) }
        guard [PGRES_TUPLES_OK, PGRES_COMMAND_OK].contains(PQresultStatus(result)) else {
            throw Failure(description: String(cString: PQerrorMessage(connection)))
        }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
                    return nil
                }
                return String(cString: value)
            }
        }
    }
}
