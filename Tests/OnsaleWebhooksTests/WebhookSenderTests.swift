import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import OnsaleValues
import Seeded
import Servers
import Synchronization
import Testing

@testable import OnsaleWebhooks

/// Names as a test wants them, and how often they were asked for.
private final class FakeResolver: AddressResolver {
    let asked = Mutex(0)
    private let answers: [[IPAddress]]

    init(_ answers: [[String]]) { self.answers = answers.map { $0.compactMap { IPAddress($0) } } }

    func addresses(of host: String) async -> [IPAddress] {
        asked.withLock { asked in
            asked += 1
            return answers[min(asked, answers.count) - 1]
        }
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct WebhookSenderTests {
    private static func send(
        to url: String, reach: WebhookURL.Reach = .everything, resolver: any AddressResolver = FakeResolver([[]]),
        trustRoots: NIOSSLTrustRoots = .default, seconds: Int64 = 10
    ) async throws -> WebhookAttempt {
        var limits = SenderLimits()
        limits.attempt = .seconds(seconds)
        let sender = try WebhookSender(
            reach: reach, resolver: resolver, group: MultiThreadedEventLoopGroup.singleton, limits: limits,
            trustRoots: trustRoots)
        var random = SeededRandom(seed: 1)
        let secret = SigningSecrets(WebhookSecret(using: &random))
        return await sender.send(WebhookID(of: event(1)), body: Array("{}".utf8), to: url, secrets: secret)
    }

    private static let head = "HTTP/1.1 200 OK\r\n"
    private static let exchanges: [(EndpointServer.Answer, AttemptOutcome)] = [
        (.status(200, body: "ok"), .delivered(status: 200)),
        (.status(204), .delivered(status: 204)),
        (.bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 X\r\ncontent-length: 0\r\n\r\n"), .delivered(status: 202)),
        (.status(301, headers: "location: /other\r\n"), .refused(status: 301)),
        (.status(404), .refused(status: 404)),
        (.status(410), .gone),
        (.status(429, headers: "retry-after: 17\r\n"), .refused(status: 429, retryAfterSeconds: 17)),
        (
            .status(503, headers: "retry-after: 99999999999999999999\r\n"),
            .refused(status: 503, retryAfterSeconds: .max)
        ),
        (.status(503, headers: "retry-after: -5\r\n"), .refused(status: 503)),
        (.status(503, headers: "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n"), .refused(status: 503)),
        (.flood, .refused(status: 500)),
        (.cut, .cut),
        (.silence, .late),
        (.bytes("SSH-2.0-OpenSSH_9.6\r\n"), .garbled),
        (.bytes(head + "content-length: 5\r\n"), .late),
        (.bytes(head + "content-length: 100\r\n\r\nhalf"), .delivered(status: 200)),
        (.bytes(head + "x: " + String(repeating: "a", count: 300_000)), .garbled),
        (.bytes(String(repeating: "HTTP/1.1 103 Early\r\nlink: <x>\r\n\r\n", count: 10_000)), .garbled),
        (.bytes("HTTP/1.1 999 X\r\n\r\n"), .garbled),
    ]

    @Test("Whatever an endpoint answers is understood, in bounded time and space", arguments: exchanges.indices)
    func answers(index: Int) async throws {
        let (answer, outcome) = WebhookSenderTests.exchanges[index]
        let server = EndpointServer { _ in answer }
        try await server.serve { port in
            let began = ContinuousClock.now
            let isSilent = outcome == .late || outcome == .delivered(status: 200)
            let attempt = try await WebhookSenderTests.send(
                to: "http://127.0.0.1:\(port)/x", seconds: isSilent ? 2 : 10)
            #expect(attempt.outcome == outcome)
            #expect(ContinuousClock.now - began < .seconds(9))
            #expect(attempt.answer.utf8.count <= WebhookAttempt.answerBytesMax)
            try await Task.sleep(for: .milliseconds(50))
            // Redirects aren't followed, and nothing is asked twice.
            #expect(server.requests.map(\.line) == ["POST /x HTTP/1.1"])
        }
    }

    @Test("Nobody listens, or the name has no address")
    func unreachable() async throws {
        let port = try await EndpointServer().serve { $0 }
        #expect(
            try await WebhookSenderTests.send(to: "http://127.0.0.1:\(port)/").outcome == .unreachable(.connection))
        #expect(try await WebhookSenderTests.send(to: "http://a.com/").outcome == .unreachable(.name))
    }

    @Test("A name with a private address gets nothing, whatever else it has or had")
    func rebinding() async throws {
        let server = EndpointServer()
        try await server.serve { port in
            for answer in [["127.0.0.1"], ["192.0.2.1", "127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::ffff:127.0.0.1"]] {
                let resolver = FakeResolver([answer])
                let attempt = try await WebhookSenderTests.send(
                    to: "https://hooks.shop.com:\(port)/", reach: .isPublic, resolver: resolver)
                #expect(attempt.outcome == .forbidden)
            }
            for url in ["http://127.0.0.1:\(port)/", "https://127.0.0.1:\(port)/", "https://localhost:\(port)/"] {
                #expect(try await WebhookSenderTests.send(to: url, reach: .isPublic).outcome == .forbidden)
            }
            // Where it goes is what was checked: the name isn't looked up a second time.
            let resolver = FakeResolver([["127.0.0.1"], ["192.0.2.1"]])
            #expect(
                try await WebhookSenderTests.send(to: "http://hooks.shop.com:\(port)/", resolver: resolver).outcome
                    == .delivered(status: 200))
            #expect(resolver.asked.withLock { $0 } == 1)
            #expect(server.requests.map { $0.headers["host"] } == ["hooks.shop.com:\(port)"])
        }
        #expect(server.connections == 1)
    }

    @Test("The system's resolver finds this machine, and after its end nothing")
    func resolver() async throws {
        let resolver = SystemResolver()
        let found = await resolver.addresses(of: "localhost")
        #expect(!found.isEmpty && !found.contains(where: AddressGuard.isPublic))
        #expect(await resolver.addresses(of: "nobody.invalid").isEmpty)
        await resolver.stop()
        #expect(await resolver.addresses(of: "localhost").isEmpty)
    }

    @Test("TLS asks for the name that the URL has, not for the address")
    func tls() async throws {
        let folder = try TemporaryFolder()
        _ = try Program.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            folder.path + "/key.pem", "-out", folder.path + "/certificate.pem", "-days", "2", "-subj", "/CN=hooks",
            "-addext", "subjectAltName=DNS:hooks.shop.com",
        ])
        let certificate = folder.path + "/certificate.pem"
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: folder.path + "/key.pem", format: .pem))))
        let server = EndpointServer()
        try await server.serve(tls: context) { port in
            let own = NIOSSLTrustRoots.file(certificate)
            let expected: [(host: String, roots: NIOSSLTrustRoots, outcome: AttemptOutcome)] = [
                ("hooks.shop.com", own, .delivered(status: 200)), ("other.shop.com", own, .unreachable(.tls)),
                ("127.0.0.1", own, .unreachable(.tls)), ("hooks.shop.com", .default, .unreachable(.tls)),
            ]
            for (host, roots, outcome) in expected {
                let attempt = try await WebhookSenderTests.send(
                    to: "https://\(host):\(port)/", resolver: FakeResolver([["127.0.0.1"]]), trustRoots: roots)
                #expect(attempt.outcome == outcome)
            }
        }
        #expect(server.requests.count == 1)
    }
}
