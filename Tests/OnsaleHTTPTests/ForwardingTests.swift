import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import OnsaleEngine
import OnsaleValues
import Testing

@testable import OnsaleHTTP

/// The parts of passing on, each alone.
@Suite struct ForwardingTests {
    private static let south = Peer(name: "south", url: "http://10.0.0.2:8080")

    @Test("Requests to one node are bounded by lane, and room comes back when the answer's last user is gone")
    func bounded() async throws {
        let pool = PeerPool()
        var rooms: [PeerPool.Room] = []
        while let room = pool.take(Self.south, .prompt) { rooms.append(room) }
        #expect(rooms.count == PeerPool.Lane.prompt.requestsMax)
        #expect(pool.take(Self.south, .patient) != nil)
        #expect(pool.take(Peer(name: "west", url: "http://10.0.0.3:8080"), .prompt) != nil)
        rooms.removeLast()
        #expect(pool.take(Self.south, .prompt) != nil)
        try await pool.shutdown()
    }

    @Test("Whatever the target is, the request goes to the peer's host; a peer without a usable address is none")
    func urls() {
        for (target, url) in [
            ("/v1/events?a=b", "http://10.0.0.2:8080/v1/events?a=b"), ("//evil/x", "http://10.0.0.2:8080//evil/x"),
            ("/a@evil", "http://10.0.0.2:8080/a@evil"), ("/a#b", "http://10.0.0.2:8080/a"),
            ("http://evil/", nil), ("@evil/", nil), (":9/", nil), ("", nil),
        ] as [(String, String?)] {
            #expect(Forwarder.url(Self.south, target) == url, "\(target)")
        }
        for url in ["", "10.0.0.2:8080", "ftp://a", "http://", "http://10.0.0.2:99999", "http://u@a", "http://a b"] {
            #expect(Forwarder.url(Peer(name: "x", url: url), "/") == nil, "\(url)")
        }
        #expect(Forwarder.url(Peer(name: "x", url: "https://a.example/"), "/b") == "https://a.example/b")
    }

    @Test("Only what is certain not to have been sent counts as unsent")
    func outcomes() {
        for error in [HTTPClientError.connectTimeout, .getConnectionFromPoolTimeout] {
            #expect(Forwarder.outcome(error) == .unreachable, "\(error)")
        }
        #expect(Forwarder.outcome(IOError(errnoCode: 111, reason: "connect")) == .unreachable)
        #expect(Forwarder.outcome(ChannelError.connectTimeout(.seconds(1))) == .unreachable)
        for error in [HTTPClientError.deadlineExceeded, .readTimeout] {
            #expect(Forwarder.outcome(error) == .late, "\(error)")
        }
        for error in [
            HTTPClientError.remoteConnectionClosed, HTTPClientError.cancelled, ChannelError.ioOnClosedChannel,
            IOError(errnoCode: 104, reason: "read"), CancellationError(), HTTPParserError.invalidVersion,
        ] as [any Error] {
            #expect(Forwarder.outcome(error) == .lost, "\(error)")
        }
    }

    @Test("A node that is silent is given up after its time")
    func late() async throws {
        try await FalsePeer.run(answer: { _ in
            try? await Task.sleep(for: .seconds(60))
            return nil
        }) { peer in
            let forwarder = Forwarder(secret: NodeSecret("0123456789abcdef"))
            let sent = Forwarder.Sent(
                method: .get, target: "/silent", fields: [:], body: nil, lane: .prompt, seconds: 1)
            let outcome = await forwarder.send(sent, to: peer.peer("south"))
            try await forwarder.pool.shutdown()
            guard case .unknown(.late) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    @Test("What nodes say is believed with the secret alone, and taken out of the request in any case")
    func relays() throws {
        let secret = NodeSecret("0123456789abcdef")
        func take(_ fields: HTTPFields) throws -> (Relay?, HTTPFields) {
            var request = Request(
                head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/", headerFields: fields),
                body: RequestBody(buffer: ByteBuffer()))
            let relay = Relay.take(from: &request, secret: secret)
            for name in HTTPField.Name.betweenNodes { #expect(!request.headers.contains(name), "\(name)") }
            return (relay, request.headers)
        }
        let said: HTTPFields = [.onsaleHops: "1", .forwardedFor: "10.1.2.3", .onsalePart: "own a b", .accept: "x"]
        for wrong in [nil, "", "0123456789abcde", "0123456789abcdefg", "0123456789abcdeF"] as [String?] {
            var fields = said
            fields[.onsaleNodeSecret] = wrong
            let (relay, rest) = try take(fields)
            #expect(relay == nil && rest == [.accept: "x"], "\(wrong ?? "none")")
        }
        var fields = said
        fields[.onsaleNodeSecret] = secret.text
        let relay = try #require(try take(fields).0)
        #expect(relay.hops == 1 && relay.client?.text == "10.1.2.3" && relay.ownPart == ["a", "b"])
        // Who shows the secret and says no number of nodes is passed on by nobody.
        for (hops, read) in [("0", 1), ("2", 2), ("-5", 1), ("x", 2), ("999", 2), (nil, 2)] as [(String?, Int)] {
            fields[.onsaleHops] = hops
            #expect(try take(fields).0?.hops == read, "\(hops ?? "none")")
        }
        fields.append(HTTPField(name: .onsaleNodeSecret, value: secret.text))
        #expect(try take(fields).0 == nil)
    }

    @Test("Fields for one connection alone are removed, those that Connection names included")
    func hopByHop() throws {
        var fields: HTTPFields = [
            .connection: "close, X-Mine ,\tx-Other", .transferEncoding: "chunked", .upgrade: "h2c", .te: "trailers",
            .accept: "a", .contentType: "b",
        ]
        for name in ["X-Mine", "x-other", "X-Third", "Keep-Alive", "Proxy-Authorization"] {
            fields[try #require(HTTPField.Name(name))] = "1"
        }
        fields.append(HTTPField(name: .setCookie, value: "one"))
        fields.append(HTTPField(name: .setCookie, value: "two"))
        let rest = HopByHop.removed(from: fields)
        #expect(
            rest.map { "\($0.name.rawName): \($0.value)" } == [
                "Accept: a", "Content-Type: b", "X-Third: 1", "Set-Cookie: one", "Set-Cookie: two",
            ])
    }

    @Test("What one node tells another of a buyer's orders is read back whole, and not at all if it is cut")
    func orderLines() throws {
        let id = PublicID(.order, at: Timestamp(milliseconds: 1_800_000_000_000), serial: 7, tag: 9)
        let json = ByteBuffer(string: #"{"order":"\#(id.text)","event":"a\nb"}"#)
        let part = OrderPart(
            events: ["opera", "ballet"],
            orders: [ListedOrder(id: id.text, rank: OrderRank(id), json: json)])
        let bytes = OrderLines.bytes(part)
        let read = try #require(OrderLines.part(bytes))
        #expect(read.events == part.events && read.orders.map(\.id) == [id.text])
        #expect(read.orders.map(\.json) == [json] && read.orders.map(\.rank) == [OrderRank(id)])
        for length in 0..<bytes.readableBytes {
            let cut = try #require(bytes.getSlice(at: 0, length: length))
            // Cut between two lines it is whole, only shorter: the length of the answer tells.
            if OrderLines.part(cut) != nil { #expect(cut.readableBytesView.last == UInt8(ascii: "}")) }
        }
        for bad in ["", "null", "{}", "{\"events\":[]}\n", "{\"events\":[]}\n{\"order\":\"ord_1\"}"] {
            #expect(OrderLines.part(ByteBuffer(string: bad)) == nil, "\(bad)")
        }
    }

    @Test("Who owns what is told sorted, and what isn't known is left out")
    func clusterPicture() {
        let moment = Timestamp(milliseconds: 1_800_000_000_000)
        let picture = ClusterPicture(
            node: "north",
            nodes: [
                .init(name: "south", url: "http://b", since: moment),
                .init(name: "north", url: "http://a", since: moment),
            ],
            events: [
                .init(event: "opera", owner: "south", epoch: 3, since: moment, behind: 12),
                .init(event: "ballet", owner: nil, epoch: 1, since: moment, behind: nil),
            ])
        #expect(
            String(buffer: picture.json) == #"{"node":"north","nodes":["#
                + #"{"name":"north","url":"http://a","since":"2027-01-15T08:00:00.000Z"},"#
                + #"{"name":"south","url":"http://b","since":"2027-01-15T08:00:00.000Z"}],"events":["#
                + #"{"event":"ballet","owner":null,"epoch":1,"since":"2027-01-15T08:00:00.000Z"},"#
                + #"{"event":"opera","owner":"south","epoch":3,"since":"2027-01-15T08:00:00.000Z","behind":12}]}"#)
    }
}
