import Hummingbird
import Logging
import NIOCore
import NIOPosix
import OnsaleValues
import ServiceLifecycle
import Synchronization
import Testing

@testable import OnsaleEligibility

/// The adapter against a real server on loopback.
@Suite(.timeLimit(.minutes(2))) struct HTTPEligibilityEndpointTests {
    private func withServer(_ body: (_ url: String) async throws -> Void) async throws {
        let router = Router()
        router.post("check") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            let id = request.headers[.init("webhook-id") ?? .accept] ?? ""
            return #"{"eligible": false, "reason": "\#(id), \#(body.readableBytes) bytes"}"#
        }
        router.post("host") { request, _ in request.head.authority ?? "" }
        router.post("elsewhere") { _, _ in Response.redirect(to: "/check", type: .temporary) }
        router.post("long") { _, _ in String(repeating: "x", count: 1 << 20) }
        router.post("slow") { _, _ in
            try await Task.sleep(for: .seconds(30))
            return "{}"
        }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            guard let port = await ports.first(where: { _ in true }) else { return }
            try await body("http://127.0.0.1:\(port)")
            group.cancelAll()
        }
    }

    private func request(_ url: String, callMilliseconds: Int64 = 10_000) throws -> EligibilityRequest {
        var desk = EligibilityDesk(EligibilitySettings(callMilliseconds: callMilliseconds))
        _ = desk.open(try ask(url: url))
        return EligibilityRequest(try #require(desk.calls(at: monday).first), secrets: [], at: monday)
    }

    @Test("It posts once, follows nobody elsewhere, reads no more than it must and waits no longer")
    func posts() async throws {
        try await withServer { url in
            let endpoint = HTTPEligibilityEndpoint { $0 == "127.0.0.1" ? $0 : nil }
            let wanted = try request(url + "/check")
            let answer = EligibilityAnswer(try await endpoint.post(wanted))
            #expect(answer == .init(isEligible: false, reason: "eligibility_ord_1, \(wanted.body.count) bytes"))
            #expect(try await endpoint.post(request(url + "/elsewhere")).status == 307)
            await #expect(throws: HTTPEligibilityEndpoint.Failure.tooLong) {
                try await endpoint.post(try request(url + "/long"))
            }
            let began = ContinuousClock.now
            await #expect(throws: (any Error).self) {
                try await endpoint.post(try request(url + "/slow", callMilliseconds: 200))
            }
            #expect(ContinuousClock.now - began < .seconds(10))
            for other in ["http://localhost:1/", "http://127.0.0.1@localhost:1/", "http://[::1]:1/"] {
                await #expect(throws: HTTPEligibilityEndpoint.Failure.refused, "\(other)") {
                    try await endpoint.post(try request(other))
                }
            }
            await endpoint.close()
        }
    }

    @Test("Whoever only ever says that an answer will follow is cut off")
    func endless() async throws {
        let written = Atomic(0)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EndlessHints { written.add($0, ordering: .relaxed) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let endpoint = HTTPEligibilityEndpoint { $0 }
        let url = "http://127.0.0.1:\(server.localAddress?.port ?? 0)/"
        do {
            _ = try await endpoint.post(request(url, callMilliseconds: 60_000))
            Issue.record("an answer")
        } catch { #expect(!(error is HTTPEligibilityEndpoint.Failure), "it isn't time that ends it: \(error)") }
        #expect(written.load(ordering: .relaxed) < 64 << 20)
        await endpoint.close()
        try await server.close()
    }

    @Test("It connects to the address that was checked, under the name that was asked for")
    func checkedAddress() async throws {
        try await withServer { url in
            let port = try #require(url.split(separator: ":").last)
            // Nobody's names, so whoever looked one up again would reach nothing.
            let endpoint = HTTPEligibilityEndpoint { $0.hasSuffix(".invalid") ? "127.0.0.1" : nil }
            for number in 0..<20 {
                let host = "Club\(number).invalid"
                let answer = try await endpoint.post(request("http://\(host):\(port)/host"))
                #expect(String(decoding: answer.body, as: UTF8.self) == "\(host):\(port)")
            }
            await endpoint.close()
        }
    }
}

/// Answers whatever comes with `103 Early Hints`, until it is cut off.
private final class EndlessHints: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let hints = ByteBuffer(string: String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 500))

    private let wrote: @Sendable (Int) -> Void
    private var hasBegun = false

    init(wrote: @escaping @Sendable (Int) -> Void) { self.wrote = wrote }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasBegun else { return }
        hasBegun = true
        hint(context)
    }

    private func hint(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(EndlessHints.hints)).whenSuccess {
            let (handler, context) = bound.value
            handler.wrote(EndlessHints.hints.readableBytes)
            context.eventLoop.execute { bound.value.0.hint(bound.value.1) }
        }
    }
}
