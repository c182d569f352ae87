import Doubles
import AsyncHTTPClient
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import OnsaleEngine
import OnsaleSale
import OnsaleSettlement
import OnsaleValues
import Synchronization
import Testing

@testable import OnsaleHTTP
@testable import OnsalePayments

/// What strangers may send, and how much they may take.
@Suite struct HostileInputTests {
    private func check(_ json: String) -> JSONCheck.Fault? {
        do throws(JSONCheck.Fault) { try JSONCheck.check(Array(json.utf8)) } catch { return error }
        return nil
    }

    @Test("A member that appears twice, however it is spelled, is refused; the same name in another object is not")
    func duplicateMembers() {
        #expect(check(#"{"a":1,"a":2}"#) == .nameTwice("a"))
        #expect(check(#"{"a":1,"\u0061":2}"#) == .nameTwice("a"))
        #expect(check(#"{"x":[{"a":1},{"a":2}],"a":{"a":3}}"#) == nil)
        #expect(check(#"{"a":{"b":1,"c":[1,{"b":2}]},"b":"a","c":"a,\"a\":1"}"#) == nil)
        let many = (0..<40).map { #""m\#($0)":0"# }.joined(separator: ",")
        #expect(check("{\(many)}") == nil)
        #expect(check("{\(many),\"m3\":1}") == .nameTwice("m3"))
    }

    @Test("Names over a hundred bytes and endless nesting are refused before anything is decoded")
    func longNames() {
        #expect(check(#"{"\#(String(repeating: "n", count: 100))":1}"#) == nil)
        #expect(check(#"{"\#(String(repeating: "n", count: 101))":1}"#) == .nameTooLong)
        #expect(check(#"{"v":"\#(String(repeating: "n", count: 1000))"}"#) == nil)
        #expect(check(String(repeating: "[", count: 100)) == .tooDeep)
    }

    @Test("Names are compared as bytes, so text that is slow to compare costs no more than any other")
    func namesAreBytes() {
        #expect(Name("é") != Name("e\u{301}"))
        #expect(Name("seat") == Name("seat") && Set([Name("a"), Name("b"), Name("a")]).count == 2)
        let marks = String(repeating: "\u{316}\u{301}", count: 30_000)
        let names = Dictionary(uniqueKeysWithValues: (0..<50).map { (Name(marks + "\($0)"), $0) })
        // This would take minutes if each comparison sorted the marks first.
        #expect(names[Name(marks + "7")] == 7)
    }

    @Test("A webhook's time may be any number, and its header any length")
    func webhookNumbers() {
        let code = String(repeating: "0", count: 64)
        for seconds in ["-9223372036854775808", "9223372036854775807", "99999999999999999999", "-1", "1e19", "+5"] {
            #expect(
                !WebhookSignature.isValid("t=\(seconds),v1=\(code)", [], secret: "s", nowSeconds: 1_800_000_000))
            #expect(!WebhookSignature.isValid("t=\(seconds),v1=\(code)", [], secret: "s", nowSeconds: .min))
        }
        let many = (0..<1000).map { _ in "v1=\(code)" }.joined(separator: ",")
        #expect(!WebhookSignature.isValid("t=5,\(many)", [], secret: "s", nowSeconds: 5))
    }

    @Test("A provider may ask for any delay, but gets an hour at most")
    func retryAfter() {
        for (text, seconds) in [
            ("-9223372036854775808", 0), ("9223372036854775807", 3600), ("7", 7), ("-1", 0), ("0", 0),
        ] {
            #expect(HTTPClient.Exchange.seconds(text) == seconds, "\(text)")
        }
        for text in ["99999999999999999999", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            #expect(HTTPClient.Exchange.seconds(text) == nil, "\(text)")
        }
    }

    @Test("JSON must be UTF-8: in UTF-16, readers disagree on what is a name")
    func otherEncodings() {
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf16, .utf32] {
            let body = Array(#"{"a":1,"a":2}"#.data(using: encoding) ?? Data())
            #expect(throws: JSONCheck.Fault.notUTF8) { try JSONCheck.check(body) }
        }
    }

    @Test("Moments outside UTC's years and leap seconds are refused")
    func moments() {
        for bad in [
            "2016-12-31T23:59:60Z", "9999-12-31T23:59:59-01:00", "1970-01-01T00:30:00+01:00", "0000-01-01T00:00:00Z",
        ] {
            #expect(RFC3339.parse(bad) == nil, "\(bad)")
        }
        #expect(RFC3339.parse("9999-12-31T23:59:59.999Z") != nil)
        #expect(RFC3339.parse("9999-12-31T23:59:59+00:01") != nil)
    }

    @Test("CSV quotes a lone CR or LF just like both together")
    func csvLineEnds() {
        #expect(CSV.field("a\rb") == "\"a\rb\"")
        #expect(CSV.field("a\nb") == "\"a\nb\"")
        #expect(CSV.field("a\r\nb") == "\"a\r\nb\"")
        #expect(CSV.field("\r=1") == "\"'\r=1\"")
    }

    @Test("Currencies must be in ISO 4217; takings beyond what the ledger can hold are refused")
    func currencies() {
        for known in ["KRW", "EUR", "USD", "JPY", "BHD"] { #expect(Currency(code: known) != nil) }
        for unknown in ["ABC", "krw", "KR", "XXX", "KRWW", "₩₩₩"] { #expect(Currency(code: unknown) == nil) }
        #expect(Currency(code: "KRW")?.minorDigits == 0 && Currency(code: "USD")?.minorDigits == 2)
        #expect(Currency(code: "KWD")?.minorDigits == 3)
        func fault(price: Int64, capacity: Int) -> String? {
            let body = """
                {"title":"T","startsAt":"2030-01-01T00:00:00Z","currency":"KRW",
                 "areas":[{"name":"A","capacity":\(capacity),"category":"A"}],"prices":[{"category":"A","amount":\(price)}]}
                """
            do {
                let asked = try Body.decode(CreateEvent.self, ByteBuffer(string: body))
                _ = try asked.definition(planDigest: nil, now: Timestamp(milliseconds: 0), tag: 1)
                return nil
            } catch {
                return error.detail
            }
        }
        #expect(fault(price: 1_000_000_000, capacity: 1_000_000) == nil)
        #expect(fault(price: 1_000_000_001, capacity: 1_000_000)?.contains("10^15") == true)
        #expect(fault(price: 1_000_000_000_000, capacity: 1_000_000)?.contains("10^15") == true)
    }

    @Test("A forwarded request never counts as local, and all unreadable addresses are one caller")
    func forwarded() {
        func client(_ peer: String, _ forwarded: [String], trusted: Set<String> = []) -> ClientAddress {
            ClientAddress(peer: peer, forwardedFor: forwarded, trustedProxies: trusted)
        }
        #expect(client("127.0.0.1", []).isLoopback)
        #expect(!client("127.0.0.1", ["203.0.113.7"]).isLoopback)
        #expect(!client("127.0.0.1", ["127.0.0.1"], trusted: ["127.0.0.1"]).isLoopback)
        let plain = client("127.0.0.1", ["203.0.113.7"], trusted: ["127.0.0.1"]).text
        for spelling in ["203.0.113.7:443", " 203.0.113.7 ", "::ffff:203.0.113.7", "[::ffff:203.0.113.7]:1"] {
            #expect(client("127.0.0.1", [spelling], trusted: ["127.0.0.1"]).text == plain, "\(spelling)")
        }
        let zoned = client("127.0.0.1", ["fe80::1%eth0"], trusted: ["127.0.0.1"]).text
        #expect(zoned == client("127.0.0.1", ["[fe80::2%lo]:9"], trusted: ["127.0.0.1"]).text)
        let strangers = ["garbage", "", "1.2.3", "999.1.1.1", String(repeating: "e\u{301}", count: 500)].map {
            client("127.0.0.1", [$0], trusted: ["127.0.0.1"]).text
        }
        #expect(Set(strangers) == ["unknown"])
        #expect(client("127.0.0.1", ["1.1.1.1", "203.0.113.7"], trusted: ["127.0.0.1"]).text == plain)
    }

    @Test("A full table evicts the caller silent for longest, and keeps the others' counts")
    func limiterKeepsCounts() {
        let limiter = RateLimiter("test", perSecond: 0.001, burst: 1, callersMax: 3)
        let now = Timestamp(milliseconds: 1000)
        for caller in ["a", "b", "c"] { #expect(limiter.take(caller, now: now) == nil) }
        #expect(limiter.take("d", now: now) == nil)
        for caller in ["b", "c"] { #expect(limiter.take(caller, now: now) != nil, "a newcomer freed \(caller)") }
    }

    @Test("One client gets its share of connections, a whole site four times as many")
    func shares() {
        let shares = ConnectionShares(perAddress: 2)
        func network(_ text: String) -> ClientNetwork { ClientNetwork(IPAddress(text) ?? IPAddress("::")!) }
        let one = network("203.0.113.7")
        #expect(shares.take(one) && shares.take(one) && !shares.take(one))
        shares.giveBack(one)
        #expect(shares.take(one))
        #expect(shares.take(network("203.0.113.8")))
        // A /48 of many /64s.
        let taken = (0..<40).count { shares.take(network("2001:db8:1:\(String($0 * 64, radix: 16))::1")) }
        #expect(taken == 8)
        #expect(shares.take(network("2001:db8:2::1")))
    }

    @Test("A mailbox is one buyer, however it is written")
    func mailboxes() {
        let plain = MailAddress("fan@example.com")
        #expect(plain != nil && plain == MailAddress(" FAN@Example.COM ") && plain == MailAddress("ｆａｎ＠example.com"))
        let google = MailAddress("some.fan@gmail.com")
        #expect(google != nil && google == MailAddress("somefan+tickets@googlemail.com"))
        #expect(MailAddress("some.fan@example.com") != MailAddress("somefan@example.com"))
        #expect(MailAddress("e\u{301}@example.com") == MailAddress("é@example.com"))
        for bad in ["", "@", "a@", "@b", "a@b@c", "a b@c", String(repeating: "a", count: 251) + "@b.c", "+@gmail.com"] {
            #expect(MailAddress(bad) == nil, "\(bad)")
        }
    }

    // MARK: Slow and silent connections

    private func channel(shares: ConnectionShares = .init(perAddress: 10)) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(
            handler: ConnectionGuard(shares: shares, metrics: RequestMetrics(), isLimited: { _ in false }))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private let head = HTTPRequestPart.head(HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/"))

    private func answer(_ channel: EmbeddedChannel) throws {
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .unauthorized)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    @Test("A request that trickles in after a refused one is cut off like any other")
    func tricklingSecondRequest() throws {
        let channel = try channel()
        try channel.writeInbound(head)
        // The first is refused before it has fully arrived; then it ends, and the next begins and never ends.
        try answer(channel)
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeInbound(head)
        channel.embeddedEventLoop.advanceTime(by: .seconds(50))
        #expect(channel.isActive)
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(!channel.isActive)
    }

    @Test("A request waiting for its answer is not cut off, however long it takes")
    func slowAnswer() throws {
        let channel = try channel()
        try channel.writeInbound(head)
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .seconds(300))
        #expect(channel.isActive)
        try answer(channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(80))
        #expect(!channel.isActive)
    }

    @Test("Anything but HTTP gets a problem with a request id, and the connection closes")
    func parserRefuses() throws {
        let channel = try channel()
        channel.pipeline.fireErrorCaught(HTTPParserError.invalidMethod)
        guard case .head(let head)? = try channel.readOutbound(as: HTTPResponsePart.self) else {
            Issue.record("no answer")
            return
        }
        #expect(head.status.code == 400 && head.headerFields[.contentType] == "application/problem+json")
        #expect(head.headerFields[.xRequestID] != nil && head.headerFields[.connection] == "close")
        #expect(!channel.isActive)
    }

    // MARK: Plans

    @Test("A plan is loaded once for everyone asking at the same moment, and the cache is bounded in bytes")
    func plansAreLoadedOnce() async throws {
        let journal = MemoryJournal()
        let engine = Engine(
            journal: journal, clock: try SystemClock(), payments: FakeGateway(),
            logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }, fatal: { fatalError($0) })
        let plans = (0..<4).map { plan in (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ plan) } }
        for (number, plan) in plans.enumerated() { try journal.putDocument(plan, digest: [UInt8(number)]) }
        let cache = PlanCache(engine: engine, bytesMax: 250_000)
        let loaded = try await withThrowingTaskGroup(of: Int.self) { group in
            for request in 0..<400 {
                group.addTask { try await cache.plain([UInt8(request % 2)])?.readableBytes ?? 0 }
            }
            return try await group.reduce(into: 0) { $0 += $1 }
        }
        #expect(loaded == 400 * 100_000)
        #expect(cache.loads == 2)
        for number in 0..<4 { _ = try await cache.plain([UInt8(number)]) }
        #expect(cache.bytesKept <= 250_000)
        #expect(try await cache.gzipped([9]) == nil)
    }
}
