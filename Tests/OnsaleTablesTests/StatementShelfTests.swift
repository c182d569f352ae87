import GRDB
import Testing

@testable import OnsaleTables

@Suite struct StatementShelfTests {
    @Test("Statements that never come again are let go, and those that do are kept")
    func bounded() throws {
        let queue = try DatabaseQueue()
        let shelf = StatementShelf()
        try queue.write { database in
            let session = SQLiteSession(database, statements: shelf)
            let kept = try shelf.statement("SELECT $1", in: database)
            for number in 0..<1_000 {
                #expect(try session.rows("SELECT \(number), $1", ["a"]) == [["\(number)", "a"]])
                #expect(try session.rows("SELECT $1", ["b"]) == [["b"]])
            }
            #expect(shelf.count <= 128)
            #expect(try shelf.statement("SELECT $1", in: database) === kept)
            #expect(throws: (any Error).self) { try session.rows("SELEC", []) }
        }
        shelf.empty()
        try queue.close()
    }
}
