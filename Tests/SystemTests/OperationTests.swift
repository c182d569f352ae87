import Foundation
import NIOHTTP1
import Testing

/// Starting, stopping, and what an operator meets.
@Suite struct OperationTests {
    @Test("A data folder belongs to one process; a second one exits and says why")
    func oneProcess() async throws {
        try await withServer { _, _, folder in
            let second = try await Program.run(
                ["serve", "--port", "0", "--management-port", "0", "--data", folder],
                environment: ["ONSALE_PAYMENT_URL": "sandbox"])
            #expect(second.status == 2)
            #expect(second.output.contains("is in use by another onsale process"))
        }
    }

    @Test("SIGTERM ends it with status 0, and everything is there on the next start")
    func terminates() async throws {
        try await withFolder { folder in
            let server = try await Serve.start(data: folder)
            let client = Client(url: server.url)
            try await client.createEvent()
            let pass = try await client.pass("fan")
            _ = try await client.hold(pass, #"{"seats":["0-0"]}"#)
            #expect(await server.stop() == 0)
            try await expectVerified(folder)
            let again = try await Serve.start(data: folder)
            #expect(try await Client(url: again.url).seats().hasPrefix("h."))
            await again.stop()
        }
    }

    @Test("A request waiting for its order at shutdown gets its state, and the order continues after the restart")
    func stopsWhileWaiting() async throws {
        try await withFolder { folder in
            let server = try await Serve.start(data: folder)
            let client = Client(url: server.url)
            try await client.createEvent()
            let pass = try await client.pass("fan")
            let hold = try #require(try await client.hold(pass, #"{"seats":["0-0"]}"#).string("hold"))
            async let waiting = client.order(pass, hold: hold, method: "pm_sandbox_timeout", key: "k", waitSeconds: 30)
            try await Task.sleep(for: .seconds(1))
            #expect(await server.stop() == 0)
            let answer = try await waiting
            #expect(answer.status == 202 && answer.string("state") == "authorizing")
            let again = try await Serve.start(data: folder)
            let later = Client(url: again.url)
            let order = try await later.order(pass, hold: hold, method: "pm_sandbox_timeout", key: "k", waitSeconds: 20)
            #expect(order.string("order") == answer.string("order"))
            #expect(order.string("state") == "confirmed")
            await again.stop()
            try await expectVerified(folder)
        }
    }

    @Test("Secrets are readable only by their owner")
    func secretsArePrivate() async throws {
        try await withServer(environment: ["ONSALE_ADMIN_TOKEN": ""]) { _, _, folder in
            for name in ["admin-token", "token.key", "barcode.key", "webhook.key"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
            }
        }
    }

    @Test("A taken port is reported by its number")
    func portTaken() async throws {
        try await withServer { client, _, _ in
            let port = try #require(client.url.split(separator: ":").last)
            try await withFolder { folder in
                let second = try await Program.run(
                    ["serve", "--port", String(port), "--management-port", "0", "--data", folder],
                    environment: ["ONSALE_PAYMENT_URL": "sandbox"])
                #expect(second.status == 1)
                #expect(second.output.contains("port \(port) cannot be opened"))
            }
        }
    }

    @Test("The journal is printed as JSON lines")
    func printsJournal() async throws {
        try await withServer { client, _, folder in
            try await client.createEvent()
            let pass = try await client.pass("fan")
            _ = try await client.hold(pass, #"{"seats":["0-0"]}"#)
            let printed = try await Program.run(["journal", "show", "--data", folder])
            let facts = try printed.output.split(separator: "\n").map { line in
                try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
            #expect(
                facts.map { $0["fact"] as? String } == ["eventCreated", "audited", "joined", "passGranted", "held"])
        }
    }

    @Test("Every kind of fact is printed as JSON, and no secret with it")
    func printsEveryFact() async throws {
        let kept = URL(filePath: #filePath).appending(path: "../../OnsaleEngineTests/Journals").standardized
        let folder = NSTemporaryDirectory() + "onsale-journal-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/env")
        tar.arguments = ["tar", "-xzf", kept.appending(path: "2026-11-24-script.tar.gz").path, "-C", folder]
        try tar.run()
        tar.waitUntilExit()
        var kinds: Set<String> = []
        for event in ["arena", "club", "theatre"] {
            let printed = try await Program.run(["journal", event, "--data", folder])
            #expect(printed.status == 0, "\(printed.output.prefix(200))")
            for line in printed.output.split(separator: "\n") {
                let fact = try #require(
                    JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
                kinds.insert(fact["fact"] as? String ?? "")
                #expect(fact["seed"] == nil && fact["url"] == nil && fact["key"] == nil, "\(line)")
            }
        }
        // 24 of the sale, 16 of the line, and those of the event itself.
        #expect(kinds.count == 42, "\(kinds.sorted())")
    }

    @Test("A rush of a few fans ends with a clean history and a report")
    func smallRush() async throws {
        try await withServer { client, _, folder in
            let report = folder + "/report.html"
            let rush = try await Program.run([
                "rush", "--url", client.url, "--admin-token", Serve.adminToken, "--fans", "60", "--seconds", "3",
                "--report", report,
            ])
            #expect(rush.status == 0, "\(rush.output)")
            #expect(rush.output.contains("Clean: no seat sold twice"))
            #expect(try String(contentsOfFile: report, encoding: .utf8).contains("<svg"))
            try await expectVerified(folder)
        }
    }

    /// It has to mount a file system, so it only runs as root, as in CI.
    @Test("A full disk: a clear 503, nothing lost, and sales resume when there is room", .enabled(if: getuid() == 0))
    func fullDisk() async throws {
        try await withFolder { folder in
            func command(_ path: String, _ arguments: [String]) throws {
                let process = try Process.run(URL(fileURLWithPath: path), arguments: arguments)
                process.waitUntilExit()
                guard process.terminationStatus == 0 else {
                    throw DidNotStart(output: arguments.joined(separator: " "))
                }
            }
            do {
                try command("/bin/mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", folder])
            } catch {
                // Some sandboxes can't mount. Another test covers the same path, with a journal that says it is full.
                return
            }
            defer { try? command("/bin/umount", ["-l", folder]) }
            let server = try await Serve.start(data: folder)
            let client = Client(url: server.url)
            try await client.createEvent(standing: 1000, limits: #""holdSeconds":3600"#)
            let pass = try await client.pass("fan")
            let kept = try await client.hold(pass, #"{"seats":["0-0"]}"#)
            #expect(kept.status == 201)
            // Fill the rest, to the last byte.
            let ballast = folder + "/ballast"
            _ = FileManager.default.createFile(atPath: ballast, contents: nil)
            let handle = try #require(FileHandle(forWritingAtPath: ballast))
            while (try? handle.write(contentsOf: Data(count: 4096))) != nil {}
            try? handle.close()
            var refused: Client.Answer?
            for number in 0..<400 where refused == nil {
                let answer = try await client.hold(
                    try await client.session("unused\(number)"), #"{"seats":["1-0"]}"#)
                #expect(answer.status == 403)
                let joined = try await client.send(
                    .POST, "/v1/events/show/waiting-room", token: try await client.session("fan\(number)"))
                if joined.status == 503 { refused = joined }
            }
            #expect(refused?.slug == "overloaded")
            #expect(refused?.headers.contains(name: "retry-after") == true)
            #expect(try await client.seats().hasPrefix("h."))
            try FileManager.default.removeItem(atPath: ballast)
            var status = 0
            for _ in 0..<100 where status != 201 {
                try await Task.sleep(for: .milliseconds(100))
                status = try await client.hold(pass, #"{"seats":["0-1"]}"#).status
            }
            #expect(status == 201)
            #expect(await server.stop() == 0)
            try await expectVerified(folder)
        }
    }
}
