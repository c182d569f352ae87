import AsyncHTTPClient
import Crypto
import Foundation
import JWTKit
import Logging
import OnsaleEngine
import OnsaleQR
import OnsaleValues
import Testing

@testable import OnsaleHTTP

@Suite struct TokenTests {
    private let secret = "0123456789abcdef0123456789abcdef"
    private let buyer = BuyerID(high: 1, low: 2)
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func tokens(open: Bool = true) async -> Tokens {
        Tokens(secret: secret, login: Login(mode: open ? .open : .none, pepper: secret))
    }

    @Test("The library reads the tokens we make")
    func libraryReadsOurs() async throws {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(stringLiteral: secret), digestAlgorithm: .sha256)
        let tokens = await tokens()
        let pass = try await keys.verify(
            tokens.pass(7, event: "show", buyer, expiresAt: now), as: OnsaleClaims.self)
        #expect(pass.aud == .pass && pass.sub == buyer.text && pass.evt == "show" && pass.num == 7)
        let session = try await keys.verify(
            tokens.session(buyer, now: now, expiresAt: now.adding(seconds: 60)), as: OnsaleClaims.self)
        #expect(session.aud == .session && session.exp == 1_800_000_060)
        let ticket = try await keys.verify(tokens.ticket(of: 9, event: "show", buyer), as: OnsaleClaims.self)
        #expect(ticket.aud == .ticket && ticket.num == 9 && ticket.exp == nil)
    }

    @Test("Our claims are read as the decoder reads them; what is written otherwise is left to it")
    func flatClaims() throws {
        let decoder = JSONDecoder()
        for text in [
            #"{"aud":"onsale-session","sub":"byr_1","iat":5,"exp":1800000060}"#,
            #"{"aud":"onsale-pass","sub":"byr_1","evt":"a-b","num":4294967295,"exp":0}"#,
            #"{"aud":"onsale-ticket","sub":"byr_1","evt":"show","num":1}"#,
        ] {
            let flat = try #require(OnsaleClaims(flat: Array(text.utf8)))
            let decoded = try decoder.decode(OnsaleClaims.self, from: Data(text.utf8))
            #expect(flat.aud == decoded.aud && flat.sub == decoded.sub && flat.evt == decoded.evt)
            #expect(flat.num == decoded.num && flat.exp == decoded.exp)
            for end in 0..<text.utf8.count { #expect(OnsaleClaims(flat: Array(text.utf8.prefix(end))) == nil) }
        }
        for text in [
            "", "[]", "{}", #"{"aud":"onsale-pass"}"#, #"{ "aud":"onsale-ticket","sub":"b"}"#,
            #"{"aud":"onsale-ticket","sub":"\u0062"}"#, #"{"aud":"onsale-ticket","sub":"b","num":-1}"#,
            #"{"aud":"onsale-ticket","sub":"b","num":1e3}"#, #"{"aud":"onsale-ticket","sub":"b"} "#,
            #"{"aud":"onsale-ticket","sub":"b","num":99999999999999999999}"#, #"{"aud":"other","sub":"b"}"#,
            #"{"aud":"onsale-ticket","sub":"b","exp":"1"}"#,
        ] { #expect(OnsaleClaims(flat: Array(text.utf8)) == nil, "\(text)") }
    }

    @Test("A token speaks for its bearer until it expires, whether checked once or twice")
    func principals() async {
        let tokens = await tokens()
        let session = tokens.session(buyer, now: now, expiresAt: now.adding(seconds: 60))
        for _ in 0..<2 {
            #expect(await tokens.principal(session, now: now) == .session(buyer))
            #expect(await tokens.principal(session, now: now.adding(seconds: 61)) == nil)
        }
        let pass = tokens.pass(7, event: "show", buyer, expiresAt: now)
        #expect(await tokens.principal(pass, now: now) == .pass(event: "show", buyer, 7))
    }

    @Test("A token that is altered, signed by another or unsigned is refused")
    func forgeries() async {
        let tokens = await tokens()
        let session = tokens.session(buyer, now: now, expiresAt: now.adding(seconds: 60))
        #expect(await tokens.principal(session + "x", now: now) == nil)
        #expect(await tokens.principal(String(session.dropLast()), now: now) == nil)
        let other = Tokens(secret: String(secret.reversed()), login: Login(mode: .open, pepper: secret))
        #expect(await other.principal(session, now: now) == nil)
        let unsigned = Base64URL.encode(Array(#"{"alg":"none"}"#.utf8)) + "." + session.split(separator: ".")[1] + "."
        #expect(await tokens.principal(unsigned, now: now) == nil)
        #expect(await tokens.principal(String(repeating: "a", count: 5000), now: now) == nil)
    }

    @Test("Every character of a signature counts, and every one of the nodes' secret")
    func everyCharacterCounts() async {
        let tokens = await tokens()
        let session = Array(tokens.session(buyer, now: now, expiresAt: now.adding(seconds: 60)).utf8)
        for index in session.indices {
            for other in "AZaz09-_".utf8 where other != session[index] {
                var changed = session
                changed[index] = other
                #expect(await tokens.principal(String(decoding: changed, as: UTF8.self), now: now) == nil, "\(index)")
            }
        }
        let nodes = NodeSecret(secret)
        #expect(nodes.fits(secret))
        for guess in 0..<5000 { #expect(!nodes.fits("guess \(guess)")) }
    }

    @Test("Our own sessions are accepted only where we make them")
    func closedLogin() async {
        let session = await tokens().session(buyer, now: now, expiresAt: now.adding(seconds: 60))
        #expect(await tokens(open: false).principal(session, now: now) == nil)
    }

    private func publish(_ key: EdDSA.PrivateKey, to file: URL) throws {
        let x = try EdDSA.PrivateKey.jwkCoordinate(of: key)
        try #"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"k1","x":"\#(x)"}]}"#.write(
            to: file, atomically: true, encoding: .utf8)
    }

    @Test("Issuer and audience must match if set; an empty subject or an absurd expiry is refused")
    func issuerAndAudience() async throws {
        struct Claims: JWTPayload {
            var sub = "auth0|1234"
            var iss: String? = "https://id.example/"
            var aud: [String]? = ["onsale"]
            var exp = 4_000_000_000.0
            func verify(using _: some JWTAlgorithm) throws {}
        }
        let key = EdDSA.PrivateKey()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        try publish(key, to: file)
        let source = try #require(JWKSSource(file.path, issuer: "https://id.example/", audience: "onsale"))
        let provider = try await ProviderKeys(source: source, client: .shared, logger: .init(label: "test"))
        let tokens = Tokens(secret: secret, login: Login(mode: .provider(provider), pepper: secret))
        let signers = JWTKeyCollection()
        await signers.add(eddsa: key, kid: "k1")
        func isSession(_ claims: Claims) async throws -> Bool {
            await tokens.principal(try await signers.sign(claims, kid: "k1"), now: now) != nil
        }
        #expect(try await isSession(Claims()))
        #expect(try await !isSession(Claims(iss: "https://evil.example/")))
        #expect(try await !isSession(Claims(iss: nil)))
        #expect(try await !isSession(Claims(aud: ["other"])))
        #expect(try await !isSession(Claims(aud: nil)))
        #expect(try await !isSession(Claims(sub: "")))
        #expect(try await !isSession(Claims(sub: String(repeating: "s", count: 256))))
        // A number of seconds too large for any integer.
        #expect(try await isSession(Claims(exp: 1e19)))
        #expect(try await !isSession(Claims(exp: -1e19)))
    }

    @Test("Keys come over https or from this machine")
    func keySources() {
        for good in ["https://id.example/jwks.json", "http://127.0.0.1:9/jwks", "http://localhost/j", "/etc/jwks.json"]
        {
            #expect(JWKSSource(good, issuer: nil, audience: nil) != nil, "\(good)")
        }
        for bad in ["http://id.example/jwks.json", "ftp://id.example/", "http://127.0.0.1.evil.example/j"] {
            #expect(JWKSSource(bad, issuer: nil, audience: nil) == nil, "\(bad)")
        }
    }

    @Test("An identity provider's token is a session, unless another key signed it")
    func identityProvider() async throws {
        let key = EdDSA.PrivateKey()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        try publish(key, to: file)
        let source = try #require(JWKSSource(file.path, issuer: nil, audience: nil))
        let provider = try await ProviderKeys(source: source, client: .shared, logger: .init(label: "test"))
        let tokens = Tokens(secret: secret, login: Login(mode: .provider(provider), pepper: secret))
        let signers = JWTKeyCollection()
        await signers.add(eddsa: key, kid: "k1")
        struct Claims: JWTPayload {
            var sub = "auth0|1234"
            var exp: ExpirationClaim
            func verify(using _: some JWTAlgorithm) throws {}
        }
        let present = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let good = try await signers.sign(Claims(exp: .init(value: Date() + 60)), kid: "k1")
        guard case .session? = await tokens.principal(good, now: present) else {
            Issue.record("the provider's token was refused")
            return
        }
        let stale = try await signers.sign(Claims(exp: .init(value: Date() - 60)), kid: "k1")
        #expect(await tokens.principal(stale, now: present) == nil)
        let strangers = JWTKeyCollection()
        await strangers.add(eddsa: EdDSA.PrivateKey(), kid: "k1")
        let forged = try await strangers.sign(Claims(exp: .init(value: Date() + 60)), kid: "k1")
        #expect(await tokens.principal(forged, now: present) == nil)
    }

    @Test("A barcode is a JWS that the published key verifies; an altered one is not a ticket")
    func barcodes() throws {
        let barcodes = try Barcodes(secret: secret)
        let ticket = PublicIDText.ticket
        let text = barcodes.text(ticket: ticket, event: "show", place: "A-1 \"quoted\"")
        #expect(barcodes.ticket(text, event: "show")?.text == ticket)
        #expect(barcodes.ticket(text, event: "other") == nil)
        #expect(barcodes.ticket(String(text.dropLast(2)) + "AA", event: "show") == nil)
        #expect(try Barcodes(secret: "another").ticket(text, event: "show") == nil)
        #expect(barcodes.publishedKeys.contains(#""crv":"Ed25519""#))
        // What the page of the door and other scanners do.
        let set = try JSONSerialization.jsonObject(with: Data(barcodes.publishedKeys.utf8)) as? [String: Any]
        let keys = try #require(set?["keys"] as? [[String: String]])
        let parts = text.split(separator: ".").map(String.init)
        let head = try #require(Base64URL.decode(parts[0].utf8))
        let header = try JSONSerialization.jsonObject(with: Data(head)) as? [String: String]
        let key = try #require(keys.first { $0["kid"] == header?["kid"] })
        let bytes = try #require(Base64URL.decode((key["x"] ?? "").utf8))
        let x = try Curve25519.Signing.PublicKey(rawRepresentation: bytes)
        let signature = try #require(Base64URL.decode(parts[2].utf8))
        #expect(x.isValidSignature(signature, for: Array((parts[0] + "." + parts[1]).utf8)))
    }

    @Test("A barcode is short, and one of an earlier version, whose key goes by its whole thumbprint, still scans")
    func shortBarcodes() throws {
        let ticket = PublicID(.ticket, at: now, serial: 7, tag: 99).text
        let barcodes = try Barcodes(secret: "an earlier version's")
        let text = barcodes.text(ticket: ticket, event: "arena", place: "F2-5-7")
        #expect(text.utf8.count == 213)
        #expect(QRSymbol(text)?.width == 57)
        // By the version before, with the same secret.
        let former = """
            eyJhbGciOiJFZERTQSIsImtpZCI6ImU0R1MwT0tGajVsRHhkeGk4NHpnOUlwZm90WkVKLTU4QnBKTUlRYUdaa00ifQ\
            .eyJ0a3QiOiJ0a3RfMDZoaGdxMmcwMDAwMDAwNzAwMDAwMDMzIiwiZXZ0IjoiYXJlbmEiLCJwbGMiOiJGMi01LTcif\
            Q.22UuHlUFme8FDmK1ImFMwR1nEdP6gluRhWXi9LH18UqBD4jnTYcYFmireFRnZ5Ct2ZWOsnMxOGrI9y4NfeRsDQ
            """
        #expect(barcodes.ticket(former, event: "arena")?.text == ticket)
        #expect(former.utf8.count == 268)
        #expect(QRSymbol(former)?.width == 65)
    }
}

enum PublicIDText {
    static let ticket = "tkt_06h0mw6pcw000001y849btr0"
}

extension EdDSA.PrivateKey {
    init() { self = Self.make() }

    private static func make() -> EdDSA.PrivateKey {
        guard let key = try? EdDSA.PrivateKey(curve: .ed25519) else { preconditionFailure("a key can be made") }
        return key
    }

    static func jwkCoordinate(of key: EdDSA.PrivateKey) throws -> String {
        Base64URL.encode(Array(key.publicKey.rawRepresentation))
    }
}
