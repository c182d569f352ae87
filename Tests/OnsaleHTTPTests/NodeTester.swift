import AsyncHTTPClient
import Doubles
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import OnsaleEngine
import OnsaleHistory
import OnsaleStreams
import Synchronization
import Testing

@testable import OnsaleHTTP

/// Where events are, as a test says.
final class PlacesDouble: EventPlaces {
    private struct State {
        var peers: [Peer] = []
        var creator: Peer?
        var owners: Set<String>?
        /// By event; the last one stays.
        var places: [String: [EventPlace]] = [:]
        var unanswered: [String] = []
        var asked = 0
    }

    let node: String
    let secret = "what nodes show each other"
    private let state = Mutex(State())

    init(_ node: String) {
        self.node = node
    }

    var peers: [Peer] { state.withLock { $0.peers } }
    var creator: Peer? { state.withLock { $0.creator } }
    /// All peers, unless a test says otherwise.
    var owners: Set<String> { state.withLock { $0.owners ?? Set($0.peers.map(\.name)) } }
    /// The peers that gave no answer.
    var unanswered: [String] { state.withLock { $0.unanswered } }

    /// How often it was asked where an event is.
    var asked: Int { state.withLock { $0.asked } }

    func set(peers: [Peer]) { state.withLock { $0.peers = peers } }
    func set(owners: Set<String>) { state.withLock { $0.owners = owners } }
    func set(creator: Peer) { state.withLock { $0.creator = creator } }

    /// Says where an event is: each answer once, the last one for ever.
    func put(_ event: String, _ places: EventPlace...) { state.withLock { $0.places[event] = places } }

    func place(of event: String) -> EventPlace {
        state.withLock { state in
            state.asked += 1
            guard let places = state.places[event], let first = places.first else { return .here }
            if places.count > 1 { state.places[event] = Array(places.dropFirst()) }
            return first
        }
    }

    func noteAnswer(from peer: Peer) {}

    func noteNoAnswer(from peer: Peer, since: Int64) {
        state.withLock { $0.unanswered.append(peer.name) }
    }
}

/// A node on a loopback port of its own, with an engine of its own.
struct NodeTester: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: ByteBuffer

        func header(_ name: String) -> String? { headers.first(name: name) }
        var json: [String: Any]? {
            (try? JSONSerialization.jsonObject(with: Data(body.readableBytesView))) as? [String: Any]
        }
        func text(_ name: String) throws -> String {
            try #require(json?[name] as? String, "\(name) in \(String(buffer: body))")
        }
        var problem: String? { (json?["type"] as? String)?.split(separator: "/").last.map(String.init) }
        /// Which node it came to, and which answered.
        var way: [String?] { [header("onsale-node"), header("onsale-owner")] }
    }

    let places: PlacesDouble
    let port: Int
    let engine: Engine
    let gateway: FakeGateway
    let broadcaster: Broadcaster

    var peer: Peer { Peer(name: places.node, url: "http://127.0.0.1:\(port)") }

    /// Runs a node; whatever happens, it has stopped afterwards.
    static func run(
        _ name: String, limitsLoopback: Bool = false, _ body: @Sendable (NodeTester) async throws -> Void
    ) async throws {
        // This handler keeps metadata, which includes the request's id.
        var logger = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        let journal = MemoryJournal()
        let timelines = TimelineFollower(journal: journal)
        let gateway = FakeGateway()
        let engine = Engine(
            journal: journal, clock: try SystemClock(), payments: gateway, followers: [timelines], logger: logger,
            fatal: { fatalError($0) })
        try engine.start()
        let broadcaster = Broadcaster(listenersMax: 10)
        let places = PlacesDouble(name)
        let service = try await OnsaleService(
            engine: engine,
            settings: .init(
                adminToken: AdminToken(ServiceTester.adminToken), doorToken: nil,
                tokenSecret: String(repeating: "t", count: 32),
                barcodeSecret: "b", login: .open, webhookSecret: "w", limitsLoopback: limitsLoopback),
            broadcaster: broadcaster, shares: ClientShares(perAddress: 100), client: .shared,
            history: EventHistory(journal: journal, timelines: timelines),
            readiness: Readiness(engine: engine, disk: DiskWatch(path: "/")), version: "1", places: places,
            logger: logger)
        let (ports, portKnown) = AsyncStream.makeStream(of: Int.self)
        let application = OnsaleServer(service: service, logger: logger).application(
            host: "127.0.0.1", port: 0, connectionsMax: 200
        ) { port in
            portKnown.yield(port)
            portKnown.finish()
        }
        let serving = Task {
            try? await application.run()
            portKnown.finish()
        }
        var failure: (any Error)?
        do {
            let port = try #require(await ports.first { _ in true }, "the node did not start")
            try await body(
                NodeTester(places: places, port: port, engine: engine, gateway: gateway, broadcaster: broadcaster))
        } catch { failure = error }
        serving.cancel()
        await serving.value
        try await service.close()
        await broadcaster.stop()
        await engine.stop()
        if let failure { throw failure }
    }

    /// Two nodes that know of each other. Everything is at both, unless the test says otherwise.
    static func pair(
        limitsLoopback: Bool = false, _ body: @escaping @Sendable (NodeTester, NodeTester) async throws -> Void
    ) async throws {
        try await run("north", limitsLoopback: limitsLoopback) { north in
            try await run("south", limitsLoopback: limitsLoopback) { south in
                north.places.set(peers: [south.peer])
                south.places.set(peers: [north.peer])
                try await body(north, south)
            }
        }
    }

    // MARK: Asking

    func ask(
        _ method: HTTPMethod, _ path: String, token: String? = nil, _ body: String? = nil, headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)" + path)
        request.method = method
        request.headers = headers
        if let token { request.headers.add(name: "authorization", value: "Bearer " + token) }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        return Answer(
            status: Int(answer.status.code), headers: answer.headers, body: try await answer.body.collect(upTo: 1 << 24)
        )
    }

    /// Creates an event with two seats, A1 and A2, and a standing area, the same one at each of these nodes.
    static func create(_ event: String, at nodes: NodeTester...) async throws {
        let json = """
            {"id":"\(event)","title":"Opera","startsAt":"2030-01-01T20:00:00.000Z","currency":"KRW",
             "seatingPlan":{"name":"Hall","categories":[{"name":"VIP"}],"zones":[{"rows":[{"seats":[
               {"seat_guid":"A1","position":{"x":0,"y":0},"category":"VIP"},
               {"seat_guid":"A2","position":{"x":20,"y":0},"category":"VIP"}]}]}]},
             "areas":[{"name":"Standing","capacity":500,"category":"Standing"}],
             "limits":{"ticketsPerBuyer":100},
             "prices":[{"category":"VIP","amount":99000},{"category":"Standing","amount":55000}]}
            """
        guard let first = nodes.first else { return }
        let parsed = try EventImport.definition(fromJSON: ByteBuffer(string: json), now: first.engine)
        for node in nodes { _ = try await EventImport.create(parsed, in: node.engine) }
    }

    func session(_ email: String = "fan@example.com") async throws -> String {
        try await ask(.POST, "/v1/sessions", #"{"email":"\#(email)"}"#).text("token")
    }

    /// Joins and gets in.
    func pass(_ event: String, session: String) async throws -> String {
        let room = "/v1/events/\(event)/waiting-room"
        let ticket = try await ask(.POST, room, token: session).text("ticket")
        return try await ask(.POST, room + "/pass", token: session, #"{"ticket":"\#(ticket)"}"#).text("pass")
    }

    /// Holds a standing place and pays for it.
    func buy(_ event: String, pass: String, key: String) async throws -> String {
        let path = "/v1/events/\(event)"
        let hold = try await ask(.POST, path + "/holds", token: pass, #"{"area":"Standing","quantity":1}"#).text("hold")
        let order = try await ask(
            .POST, path + "/orders", token: pass, #"{"hold":"\#(hold)","payment":{"method":"card"}}"#,
            headers: ["idempotency-key": key, "prefer": "wait=10"])
        return try order.text("order")
    }
}

/// A node that answers as a test wants, or doesn't.
struct FalsePeer: Sendable {
    let port: Int
    private let seen: SeenRequests

    final class SeenRequests: Sendable {
        let all = Mutex<[HTTPRequest]>([])
    }

    func peer(_ name: String) -> Peer { Peer(name: name, url: "http://127.0.0.1:\(port)") }
    /// The requests that came.
    var requests: [HTTPRequest] { seen.all.withLock { $0 } }

    /// - Parameters:
    ///   - name: the node's, in all its answers; nil for something that is no node.
    ///   - answer: nil hangs up.
    static func run(
        as name: String? = "south", answer: @escaping @Sendable (HTTPRequest) async -> Response?,
        _ body: @Sendable (FalsePeer) async throws -> Void
    ) async throws {
        let seen = SeenRequests()
        let router = Router(context: OnsaleContext.self)
        for method in [.get, .post, .delete, .patch] as [HTTPRequest.Method] {
            router.on("**", method: method) { request, context -> Response in
                _ = try await request.body.collect(upTo: 1 << 20)
                seen.all.withLock { $0.append(request.head) }
                if var response = await answer(request.head) {
                    response.headers[.onsaleNode] = name
                    return response
                }
                try await context.channel.close()
                return Response(status: .ok)
            }
        }
        let (ports, portKnown) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                portKnown.yield(channel.localAddress?.port ?? 0)
                portKnown.finish()
            }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let serving = Task {
            try? await application.run()
            portKnown.finish()
        }
        var failure: (any Error)?
        do {
            let port = try #require(await ports.first { _ in true }, "the false node did not start")
            try await body(FalsePeer(port: port, seen: seen))
        } catch { failure = error }
        serving.cancel()
        await serving.value
        if let failure { throw failure }
    }

    /// A node that is gone: its port is closed.
    static func gone(_ name: String) async throws -> Peer {
        let port = Mutex(0)
        try await run(answer: { _ in nil }) { peer in port.withLock { $0 = peer.port } }
        return Peer(name: name, url: "http://127.0.0.1:\(port.withLock { $0 })")
    }
}
