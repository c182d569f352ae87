import OnsaleBus
import OnsaleDocuments
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import TestTables
import Testing

@Suite(.timeLimit(.minutes(5))) struct DocumentStoreTests {
    private let files = [
        RenderedFile(name: "ord_a.pdf", contentType: "application/pdf", bytes: (0...255).map { $0 }),
        RenderedFile(name: "ord_a.ics", contentType: "text/calendar; charset=utf-8", bytes: []),
    ]

    private func withSession(
        _ kind: TablesKind = .sqlite, _ body: @escaping @Sendable (any SQLSession) throws -> Void
    ) async throws {
        try await withTables(kind) { open in
            let tables = try open()
            try await tables.write(body)
            await tables.close()
        }
    }

    private func confirmation(_ order: String, _ cause: String) -> OrderStore.Confirmation {
        OrderStore.Confirmation(cause: cause, event: "e", traceparent: nil, order: order, message: "{}")
    }

    private func counts(_ session: any SQLSession) throws -> [Int] {
        let counts = try OrderStore.counts(in: session)
        return [counts.due, counts.void, counts.unprintable]
    }

    @Test(
        "What is saved comes back byte for byte, in parts or whole, and takes the place of what was",
        arguments: TablesKind.allCases)
    func roundTrip(kind: TablesKind) async throws {
        let message = order()
        let rendered = try renderer().files(of: message, in: .korean)
        try await withSession(kind) { session in
            try DocumentStore.save(files, order: "ord_a", in: session)
            try DocumentStore.save(rendered, order: message.order, in: session)
            #expect(rendered[0].shared != nil)
            for file in files + rendered {
                let kept = try DocumentStore.file(named: file.name, parts: SharedParts(), in: session)
                #expect(kept == file.file && kept?.sha256 == file.sha256 && kept?.bytes.count == file.byteCount)
            }
            #expect(try DocumentStore.file(named: "ord_b.pdf", parts: SharedParts(), in: session) == nil)
            #expect(try DocumentStore.count(in: session) == 4)
            let other = RenderedFile(name: "ord_a.pdf", contentType: "application/pdf", bytes: [1])
            try DocumentStore.save([other], order: "ord_a", in: session)
            #expect(try DocumentStore.file(named: "ord_a.pdf", parts: SharedParts(), in: session) == other.file)
            #expect(try DocumentStore.file(named: "ord_a.ics", parts: SharedParts(), in: session) == nil)
            #expect(try DocumentStore.count(in: session) == 3)
        }
    }

    @Test(
        "A file that somebody changed in the database is not handed out",
        arguments: ["AAAA", "", "not base 64!", "AB"])
    func damage(content: String) async throws {
        let rendered = try renderer().files(of: order(), in: .korean)[0]
        try await withSession { session in
            try DocumentStore.save(files, order: "ord_a", in: session)
            try DocumentStore.save([rendered], order: order().order, in: session)
            _ = try session.rows("UPDATE ticket_file SET content = $1 WHERE name = 'ord_a.pdf'", [content])
            _ = try session.rows("UPDATE shared_part SET content = $1", [content])
            for name in ["ord_a.pdf", rendered.name] {
                #expect(throws: DamagedDocument(name: name)) {
                    try DocumentStore.file(named: name, parts: SharedParts(), in: session)
                }
            }
        }
    }

    @Test(
        "An order belongs to the process that took it until its lease ends; those that ended it alone come apart",
        arguments: TablesKind.allCases)
    func leases(kind: TablesKind) async throws {
        try await withSession(kind) { session in
            for (index, name) in ["ord_a", "ord_b", "ord_c"].enumerated() {
                try OrderStore.confirm(
                    confirmation(name, "e/1"), sequence: 1, at: Int64(index), in: session)
            }
            func take(_ limit: Int, at now: Int64, attempts: Range<Int> = 0..<3) throws -> Set<String> {
                Set(
                    try OrderStore.take(limit, attempts: attempts, lease: 100, at: now, in: session).map {
                        $0.confirmation.order
                    })
            }
            #expect(try take(2, at: 10) == ["ord_a", "ord_b"])
            #expect(try take(2, at: 10) == ["ord_c"])
            #expect(try take(9, at: 109) == [])
            #expect(try take(9, at: 110) == ["ord_a", "ord_b", "ord_c"])
            try OrderStore.postpone(confirmation("ord_a", "e/1"), until: 500, in: session)
            #expect(try take(9, at: 300) == ["ord_b", "ord_c"])
            #expect(try take(9, at: 500) == ["ord_a"])
            #expect(try take(9, at: 900) == [])
            #expect(try take(1, at: 900, attempts: 3..<9).count == 1)
            #expect(try take(9, at: 900, attempts: 3..<9).count == 2)
        }
    }

    @Test(
        "Nothing is issued of what became void or was confirmed anew meanwhile, and what is late changes nothing",
        arguments: TablesKind.allCases)
    func meanwhile(kind: TablesKind) async throws {
        try await withSession(kind) { session in
            let (first, second) = (confirmation("ord_a", "e/3"), confirmation("ord_a", "e/5"))
            try OrderStore.confirm(first, sequence: 3, at: 0, in: session)
            #expect(try OrderStore.void(order: "ord_a", sequence: 2, at: 1, in: session) == nil)
            #expect(try OrderStore.void(order: "ord_a", sequence: 4, at: 1, in: session) == "{}")
            #expect(try !OrderStore.issue(first, in: session))
            #expect(try OrderStore.void(order: "ord_a", sequence: 4, at: 1, in: session) == nil)
            try OrderStore.confirm(second, sequence: 5, at: 2, in: session)
            #expect(try !OrderStore.issue(first, in: session))
            #expect(try OrderStore.issue(second, in: session))
            #expect(try OrderStore.void(order: "ord_a", sequence: 9, at: 3, in: session) == "{}")
            try OrderStore.confirm(confirmation("ord_a", "e/8"), sequence: 8, at: 4, in: session)
            #expect(try counts(session) == [0, 1, 0])
            // An end without a beginning.
            #expect(try OrderStore.void(order: "ord_b", sequence: 7, at: 1, in: session) == nil)
            try OrderStore.confirm(confirmation("ord_b", "e/6"), sequence: 6, at: 2, in: session)
            #expect(try counts(session) == [0, 1, 0])
        }
    }

    @Test("Names and IDs are values, not SQL")
    func injection() async throws {
        let name = "'; DROP TABLE ticket_file; --"
        try await withSession { session in
            let file = RenderedFile(name: name, contentType: name, bytes: [7])
            try DocumentStore.save([file], order: name, in: session)
            #expect(try DocumentStore.file(named: name, parts: SharedParts(), in: session) == file.file)
            try OrderStore.confirm(confirmation(name, name), sequence: 1, at: 0, in: session)
            #expect(try OrderStore.void(order: name, sequence: 2, at: 0, in: session) == "{}")
        }
    }
}
