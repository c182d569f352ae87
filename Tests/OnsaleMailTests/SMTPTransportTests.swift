import OnsaleMail
import Servers
import Testing

/// The transport with a real mail server that does as the recipient's name says.
@Suite(.serialized) struct SMTPTransportTests {
    @Test func aMailArrivesByteForByteInAllItsLetters() async throws {
        try await withServer { server, transport in
            let mail = try mail(to: "fan", text: "안녕하세요.\n.\n..\nFrom 예매처\n끝")
            #expect(await transport.send(mail) == .accepted)
            let kept = try #require(try server.mails().first)
            #expect(kept.bytes == MIMEWriter.write(mail))
            #expect(kept.from == "no-reply@onsale.example" && kept.to == ["fan@mail.example"] && !kept.isEncrypted)
        }
    }

    @Test func aRefusalIsToldApartForNowAndForGood() async throws {
        try await withServer { _, transport in
            for (name, code, isOfRecipient) in [("now450", 450, true), ("now421", 421, true), ("data451", 451, false)] {
                guard case .refusedForNow(let refusal) = await transport.send(try mail(to: name)) else {
                    Issue.record("\(name)")
                    continue
                }
                #expect(refusal.code == code && refusal.isOfRecipient == isOfRecipient, "\(name): \(refusal)")
            }
            for (name, code) in [("good550", 550), ("data554", 554)] {
                guard case .refusedForGood(let refusal) = await transport.send(try mail(to: name)) else {
                    Issue.record("\(name)")
                    continue
                }
                #expect(refusal.code == code && refusal.text.contains("\(code)"), "\(name): \(refusal)")
            }
            guard case .unreachable(let text) = await transport.send(try mail(to: "fan", from: "forbidden")) else {
                Issue.record("a sender that the server refuses")
                return
            }
            #expect(text.contains("Not your sender"))
            #expect(try await transport.send(mail(to: "fan")) == .accepted)
        }
    }

    @Test func aConnectionThatIsCutBeforeTheMailsEndIsToldFromOneCutAfterIt() async throws {
        try await withServer { server, transport in
            guard case .refusedForNow(let refusal) = await transport.send(try mail(to: "cutearly")) else {
                Issue.record("cut early")
                return
            }
            #expect(refusal.code == 0)
            #expect(try server.mails().isEmpty)
            let late = try mail(to: "cutlate")
            guard case .unknown = await transport.send(late) else {
                Issue.record("cut late")
                return
            }
            // It was there all the same: hence the same ID again.
            #expect(try server.mails().map(\.bytes) == [MIMEWriter.write(late)])
            #expect(try await transport.send(mail(to: "fan")) == .accepted)
        }
    }

    @Test func aSlowServerIsWaitedForOnlySoLong() async throws {
        var limits = SMTPLimits()
        limits.wholeMilliseconds = 1_000
        try await withServer(limits: limits) { _, transport in
            let begin = ContinuousClock.now
            guard case .refusedForNow = await transport.send(try mail(to: "slow")) else {
                Issue.record("slow before the mail")
                return
            }
            guard case .unknown = await transport.send(try mail(to: "lateanswer")) else {
                Issue.record("slow after the mail")
                return
            }
            #expect(ContinuousClock.now - begin < .seconds(10))
        }
    }

    @Test func aServerThatIsNotThereOrStandsStillIsUnreachable() async throws {
        let transport = try SMTPTransport(try SMTPConfiguration("smtp://127.0.0.1:\(try Loopback.freePort())"))
        guard case .unreachable(let text) = await transport.send(try mail(to: "fan")) else {
            Issue.record("nobody there")
            return
        }
        #expect(!text.isEmpty)
        await transport.stop()
        #expect(try await transport.send(mail(to: "fan")) == .unreachable("Sending has been stopped."))
        var limits = SMTPLimits()
        limits.wholeMilliseconds = 1_000
        try await withServer(limits: limits) { server, transport in
            server.freeze()
            defer { server.thaw() }
            guard case .unreachable = await transport.send(try mail(to: "fan")) else {
                Issue.record("it stands still")
                return
            }
        }
    }

    @Test func aServerThatEndsAConnectionAfterSomeMailsGetsTheNextOnANewOne() async throws {
        var limits = SMTPLimits()
        limits.connectionsMax = 1
        try await withServer(["--close-after", "3"], limits: limits) { server, transport in
            for _ in 0..<10 {
                let outcome = await transport.send(try mail(to: "fan"))
                #expect(outcome == .accepted)
            }
            let kept = try server.mails()
            #expect(kept.count == 10)
            #expect(server.connections == 4)
        }
    }

    @Test func aConnectionIsKeptForLongerThanOneMailMayTake() async throws {
        var limits = SMTPLimits()
        limits.connectionsMax = 1
        limits.wholeMilliseconds = 1_000
        try await withServer(limits: limits) { server, transport in
            for _ in 0..<3 {
                let outcome = await transport.send(try mail(to: "fan"))
                #expect(outcome == .accepted)
                try await Task.sleep(for: .milliseconds(700))
            }
            #expect(server.connections == 1)
        }
    }

    @Test func oneSlowAnswerKeepsNoOtherMailWaiting() async throws {
        var limits = SMTPLimits()
        limits.connectionsMax = 2
        limits.wholeMilliseconds = 5_000
        try await withServer(limits: limits) { server, transport in
            async let late = transport.send(try mail(to: "lateanswer"))
            while try server.mails().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            let begin = ContinuousClock.now
            for _ in 0..<20 {
                let outcome = await transport.send(try mail(to: "fan"))
                #expect(outcome == .accepted)
            }
            #expect(ContinuousClock.now - begin < .seconds(3))
            if case .unknown = try await late {} else { Issue.record("late") }
        }
    }

    @Test func whenItStopsOnlyMailsThatWereAllSentAreWaitedFor() async throws {
        var limits = SMTPLimits()
        limits.wholeMilliseconds = 6_000
        try await withServer(limits: limits) { server, transport in
            async let slow = transport.send(try mail(to: "slow"))
            async let late = transport.send(try mail(to: "lateanswer"))
            async let soon = transport.send(try mail(to: "soonanswer"))
            let deadline = ContinuousClock.now + .seconds(20)
            while try server.mails().count < 2 || !server.events().contains("rcpt slow") {
                try #require(ContinuousClock.now < deadline)
                try await Task.sleep(for: .milliseconds(20))
            }
            let begin = ContinuousClock.now
            await transport.stop()
            #expect(ContinuousClock.now - begin < .seconds(15))
            #expect(try server.mails().count == 2)
            #expect(try await soon == .accepted)
            if case .refusedForNow = try await slow {} else { Issue.record("before the mail") }
            if case .unknown = try await late {} else { Issue.record("after the mail") }
        }
    }

    @Test func aThousandMailsGoOverFourConnections() async throws {
        var limits = SMTPLimits()
        limits.mailsMax = 1_000
        try await withServer(limits: limits) { server, transport in
            let mails = try (0..<1_000).map { try mail(to: "fan\($0)") }
            let begin = ContinuousClock.now
            let accepted = await withTaskGroup(of: Bool.self) { group in
                for mail in mails { group.addTask { await transport.send(mail) == .accepted } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            let took = ContinuousClock.now - begin
            #expect(accepted == 1_000)
            #expect(Set(try server.mails().flatMap(\.to)).count == 1_000)
            #expect(server.connections <= 4)
            print("1,000 mails over \(server.connections) connections in \(took)")
        }
    }
}

private func withServer(
    _ options: [String] = [], limits: SMTPLimits = SMTPLimits(),
    _ body: (SMTPServer, SMTPTransport) async throws -> Void
) async throws {
    let server = try SMTPServer(options)
    defer { server.stop() }
    let transport = try SMTPTransport(try SMTPConfiguration("smtp://127.0.0.1:\(server.port)"), limits: limits)
    do {
        try await body(server, transport)
    } catch {
        await transport.stop()
        throw error
    }
    await transport.stop()
}
