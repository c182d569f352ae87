import Foundation
import Logging
import OnsaleBus
import OnsaleDocuments
import OnsaleTables
import OnsaleValues
import Servers
import TestTables
import Testing

@Suite(.timeLimit(.minutes(5))) struct DocumentsRoleTests {
    /// The bus, what is heard on it, and roles on the same tables, one after the other.
    private struct World {
        let bus: FailingBus
        let open: @Sendable () throws -> any Tables
        let heard: any BusMembership

        /// Runs `body` with a role that works meanwhile.
        func withRole<Value>(_ body: (DocumentsRole) async throws -> Value) async throws -> Value {
            let tables = try open()
            let role = DocumentsRole(tables: tables, bus: bus, logger: Logger(label: "test"))
            let work = Task { await role.run() }
            let result: Result<Value, any Error>
            do { result = .success(try await body(role)) } catch { result = .failure(error) }
            work.cancel()
            await work.value
            await tables.close()
            return try result.get()
        }

        func publish(
            _ type: EventType, _ message: OrderMessage, _ sequence: Int, data: [UInt8]? = nil
        ) async throws {
            let data = try data ?? Array(JSONEncoder().encode(message))
            try await bus.publish([
                CloudEvent(
                    id: "world-tour/\(sequence)", type: type, subject: message.order,
                    time: Timestamp(milliseconds: 1_800_000_000_000), key: "world-tour",
                    traceparent: "00-\(sequence)", data: data)
            ])
        }

        /// The next events on the topic of tickets.
        func next(_ count: Int) async throws -> [CloudEvent] {
            var events: [CloudEvent] = []
            let deadline = ContinuousClock.now + .seconds(60)
            while events.count < count, ContinuousClock.now < deadline {
                let update = try await heard.next(limit: 256, except: [], wait: .milliseconds(500))
                for delivery in update.deliveries { events.append(try CloudEvent(delivery.message)) }
            }
            return events
        }

        /// What comes while nothing should.
        func rest() async throws -> [CloudEvent] {
            try await heard.next(limit: 256, except: [], wait: .milliseconds(700)).deliveries.map {
                try CloudEvent($0.message)
            }
        }
    }

    private func withWorld(_ kind: TablesKind, _ body: (World) async throws -> Void) async throws {
        try await withTables(kind) { open in
            let bus = try FailingBus()
            let world = World(bus: bus, open: open, heard: try await bus.join("test", topics: [.tickets]))
            try await body(world)
            await world.heard.leave()
            await bus.close()
        }
    }

    private func issued(_ event: CloudEvent) throws -> TicketsIssued {
        try JSONDecoder().decode(TicketsIssued.self, from: Data(event.data))
    }

    private func message(_ number: Int, title: String = "한여름 밤의 콘서트") -> OrderMessage {
        order(title: title, id: "ord_\(number)")
    }

    @Test(
        "A confirmation with fewer tickets has those that are gone void, and the rest issued anew",
        arguments: TablesKind.allCases)
    func parts(kind: TablesKind) async throws {
        try await withWorld(kind) { world in
            try await world.withRole { role in
                var message = message(1)
                try await world.publish(.orderConfirmed, message, 7)
                #expect(try await world.next(1).map(\.type) == [.ticketsIssued])
                let gone = message.tickets.removeFirst().ticket
                try await world.publish(.orderConfirmed, message, 8)
                let told = try await world.next(2)
                #expect(Set(told.map(\.type)) == [.ticketsVoided, .ticketsIssued])
                let void = try #require(told.first { $0.type == .ticketsVoided })
                let voided = try JSONDecoder().decode(TicketsVoided.self, from: Data(void.data))
                #expect(voided.tickets == [gone] && voided.order.tickets == message.tickets)
                #expect(try await role.file(named: "ord_1-1.svg") != nil)
                #expect(try await role.file(named: "ord_1-2.svg") == nil)
                // The same with all of them: nothing is gone.
                try await world.publish(.orderConfirmed, message, 9)
                #expect(try await world.next(1).map(\.type) == [.ticketsIssued])
            }
        }
    }

    @Test(
        "An order's life: issued once however often it is said, void, valid again, void for good",
        arguments: TablesKind.allCases)
    func life(kind: TablesKind) async throws {
        try await withWorld(kind) { world in
            try await world.withRole { role in
                var message = message(1)
                message.reason = nil
                for _ in 0..<2 { try await world.publish(.orderConfirmed, message, 7) }
                let first = try #require(try await world.next(1).first)
                #expect(first.type == .ticketsIssued && first.id == "world-tour/7" && first.key == "world-tour")
                #expect(first.subject == "ord_1" && first.traceparent == "00-7")
                let told = try issued(first)
                #expect(told.order == message && told.documents.map(\.name) == ["ord_1.pdf", "ord_1.ics"])
                for document in told.documents {
                    let file = try #require(try await role.file(named: document.name))
                    #expect(file.sha256 == document.sha256 && file.bytes.count == document.bytes)
                    #expect(file.contentType == document.contentType && file.voidedAt == nil)
                }
                let card = try #require(try await role.file(named: "ord_1-2.svg"))
                #expect(card.contentType == "image/svg+xml" && card.voidedAt == nil)
                for name in ["ord_1-3.svg", "ord_1-02.svg", "ord_2.pdf", "ord_1-cancelled.ics", "../ord_1.pdf", "\0"] {
                    #expect(try await role.file(named: name) == nil)
                }

                message.refundedAmount = message.amount - 1
                try await world.publish(.orderRefunded, message, 8)
                message.refundedAmount = 0
                message.reason = "dispute"
                try await world.publish(.orderCancelled, message, 9)
                let void = try await world.next(1)
                #expect(void.map(\.type) == [.ticketsVoided] && void.map(\.id) == ["world-tour/9"])
                let voided = try JSONDecoder().decode(TicketsVoided.self, from: Data(void[0].data))
                #expect(voided == TicketsVoided(order: message, tickets: message.tickets.map(\.ticket)))
                for name in ["ord_1.pdf", "ord_1.ics", "ord_1-1.svg", "ord_1-cancelled.ics"] {
                    #expect(try await role.file(named: name)?.voidedAt != nil)
                }

                message.reason = nil
                try await world.publish(.orderConfirmed, message, 10)
                let again = try await world.next(1)
                #expect(again.map(\.type) == [.ticketsIssued] && again.map(\.id) == ["world-tour/10"])
                #expect(try issued(again[0]).documents == told.documents)
                #expect(try await role.file(named: "ord_1.pdf")?.voidedAt == nil)

                message.refundedAmount = message.amount
                try await world.publish(.orderRefunded, message, 11)
                try await world.publish(.orderCancelled, message, 12)
                #expect(try await world.next(1).map(\.id) == ["world-tour/11"])
                // What was said long ago comes from the dead letters.
                message.refundedAmount = 0
                try await world.publish(.orderConfirmed, message, 6)
                #expect(try await world.rest().isEmpty)
                #expect(try await role.file(named: "ord_1.pdf")?.voidedAt != nil)
                try await until { role.counts == ["queued": 0, "files": 2, "voided": 1, "unprintable": 0] }
                #expect(role.trouble == nil)
            }
        }
    }

    @Test(
        "What ends before it is rendered is not rendered; what never began has nothing to void",
        arguments: TablesKind.allCases)
    func early(kind: TablesKind) async throws {
        try await withWorld(kind) { world in
            try await world.publish(.orderConfirmed, message(1), 1)
            try await world.publish(.orderCancelled, message(1), 2)
            var late = message(2)
            late.refundedAmount = late.amount
            try await world.publish(.orderRefunded, late, 3)
            try await world.withRole { role in
                let told = try await world.next(1)
                #expect(told.map(\.type) == [.ticketsVoided])
                #expect(try await world.rest().isEmpty)
                for name in ["ord_1.pdf", "ord_1-1.svg", "ord_1-cancelled.ics"] {
                    #expect(try await role.file(named: name) == nil)
                }
                #expect(try await world.bus.letters(limit: 9).isEmpty)
            }
        }
    }

    @Test("What ends while it is being rendered is not issued any more", arguments: TablesKind.allCases)
    func meanwhile(kind: TablesKind) async throws {
        try await withWorld(kind) { world in
            // Each takes long enough for its end to come in between.
            let messages = (0..<12).map { order(id: "ord_\($0)", areas: Array(repeating: "A", count: 60)) }
            try await world.withRole { role in
                for (index, message) in messages.enumerated() {
                    try await world.publish(.orderConfirmed, message, index)
                }
                try await Task.sleep(for: .milliseconds(100))
                for (index, message) in messages.enumerated() {
                    try await world.publish(.orderCancelled, message, 100 + index)
                }
                try await until { role.counts["voided"] == messages.count && role.counts["queued"] == 0 }
                try await Task.sleep(for: .seconds(2))
                var events: [CloudEvent] = []
                while true {
                    let more = try await world.rest()
                    if more.isEmpty { break }
                    events += more
                }
                for message in messages {
                    let told = events.filter { $0.subject == message.order }.map(\.type)
                    #expect(told == [.ticketsVoided] || told == [.ticketsIssued, .ticketsVoided])
                    let file = try await role.file(named: message.order + ".pdf")
                    #expect(file == nil || file?.voidedAt != nil)
                }
                #expect(events.count { $0.type == .ticketsIssued } < messages.count)
            }
        }
    }

    @Test("Orders that can't be rendered or read stop no other", arguments: TablesKind.allCases)
    func unprintable(kind: TablesKind) async throws {
        try await withWorld(kind) { world in
            let hostile = hostileTexts.enumerated().map {
                order(title: $1, id: "ord_h\($0)", seats: [$1], category: $1)
            }
            var nameless = message(1)
            nameless.tickets[0].barcode = "a b"
            try await world.publish(.orderConfirmed, nameless, 1)
            try await world.publish(.orderConfirmed, message(2), 2, data: Array("{".utf8))
            for (index, message) in hostile.enumerated() {
                try await world.publish(.orderConfirmed, message, 3 + index)
            }
            try await world.publish(.orderConfirmed, message(3), 3 + hostile.count)
            try await world.withRole { role in
                let events = try await world.next(hostile.count + 1)
                #expect(Set(events.map(\.subject)) == Set(hostile.map(\.order) + ["ord_3"]))
                try await until { role.counts["unprintable"] == 1 && role.counts["queued"] == 0 }
                #expect(try await world.bus.letters(limit: 9).map(\.message.data) == [Array("{".utf8)])
                #expect(try await role.file(named: "ord_1.pdf") == nil)
            }
        }
    }

    @Test(
        "Roles that end at any moment, one after the other, with a bus that fails, issue each order the same",
        arguments: TablesKind.allCases)
    func restarts(kind: TablesKind) async throws {
        try await withWorld(kind) { world in
            let messages = (0..<120).map { message($0, title: "공연 \($0 % 3)") }
            for (index, message) in messages.enumerated() {
                try await world.publish(.orderConfirmed, message, index)
            }
            world.bus.refuse(true)
            for milliseconds in [0, 5, 20, 60, 120, 250] {
                try await world.withRole { _ in try await Task.sleep(for: .milliseconds(milliseconds)) }
            }
            try await world.withRole { role in
                try await until { world.bus.refusals > 0 && role.counts["queued"] == 0 && role.counts["files"] == 240 }
                #expect(try await world.rest().isEmpty)
            }
            world.bus.refuse(false)
            try await world.withRole { role in
                let events = try await world.next(messages.count)
                #expect(Set(events.map(\.subject)) == Set(messages.map(\.order)))
                #expect(Set(events.map(\.identity)).count == messages.count)
                let renderer = renderer()
                for event in events {
                    let told = try issued(event)
                    #expect(told.documents == (try renderer.files(of: told.order, in: .korean).map(\.document)))
                }
                #expect(try await role.file(named: "ord_119.pdf") != nil)
            }
        }
    }

    private func until(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !condition(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(50)) }
        #expect(condition())
    }
}
