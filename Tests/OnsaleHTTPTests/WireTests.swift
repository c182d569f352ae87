import Foundation
import NIOCore
import OnsaleEngine
import OnsalePayments
import OnsaleSale
import OnsaleSettlement
import OnsaleValues
import Testing

@testable import OnsaleHTTP

@Suite struct WireTests {
    @Test(
        "Moments are read with any offset and written in UTC with milliseconds",
        arguments: [
            ("2027-03-01T10:00:00.000Z", "2027-03-01T10:00:00.000Z"),
            ("2027-03-01T10:00:00Z", "2027-03-01T10:00:00.000Z"),
            ("2027-03-01T10:00:00.123456+09:00", "2027-03-01T01:00:00.123Z"),
            ("2024-02-29T23:59:59-00:30", "2024-03-01T00:29:59.000Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ])
    func moments(text: String, written: String) {
        #expect(RFC3339.parse(text).map(RFC3339.format) == written)
    }

    @Test(
        "Text that isn't a moment is refused",
        arguments: [
            "", "2027", "2027-13-01T00:00:00Z", "2027-02-29T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:00:00",
            "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00+0900", "1969-12-31T23:59:59Z", "2027-01-01T00:00:00Zx",
            "２０２７-01-01T00:00:00Z",
        ])
    func noMoments(text: String) {
        #expect(RFC3339.parse(text) == nil)
    }

    @Test("Written JSON reads back, whatever its strings contain")
    func escapes() throws {
        let hostile = "\"\\\n\r\t\u{0}\u{1f}</script>무대\u{1F3AB}\u{2028}"
        let buffer = JSONWriter.object { writer in
            writer.member("text", hostile)
            writer.member("number", Int64.min)
            writer.member("none", nil as Timestamp?)
            writer.array("list") { writer in
                writer.integer(1)
                writer.string("")
                writer.object { $0.member(named: hostile, 2) }
            }
        }
        let read = try #require(
            JSONSerialization.jsonObject(with: Data(buffer.readableBytesView)) as? [String: Any])
        #expect(read["text"] as? String == hostile)
        #expect((read["number"] as? NSNumber)?.int64Value == .min)
        #expect(read["none"] is NSNull)
        #expect(((read["list"] as? [Any])?[2] as? [String: Int])?[hostile] == 2)
    }

    @Test(
        "A member's value is cut out unchanged",
        arguments: [
            (#"{"plan":1}"#, "1"), (#"{"a":"plan","plan" : {"x":["}",{}]} ,"b":2}"#, #"{"x":["}",{}]}"#),
            (#" { "a\"plan":1,"plan":"\\\"" } "#, #""\\\"""#), (#"{"plan":1,"plan":[2]}"#, "[2]"),
            (#"{"a":{"plan":1}}"#, nil), ("[]", nil), ("{}", nil), (#"{"plan":true}"#, "true"),
        ] as [(String, String?)])
    func slices(json: String, value: String?) {
        #expect(JSONSlice.value(of: "plan", in: Array(json.utf8)).map { String(decoding: $0, as: UTF8.self) } == value)
    }

    @Test("The shipped plans are read whole", arguments: [("arena", 10_884), ("theatre", 1_216)])
    func examples(name: String, seats: Int) throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Examples/\(name).json").standardized
        let plan = try JSONDecoder().decode(PretixPlan.self, from: Data(contentsOf: url))
        var faults = Faults()
        let categories = Dictionary(uniqueKeysWithValues: plan.categories.enumerated().map { (Name($1.name), $0) })
        #expect(plan.seats(categories: categories, faults: &faults).count == seats)
        #expect(faults.faults.isEmpty)
    }

    @Test("Everything wrong with a new event is reported at once, each fault with its place")
    func faultsByPlace() throws {
        let json = """
            {"id":"Not A Slug","title":"","startsAt":"soon","currency":"won",
             "seatingPlan":{"categories":[{"name":"A"}],"zones":[{"rows":[{"seats":[
               {"seat_guid":"1","position":{"x":0,"y":0},"category":"A"},
               {"seat_guid":"1","position":{"x":0,"y":0},"category":"B"}]}]}]},
             "areas":[{"name":"S","capacity":-1,"category":"S"}],"prices":[{"category":"A","amount":-5}],
             "onsale":{"opensAt":"2027-01-01T00:00:00Z","closesAt":"2026-01-01T00:00:00Z","passSeconds":0}}
            """
        let asked = try Body.decode(CreateEvent.self, ByteBuffer(string: json))
        do {
            _ = try asked.definition(planDigest: nil, now: Timestamp(milliseconds: 0), tag: 1)
            Issue.record("the event was accepted")
        } catch {
            #expect(
                Set(error.faults.map(\.pointer)) == [
                    "/id", "/title", "/startsAt", "/currency", "/seatingPlan/zones/0/rows/0/seats/1/seat_guid",
                    "/seatingPlan/zones/0/rows/0/seats/1/category", "/areas/0/capacity", "/prices/0/amount", "/prices",
                    "/onsale/closesAt", "/onsale/passSeconds",
                ])
        }
    }

    @Test("No CSV field can run as a formula in a spreadsheet")
    func csv() {
        for formula in ["=1+1", " =1+1", "＝1+1"] { #expect(CSV.field(formula) == "'" + formula) }
        #expect(CSV.field("a,\"b\"") == "\"a,\"\"b\"\"\"")
        #expect(CSV.field("plain") == "plain")
    }

    @Test("A token bucket allows its burst, then its rate, and says when to return")
    func rateLimiter() {
        let limiter = RateLimiter("test", perSecond: 2, burst: 3, callersMax: 2)
        let now = Timestamp(milliseconds: 1000)
        #expect((0..<3).map { _ in limiter.take("a", now: now)?.waitSeconds } == [nil, nil, nil])
        let refusal = limiter.take("a", now: now)
        #expect(refusal?.waitSeconds == 1)
        #expect(refusal?.field == #""test";r=0;t=1"# && refusal?.policyField == #""test";q=3;w=2"#)
        #expect(limiter.take("b", now: now)?.waitSeconds == nil)
        #expect(limiter.take("a", now: Timestamp(milliseconds: 1500))?.waitSeconds == nil)
        // One caller more than it remembers: the one silent for longest goes.
        #expect(limiter.take("c", now: now)?.waitSeconds == nil)
    }

    @Test("A webhook's signature is valid only for its body, its secret and its time")
    func webhookSignature() {
        let body = Array("{}".utf8)
        let header = WebhookSignature.make(body, secret: "s", seconds: 1000)
        #expect(WebhookSignature.isValid(header, body, secret: "s", nowSeconds: 1200))
        #expect(!WebhookSignature.isValid(header, body, secret: "s", nowSeconds: 1400))
        #expect(!WebhookSignature.isValid(header, body, secret: "t", nowSeconds: 1000))
        #expect(!WebhookSignature.isValid(header, body + [32], secret: "s", nowSeconds: 1000))
        #expect(
            !WebhookSignature.isValid(
                "t=9223372036854775807,v1=" + String(repeating: "0", count: 64), body, secret: "s", nowSeconds: 0))
        for broken in ["", "t=", "v1=", "t=1000", "t=x,v1=y", ",,,", "t=1000,v1=zz"] {
            #expect(!WebhookSignature.isValid(broken, body, secret: "s", nowSeconds: 1000))
        }
    }

    @Test("A client is whom a trusted proxy names, otherwise who connects; IPv6 counts by subscriber")
    func clientAddress() {
        func client(_ peer: String, _ forwardedFor: String?) -> String {
            ClientAddress(
                peer: peer, forwardedFor: forwardedFor.map { [$0] } ?? [], trustedProxies: ["127.0.0.1", "10.0.0.1"]
            ).text
        }
        #expect(client("127.0.0.1", "203.0.113.7") == "203.0.113.7")
        #expect(client("127.0.0.1", "6.6.6.6, 203.0.113.7, 10.0.0.1") == "203.0.113.7", "what a client adds is ignored")
        #expect(client("198.51.100.1", "203.0.113.7") == "198.51.100.1", "a stranger is not believed")
        #expect(client("127.0.0.1", nil) == "127.0.0.1")
        #expect(client("::ffff:198.51.100.1", nil) == "198.51.100.1")
        #expect(client("2001:db8:1:2:3::4", nil) == client("2001:db8:1:2:ffff::1", nil))
        #expect(client("2001:db8:1:2::1", nil) != client("2001:db8:1:3::1", nil))
        #expect(ClientAddress(peer: "::ffff:127.0.0.1", forwardedFor: [], trustedProxies: []).isLoopback)
    }
}
