import Foundation
import HTTPTypes
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Seeded
import Testing

@testable import OnsaleHTTP
@testable import OnsalePayments

/// Mutated bytes into everything that parses input from outside. A trap ends the process, with the seed already
/// printed. What was read must survive being written and read again.
///
/// A few seconds in `make test`; as long as `ONSALE_FUZZ_SECONDS` says in `make fuzz`.
@Suite(.serialized) struct FuzzTests {
    /// Pieces that have broken parsers before.
    private static let pieces: [[UInt8]] =
        [
            "-9223372036854775808", "9223372036854775807", "18446744073709551616", "1e308", "-1e309", "1e19",
            "0.1e-400",
            "null", "true", "{}", "[]", "{\"a\":1,\"a\":2}", "\"\\u0000\"", "\"\\ud800\"", "\\", "\"", "%00", "%zz",
            "..",
            "\u{301}\u{316}\u{301}", "\u{feff}", "\u{202e}", "９", "：", ",", ";", "=", ":", "-", "Z", "+24:00", "::1%x",
            "[::1]:99999", "byr_", "ord_", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "requires_action", "succeeded",
        ].map { Array($0.utf8) } + [
            [0], [0xff], [0x80], [0xc0, 0xaf], [0x7f], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ]

    private static func mutate(_ seed: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = seed
        for _ in 0...Int.random(in: 0..<5, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2 where at < bytes.count:
                bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...9, using: &random)))
            case 3 where at < bytes.count:
                let end = min(bytes.count, at + Int.random(in: 1...20, using: &random))
                bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
            case 4: bytes = Array(bytes.prefix(at))
            default: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
            }
        }
        return bytes
    }

    // MARK: What is parsed

    private struct Target: Sendable {
        let name: String
        let seeds: [[UInt8]]
        let read: @Sendable ([UInt8]) throws -> Void
    }

    private static func text(_ name: String, _ seeds: [String], _ read: @escaping @Sendable (String) throws -> Void)
        -> Target
    {
        Target(name: name, seeds: seeds.map { Array($0.utf8) }) { try read(String(decoding: $0, as: UTF8.self)) }
    }

    private static func body(
        _ name: String, _ seeds: [String], _ read: @escaping @Sendable (ByteBuffer) throws -> Void
    ) -> Target {
        Target(name: name, seeds: seeds.map { Array($0.utf8) }) { try read(ByteBuffer(bytes: $0)) }
    }

    private static let moment = Timestamp(milliseconds: 1_800_000_000_000)

    private static let event = """
        {"id":"show","title":"Show","venue":"Hall","startsAt":"2030-01-01T10:00:00Z","currency":"KRW","stage":{"x":1,"y":2},
         "seatingPlan":{"name":"H","categories":[{"name":"A"}],"zones":[{"position":{"x":1.5,"y":-2},"rows":[{"position":
         {"x":0,"y":0},"seats":[{"seat_guid":"a","position":{"x":1,"y":2},"category":"A"},{"seat_guid":"b","position":
         {"x":11,"y":2},"category":"A"}]}],"areas":[{"position":{"x":0,"y":0},"text":{"text":"stage"}}]}]},
         "areas":[{"name":"S","capacity":20,"category":"F"}],"prices":[{"category":"A","amount":5},{"category":"F","amount":3}],
         "onsale":{"lobbyOpensAt":null,"opensAt":"2027-01-01T00:00:00.000Z","passIdleSeconds":60,"maxActiveShoppers":5},
         "limits":{"ticketsPerBuyer":4,"holdSeconds":30,"preventOrphans":true}}
        """

    private static let intent = """
        {"id":"pi_1","object":"payment_intent","amount":5000,"amount_received":5000,"currency":"krw","status":"succeeded",
         "metadata":{"order":"ord_1"},"latest_charge":{"id":"ch_1","amount_refunded":5,"disputed":false},"created":1800000000,
         "next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://bank.example/"}}}
        """

    private static let targets: [Target] =
        [
            body("event", [event]) { body in
                let definition = try Body.decode(CreateEvent.self, body)
                    .definition(planDigest: nil, now: moment, tag: 1)
                // What is accepted can be put on sale.
                _ = Partition(definition: definition)
            },
            body("session", [#"{"email":"fan@example.com"}"#]) {
                _ = MailAddress(try Body.decode(CreateSession.self, $0).email)
            },
            body(
                "hold",
                [
                    #"{"seats":["a","b"]}"#, #"{"area":"S","quantity":2}"#, #"{"best":{"category":"A","quantity":2}}"#,
                ]
            ) { _ = try Body.decode(CreateHold.self, $0).selection(in: plan) },
            body("order", [#"{"hold":"hld_0","payment":{"method":"pm_card_visa"}}"#]) {
                _ = try Body.decode(CreateOrder.self, $0)
            },
            body("schedule", [#"{"opensAt":"2027-01-01T00:00:00Z","closesAt":null,"maxActiveShoppers":9}"#]) {
                _ = try Body.decode(ChangeOnsale.self, $0).change()
            },
            text("JSONCheck", [event, #"{"a":{"b":[1,{"c":"\"}"}]}}"#]) { try? JSONCheck.check(Array($0.utf8)) },
            text("JSONSlice", [event]) { _ = JSONSlice.value(of: "seatingPlan", in: Array($0.utf8)) },
            text("moment", ["2027-03-01T10:00:00.000Z", "1999-12-31t23:59:59+23:59"]) { text in
                guard let moment = RFC3339.parse(text) else { return }
                precondition(RFC3339.parse(RFC3339.format(moment)) == moment, "a moment is read back: \(text)")
            },
            text("webhook", ["t=1800000000,v1=" + String(repeating: "0a", count: 32)]) { header in
                _ = WebhookSignature.isValid(header, [1, 2], secret: "s", nowSeconds: 1_800_000_000)
            },
            text("public id", [PublicID(.order, at: moment, serial: 7, tag: 9).text]) { text in
                guard let id = PublicID(.order, text: text) else { return }
                precondition(id.text == text, "an id is read back: \(text)")
            },
            text("buyer", [BuyerID(high: 5, low: 6).text]) { _ = BuyerID(text: $0) },
            text("address", ["203.0.113.7, [2001:db8::1%x]:80", "::ffff:1.2.3.4"]) { header in
                _ = ClientAddress(peer: "127.0.0.1", forwardedFor: [header], trustedProxies: ["127.0.0.1"])
                _ = ClientAddress(peer: header, forwardedFor: [], trustedProxies: [])
            },
            text("form", ["amount=5&metadata%5Border%5D=ord_1&a+b=%ff"]) { text in
                let fields = FormCoding.decode(text)
                let again = FormCoding.decode(FormCoding.encode(fields.map { ($0.key, $0.value) }))
                precondition(fields == again, "a form is read back: \(text)")
            },
            text("currency", ["KRW", "EUR"]) { code in
                guard let currency = Currency(code: code) else { return }
                for amount in [0, 1, 100, .max] as [Int64] {
                    guard let theirs = StripeAmount.provider(amount, currency.code) else { continue }
                    precondition(StripeAmount.minor(theirs, currency.code) == amount, "\(amount) \(code)")
                }
            },
            text("token", ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA"]) { text in
                _ = Base64URL.decode(text.utf8)
            },
            Target(name: "provider's answers", seeds: [Array(intent.utf8), Array("{\"data\":[\(intent)]}".utf8)]) {
                bytes in
                _ = try? StripeProtocol.decoder.decode(StripeProtocol.Intent.self, from: Data(bytes))
                _ = try? StripeProtocol.decoder.decode(
                    StripeProtocol.List<StripeProtocol.Intent>.self, from: Data(bytes))
                _ = try? StripeProtocol.decoder.decode(StripeProtocol.ErrorBody.self, from: Data(bytes))
            },
            Target(name: "journal row", seeds: [row]) { bytes in
                let facts = try Fact.decode(payload: bytes, plans: { _ in nil })
                var partition: Partition?
                for fact in facts {
                    if case .created(let definition) = fact, partition == nil {
                        partition = Partition(definition: definition)
                    } else {
                        try partition?.replay(fact, at: moment)
                    }
                }
            },
            Target(name: "snapshot", seeds: [snapshot]) { bytes in
                _ = try Partition(definition: definition, snapshot: bytes)
            },
        ]

    // MARK: Seeds

    private static let plan = SeatingPlan(
        categories: ["A", "F"],
        seats: ["a", "b", "c"].enumerated().map { .init(name: $1, category: 0, row: 0, x: Int32($0 * 10), y: 0) },
        areas: [.init(name: "S", capacity: 20, category: 1)], stage: nil, prices: [5, 3])

    private static let definition = EventDefinition(
        id: "show", tag: 9, title: "Show", venue: "Hall", startsAt: moment, currency: "KRW", planDigest: nil,
        plan: plan,
        terms: SaleTerms(prices: [5, 3], ticketsPerBuyer: 4, holdSeconds: 300, preventOrphans: false),
        schedule: OnsaleSchedule(
            lobbyOpensAt: nil, opensAt: moment, closesAt: nil, hasWaitingRoom: true, maxActiveShoppers: 5,
            passSeconds: 600))

    /// An event in which every kind of thing has happened, and its facts.
    private static let history: (facts: [Fact], partition: Partition) = {
        var partition = Partition(definition: definition)
        var facts: [Fact] = [.created(definition)]
        func apply(_ command: some EventCommand) { _ = try? partition.apply(command, now: moment, facts: &facts) }
        func key(_ number: UInt64) -> IdempotencyKey {
            IdempotencyKey(key: Digest128(high: 1, low: number), fingerprint: Digest128(high: 2, low: number))
        }
        let buyer = BuyerID(high: 7, low: 8)
        apply(JoinLine(buyer))
        apply(ClaimPass(of: 1, buyer: buyer))
        apply(HoldPlaces(.seats([0]), buyer: buyer, pass: 1, key: key(1)))
        apply(PlaceOrder(HoldID(1), buyer: buyer, paymentMethod: "pm", trace: nil, key: key(2)))
        apply(SettlePayment(OrderID(1), [.captured(intent: "pi_1", amount: 5), .stray(intent: "pi_2", captured: 5)]))
        apply(HoldPlaces(.area(0, quantity: 2), buyer: buyer, pass: 1, key: key(3)))
        apply(PlaceOrder(HoldID(2), buyer: buyer, paymentMethod: "pm", trace: nil, key: key(4)))
        apply(SettlePayment(OrderID(2), [.actionRequired(intent: "pi_3", url: "https://bank.example")]))
        apply(SettlePayment(OrderID(2), [.declined(code: "refused")]))
        apply(SettlePayment(OrderID(1), [.refunded(total: 2), .disputed(true)]))
        apply(Audited(BlockSeats([2]), as: AuditNote(actor: "a", action: .blocked, detail: "b")))
        apply(PauseSale())
        return (facts, partition)
    }()

    private static let row: [UInt8] = {
        var writer = ByteWriter()
        Fact.encode(history.facts, into: &writer)
        return writer.bytes
    }()

    private static let snapshot: [UInt8] = history.partition.encodeSnapshot()

    // MARK: The run

    @Test("Any bytes are either read or refused")
    func parsers() {
        let seconds = ProcessInfo.processInfo.environment["ONSALE_FUZZ_SECONDS"].flatMap(Double.init) ?? 5
        let first = ProcessInfo.processInfo.environment["ONSALE_FUZZ_SEED"].flatMap(UInt64.init)
        let seed = first ?? UInt64(Date().timeIntervalSince1970)
        print("fuzz: seed \(seed), \(Self.targets.count) parsers, \(Int(seconds)) s")
        var random = SeededRandom(seed: seed)
        var runs = 0
        var slowest = (name: "", seconds: 0.0)
        let end = Date().addingTimeInterval(seconds)
        // Each input is saved before it is parsed, so that it survives a trap.
        let last = FileManager.default.temporaryDirectory.appendingPathComponent("onsale-fuzz-last")
        while Date() < end {
            for target in Self.targets {
                let input = Self.mutate(target.seeds.randomElement(using: &random) ?? [], &random)
                if seconds > 60 || first != nil { try? Data(Array((target.name + "\n").utf8) + input).write(to: last) }
                let start = DispatchTime.now().uptimeNanoseconds
                try? target.read(input)
                let took = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
                if took > slowest.seconds { slowest = (target.name, took) }
                runs += 1
            }
        }
        print("fuzz: \(runs) inputs, the slowest took \(slowest.seconds) s (\(slowest.name))")
        #expect(runs > 100)
    }
}
