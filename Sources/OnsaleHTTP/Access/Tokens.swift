import Crypto
import Foundation
import JWTKit
import OnsaleEngine
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// Whom a token speaks for.
enum Principal: Hashable, Sendable {
    case session(BuyerID)
    case pass(event: String, BuyerID, PassID)
    case ticket(event: String, BuyerID, PlaceID)
}

/// The claims of our own tokens.
struct OnsaleClaims: JWTPayload {
    enum Kind: String, Codable {
        case session = "onsale-session"
        case pass = "onsale-pass"
        case ticket = "onsale-ticket"
    }

    let aud: Kind
    /// The buyer.
    let sub: String
    let evt: String?
    /// The pass or the place in line.
    let num: UInt32?
    let exp: Int64?

    func verify(using _: some JWTAlgorithm) throws {}
}

extension OnsaleClaims {
    /// Reads one flat object of plain strings and whole numbers, as ours are written; nil for anything else.
    init?(flat json: [UInt8]) {
        var position = 0
        func byte() -> UInt8? { position < json.count ? json[position] : nil }
        func take(_ expected: Unicode.Scalar) -> Bool {
            guard byte() == UInt8(ascii: expected) else { return false }
            position += 1
            return true
        }
        func string() -> ArraySlice<UInt8>? {
            guard take("\"") else { return nil }
            let start = position
            while let byte = byte(), byte != UInt8(ascii: "\"") {
                guard byte != UInt8(ascii: "\\"), (0x20..<0x7f).contains(byte) else { return nil }
                position += 1
            }
            defer { position += 1 }
            return position < json.count ? json[start..<position] : nil
        }
        func number() -> Int64? {
            var value: Int64?
            while let digit = byte(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
                // Fifteen digits are a hundred thousand centuries.
                guard value ?? 0 < 100_000_000_000_000 else { return nil }
                value = (value ?? 0) * 10 + Int64(digit - UInt8(ascii: "0"))
                position += 1
            }
            return value
        }
        var kind: Kind?
        var subject: String?
        var event: String?
        var serial: UInt32?
        var expiry: Int64?
        guard take("{") else { return nil }
        repeat {
            guard let name = string(), take(":") else { return nil }
            if byte() == UInt8(ascii: "\"") {
                guard let text = string().map({ String(decoding: $0, as: UTF8.self) }) else { return nil }
                if name.elementsEqual("aud".utf8) { kind = Kind(rawValue: text) }
                if ["num", "exp"].contains(where: { name.elementsEqual($0.utf8) }) { return nil }
                if name.elementsEqual("sub".utf8) { subject = text }
                if name.elementsEqual("evt".utf8) { event = text }
            } else {
                guard let value = number() else { return nil }
                if name.elementsEqual("num".utf8) { serial = UInt32(exactly: value) }
                if name.elementsEqual("exp".utf8) { expiry = value }
            }
        } while take(",")
        guard take("}"), position == json.count, let kind, let subject else { return nil }
        self.init(aud: kind, sub: subject, evt: event, num: serial, exp: expiry)
    }
}

/// Makes and checks our own tokens: JWTs under HMAC-SHA256 (RFC 7515, RFC 7519).
///
/// Either is a single HMAC, since only our own form must be understood (the library would take tens of microseconds and
/// a hop; tests check both against it). Checked tokens are remembered.
final class Tokens: Sendable {
    /// How many checked tokens each of the two generations remembers.
    private static let rememberedMax = 20_000
    static let tokenBytesMax = 4096

    private struct Checked {
        let principal: Principal
        let expiresAtSeconds: Int64
        /// The generation of the login's keys, for an identity provider's token.
        var generation = 0
    }

    private struct Memory {
        var young: [String: Checked] = [:]
        var old: [String: Checked] = [:]
    }

    private let key: SymmetricKey
    private static let decoder = JSONDecoder()
    let login: Login
    private let memory = Mutex(Memory())
    private static let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

    /// Told of each address that an identity provider's token has.
    private let learn: @Sendable (Mailbox) -> Void

    init(secret: String, login: Login, learn: @escaping @Sendable (Mailbox) -> Void = { _ in }) {
        self.learn = learn
        key = SymmetricKey(data: Array(secret.utf8))
        self.login = login
    }

    // MARK: Making

    func session(_ buyer: BuyerID, now: Timestamp, expiresAt: Timestamp) -> String {
        sign(
            #"{"aud":"onsale-session","sub":"\#(buyer.text)","iat":\#(now.milliseconds / 1000),"#
                + #""exp":\#(expiresAt.milliseconds / 1000)}"#)
    }

    /// Always returns the same text for the same pass.
    func pass(_ pass: PassID, event: String, _ buyer: BuyerID, expiresAt: Timestamp) -> String {
        // The engine decides whether the pass lives. The text outlasts it by a day, so that its holds can still be paid
        // for.
        sign(
            #"{"aud":"onsale-pass","sub":"\#(buyer.text)","evt":"\#(event)","num":\#(pass.serial),"#
                + #""exp":\#(expiresAt.milliseconds / 1000 + 86_400)}"#)
    }

    func ticket(of place: PlaceID, event: String, _ buyer: BuyerID) -> String {
        sign(#"{"aud":"onsale-ticket","sub":"\#(buyer.text)","evt":"\#(event)","num":\#(place.serial)}"#)
    }

    private func sign(_ claims: String) -> String {
        let signed = Tokens.header + "." + Base64URL.encode(Array(claims.utf8))
        let code = HMAC<SHA256>.authenticationCode(for: Array(signed.utf8), using: key)
        return signed + "." + Base64URL.encode(Array(code))
    }

    // MARK: Checking

    /// Whom the token speaks for; nil if it is foreign, damaged or expired.
    func principal(_ token: String, now: Timestamp) async -> Principal? {
        // Looking up text that isn't plain ASCII may take long.
        guard token.utf8.count <= Tokens.tokenBytesMax, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            return nil
        }
        let seconds = now.milliseconds / 1000
        if let checked = remembered(token), checked.generation == login.generation {
            return checked.expiresAtSeconds > seconds ? checked.principal : nil
        }
        let generation = login.generation
        guard var checked = await check(token), checked.expiresAtSeconds > seconds else { return nil }
        checked.generation = generation
        remember(token, checked)
        return checked.principal
    }

    private func remembered(_ token: String) -> Checked? {
        memory.withLock { memory in
            if let checked = memory.young[token] { return checked }
            guard let checked = memory.old[token] else { return nil }
            memory.young[token] = checked
            return checked
        }
    }

    private func remember(_ token: String, _ checked: Checked) {
        memory.withLock { memory in
            if memory.young.count >= Tokens.rememberedMax {
                memory.old = memory.young
                memory.young.removeAll(keepingCapacity: true)
            }
            memory.young[token] = checked
        }
    }

    private func check(_ token: String) async -> Checked? {
        if let claims = ownClaims(token) {
            guard let buyer = BuyerID(text: claims.sub) else { return nil }
            let expiresAt = claims.exp ?? .max
            switch (claims.aud, claims.evt, claims.num) {
            case (.session, _, _):
                guard login.makesSessions else { return nil }
                return Checked(principal: .session(buyer), expiresAtSeconds: expiresAt)
            case (.pass, let event?, let serial?):
                return Checked(principal: .pass(event: event, buyer, PassID(serial)), expiresAtSeconds: expiresAt)
            case (.ticket, let event?, let serial?):
                return Checked(principal: .ticket(event: event, buyer, PlaceID(serial)), expiresAtSeconds: expiresAt)
            default: return nil
            }
        }
        guard let foreign = await login.session(token) else { return nil }
        if let mailbox = foreign.mailbox { learn(mailbox) }
        return Checked(principal: .session(foreign.buyer), expiresAtSeconds: foreign.expiresAtSeconds)
    }

    /// The claims of a token with our header and a valid code; nil for any other.
    private func ownClaims(_ token: String) -> OnsaleClaims? {
        let bytes = Array(token.utf8)
        guard token.hasPrefix(Tokens.header + "."), let dot = bytes.lastIndex(of: UInt8(ascii: ".")),
            dot > Tokens.header.utf8.count
        else { return nil }
        let code = HMAC<SHA256>.authenticationCode(for: bytes[..<dot], using: key)
        guard ConstantTime.areEqual(Array(Base64URL.encode(Array(code)).utf8)[...], bytes[(dot + 1)...]) else {
            return nil
        }
        // We signed it, so we wrote it.
        guard let claims = Base64URL.decode(bytes[(Tokens.header.utf8.count + 1)..<dot]) else { return nil }
        // A tenth of what the decoder takes, on the way of every fan's first request.
        return OnsaleClaims(flat: claims) ?? (try? Tokens.decoder.decode(OnsaleClaims.self, from: Data(claims)))
    }
}
