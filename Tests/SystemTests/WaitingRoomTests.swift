import Foundation
import NIOHTTP1
import Testing

/// The line over HTTP, and across restarts.
@Suite struct WaitingRoomTests {
    private struct Place: Equatable {
        let number: Int?
        let lobbyIndex: Int?
    }

    private struct Ticket {
        let text: String
        let session: String
    }

    private func join(_ client: Client, _ name: String) async throws -> (place: Place, ticket: Ticket, status: Int) {
        let session = try await client.session(name)
        let answer = try await client.send(.POST, "/v1/events/show/waiting-room", token: session)
        return (
            Place(number: answer.number("number"), lobbyIndex: answer.number("lobbyIndex")),
            Ticket(text: try #require(answer.string("ticket"), "\(answer.text)"), session: session), answer.status
        )
    }

    private func claim(_ client: Client, _ ticket: Ticket) async throws -> Client.Answer {
        try await client.claimPass(ticket.text, ticket.session)
    }

    private func moment(inSeconds seconds: Double) -> String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return formatter.string(from: Date(timeIntervalSinceNow: seconds))
    }

    @Test("Places, draw and passes survive kills in the lobby, after the draw and in mid-line")
    func restarts() async throws {
        try await withFolder { folder in
            var server = try await Serve.start(data: folder)
            var client = Client(url: server.url)
            try await client.createEvent(
                onsale: """
                    "lobbyOpensAt":"\(moment(inSeconds: -1))","opensAt":"\(moment(inSeconds: 3600))","maxActiveShoppers":2
                    """, waitingRoom: true)
            var tickets: [Ticket] = []
            for fan in 0..<6 {
                let joined = try await join(client, "fan-\(fan)")
                #expect(joined.status == 201 && joined.place == Place(number: nil, lobbyIndex: fan))
                tickets.append(joined.ticket)
            }
            let lobby = try await client.send(.GET, "/v1/events/show/waiting-room")
            #expect(lobby.string("phase") == "lobby" && lobby.member("drawSeed") is NSNull)
            #expect(try await claim(client, tickets[0]).slug == "not-admitted")
            func restart() async throws {
                await server.kill()
                try await expectVerified(folder)
                server = try await Serve.start(data: folder)
                client = Client(url: server.url)
            }
            try await restart()
            #expect(try await join(client, "fan-3").place == Place(number: nil, lobbyIndex: 3))

            // Opened by hand, so that a slow machine can't miss the opening.
            let rescheduled = try await client.send(
                .PATCH, "/v1/events/show/onsale", token: Serve.adminToken,
                #"{"opensAt":"\#(moment(inSeconds: 0))"}"#)
            #expect(rescheduled.status == 200)
            while try await client.send(.GET, "/v1/events/show/waiting-room").string("phase") == "lobby" {
                try await Task.sleep(for: .milliseconds(100))
            }
            var places: [Place] = []
            for fan in 0..<6 { places.append(try await join(client, "fan-\(fan)").place) }
            #expect(Set(places.map(\.number)) == Set(1...6))
            let late = try await join(client, "late")
            #expect(late.place == Place(number: 7, lobbyIndex: nil))
            try await restart()
            let opened = try await client.send(.GET, "/v1/events/show/waiting-room")
            #expect(opened.string("drawCommitment") == lobby.string("drawCommitment"))
            #expect(opened.string("drawSeed")?.count == 64 && opened.number("lobbySize") == 6)
            for fan in 0..<6 { #expect(try await join(client, "fan-\(fan)").place == places[fan]) }

            // The first two are admitted, the others aren't, and a restart doesn't change that.
            let order = (0..<6).sorted { places[$0].number ?? 0 < places[$1].number ?? 0 }
            let first = try #require(try await claim(client, tickets[order[0]]).string("pass"))
            #expect(try await claim(client, tickets[order[1]]).status == 201)
            let refused = try await claim(client, tickets[order[3]])
            #expect(refused.slug == "not-admitted" && refused.number("position") == 2)
            #expect(refused.number("etaSeconds") != nil)
            try await restart()
            #expect(try await claim(client, tickets[order[0]]).string("pass") == first)
            #expect(try await client.report().number("activeShoppers") == 2)
            #expect(try await claim(client, tickets[order[2]]).slug == "not-admitted")

            // A slot given up goes to the next number.
            #expect(
                try await client.send(.DELETE, "/v1/events/show/waiting-room/pass", token: first).status == 204)
            #expect(try await claim(client, tickets[order[0]]).slug == "place-spent")
            #expect(try await claim(client, tickets[order[2]]).status == 201)
            #expect(try await join(client, "fan-\(order[0])").place == Place(number: 8, lobbyIndex: nil))
            try await expectDrawChecks(client.url)
            await server.stop()
            try await expectVerified(folder)
        }
    }

    @Test("A kill around the draw leaves one draw or none, and never a second one")
    func killedAtTheDraw() async throws {
        try await withFolder { folder in
            var server = try await Serve.start(data: folder)
            for round in 0..<5 {
                let client = Client(url: server.url)
                let event = "draw-\(round)"
                try await client.createEvent(
                    event,
                    onsale: #""lobbyOpensAt":"\#(moment(inSeconds: -1))","opensAt":"\#(moment(inSeconds: 3600))""#,
                    waitingRoom: true)
                for fan in 0..<3 { _ = try await client.place("fan-\(fan)", event: event) }
                let before = try await client.send(.GET, "/v1/events/\(event)/waiting-room")
                _ = try await client.send(
                    .PATCH, "/v1/events/\(event)/onsale", token: Serve.adminToken,
                    #"{"opensAt":"\#(moment(inSeconds: 0.2))"}"#)
                try await Task.sleep(for: .milliseconds(140 + 30 * round))
                let asked = Task {
                    try? await client.send(.GET, "/v1/events/\(event)/waiting-room").string("drawSeed")
                }
                await server.kill()
                let seedBefore = await asked.value
                try await expectVerified(folder)
                server = try await Serve.start(data: folder)
                let again = Client(url: server.url)
                while try await again.send(.GET, "/v1/events/\(event)/waiting-room").string("drawSeed") == nil {
                    try await Task.sleep(for: .milliseconds(50))
                }
                let room = try await again.send(.GET, "/v1/events/\(event)/waiting-room")
                #expect(room.string("drawCommitment") == before.string("drawCommitment"))
                if let seedBefore { #expect(room.string("drawSeed") == seedBefore) }
                var numbers: Set<Int?> = []
                for fan in 0..<3 { numbers.insert(try await again.place("fan-\(fan)", event: event).number("number")) }
                #expect(numbers == [1, 2, 3])
                try await expectDrawChecks(again.url, event)
            }
            await server.stop()
        }
    }

    @Test("A fan listening with a ticket is present; one who isn't is passed over, and comes first on returning")
    func presence() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent(onsale: #""maxActiveShoppers":1"#, waitingRoom: true)
            let pass = try await client.pass("shopper")
            let away = try await join(client, "away")
            let there = try await join(client, "there")
            let listening = Task {
                try await client.listen(
                    "/v1/events/show/waiting-room/stream", token: there.ticket.text, seconds: 300
                ) { _ in true }
            }
            defer { listening.cancel() }
            // Longer than a silent fan counts as present.
            try await Task.sleep(for: .seconds(33))
            #expect(
                try await client.send(.DELETE, "/v1/events/show/waiting-room/pass", token: pass).status == 204)
            #expect(try await client.send(.GET, "/v1/events/show/waiting-room").number("admittedThrough") == 3)
            let own = try await claim(client, there.ticket)
            #expect(own.status == 201)
            _ = try await join(client, "last")
            #expect(try await claim(client, away.ticket).slug == "not-admitted")
            _ = try await client.send(
                .DELETE, "/v1/events/show/waiting-room/pass", token: try #require(own.string("pass")))
            #expect(try await claim(client, away.ticket).status == 201)
        }
    }

    /// Both checkers agree with the server. Every machine running these tests has Python, but maybe not Node.
    private func expectDrawChecks(_ url: String, _ event: String = "show") async throws {
        let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs")
        for (program, script) in [("python3", "check-draw.py"), ("node", "check-draw.mjs")] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [program, docs.appendingPathComponent(script).path, url, event]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
            // 127 means the program isn't installed.
            let isMissing = program == "node" && process.terminationStatus == 127
            #expect(process.terminationStatus == 0 || isMissing, "\(script)")
        }
    }

    @Test("Selling out ends the line and its passes, and a cancelled order reopens it")
    func sellOut() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent(rows: 0, standing: 2, waitingRoom: true)
            let buyer = try await client.pass("buyer")
            let waiting = try await join(client, "other")
            let hold = try #require(
                try await client.hold(buyer, #"{"area":"Standing","quantity":2}"#).string("hold"))
            let order = try await client.order(buyer, hold: hold, key: "k")
            #expect(order.status == 201)
            #expect(try await client.send(.GET, "/v1/events/show/waiting-room").string("phase") == "soldOut")
            #expect(try await claim(client, waiting.ticket).slug == "sold-out")
            #expect(try await client.report().number("activeShoppers") == 0)
            let id = try #require(order.string("order"))
            _ = try await client.send(
                .POST, "/v1/events/show/orders/\(id)/cancel", token: try await client.session("buyer"))
            #expect(try await client.send(.GET, "/v1/events/show/waiting-room").string("phase") == "open")
            #expect(try await claim(client, waiting.ticket).status == 201)
        }
    }

    @Test("A pause stops calls and holds; fans who join meanwhile keep their places")
    func pause() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent(waitingRoom: true)
            _ = try await client.send(.POST, "/v1/events/show/onsale/pause", token: Serve.adminToken)
            let joined = try await join(client, "fan")
            #expect(joined.place.number == 1)
            #expect(try await claim(client, joined.ticket).slug == "not-admitted")
            _ = try await client.send(.POST, "/v1/events/show/onsale/resume", token: Serve.adminToken)
            #expect(try await claim(client, joined.ticket).status == 201)
        }
    }

    @Test("Joining requires a proof of work where one is set")
    func challenge() async throws {
        try await withServer(environment: ["ONSALE_JOIN_CHALLENGE": "8"]) { client, _, _ in
            try await client.createEvent(waitingRoom: true)
            let session = try await client.session("fan")
            let refused = try await client.send(.POST, "/v1/events/show/waiting-room", token: session)
            #expect(refused.status == 428 && refused.slug == "challenge-required" && refused.number("bits") == 8)
            // One number in 256 will do; among two thousand there is surely one.
            var status = 428
            for number in 0..<2000 where status == 428 {
                status = try await client.send(
                    .POST, "/v1/events/show/waiting-room", token: session,
                    headers: [("Onsale-Proof", "\(number)")]
                ).status
            }
            #expect(status == 201)
        }
    }
}
