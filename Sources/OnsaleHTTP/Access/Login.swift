import AsyncHTTPClient
import Crypto
import Foundation
import JWTKit
import Logging
import NIOCore
import NIOHTTP1
import OnsaleValues
import Synchronization

/// How buyers prove who they are: `ONSALE_LOGIN`.
struct Login: Sendable {
    enum Mode: Sendable {
        case none
        /// Any address is believed: for demonstrations and rehearsals.
        case open
        /// Who reads an address's mail is believed.
        case mail(any MailedCodes)
        /// Sessions are JWTs from the organizer's identity provider.
        case provider(ProviderKeys)
    }

    let mode: Mode
    /// Turns addresses and subjects into buyer ids that reveal neither.
    private let pepper: SymmetricKey

    init(mode: Mode, pepper: String) {
        self.mode = mode
        self.pepper = SymmetricKey(data: Array(pepper.utf8))
    }

    /// Whether sessions are made here.
    var makesSessions: Bool {
        switch mode {
        case .open, .mail: true
        case .none, .provider: false
        }
    }

    /// The buyer behind a mailbox.
    func buyer(_ mailbox: MailAddress) -> BuyerID {
        buyer("email:" + mailbox.text)
    }

    /// The buyer behind an address that one of the staff types, as sessions made here have it.
    func buyer(typed: String, _ faults: inout Faults) -> BuyerID? {
        guard makesSessions else {
            faults.add("/email", "leads to no buyer, since sessions are not made here")
            return nil
        }
        guard let mailbox = MailAddress(typed) else {
            faults.add("/email", "must be an e-mail address")
            return nil
        }
        return buyer(mailbox)
    }

    /// Changes whenever a token that was valid may no longer be.
    var generation: Int {
        if case .provider(let keys) = mode { return keys.generation }
        return 0
    }

    private func buyer(_ identity: String) -> BuyerID {
        HMAC<SHA256>.authenticationCode(for: Array(identity.utf8), using: pepper).withUnsafeBytes { bytes in
            BuyerID(
                high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    /// The buyer named by the identity provider's token, and when it expires.
    func session(_ token: String) async -> (buyer: BuyerID, expiresAtSeconds: Int64, mailbox: Mailbox?)? {
        guard case .provider(let keys) = mode, let claims = await keys.verify(token) else { return nil }
        // `exp` comes from outside and may be any number.
        let expiresAt = max(0, min(claims.exp.value.timeIntervalSince1970, 4e12))
        return (buyer("sub:" + claims.sub), Int64(expiresAt), claims.mailbox(of: buyer("sub:" + claims.sub)))
    }
}

/// The claims required of an identity provider's session.
struct ProviderClaims: JWTPayload {
    let sub: String
    let exp: ExpirationClaim
    let nbf: NotBeforeClaim?
    let iss: String?
    let aud: AudienceClaim?
    /// Where mail goes, if the provider has made sure of it.
    let email: String?
    let isVerified: Bool?
    /// As `ko-KR`.
    let locale: String?

    private enum CodingKeys: String, CodingKey {
        case sub, exp, nbf, iss, aud, email, locale
        case isVerified = "email_verified"
    }

    init(from decoder: any Decoder) throws {
        let claims = try decoder.container(keyedBy: CodingKeys.self)
        sub = try claims.decode(String.self, forKey: .sub)
        exp = try claims.decode(ExpirationClaim.self, forKey: .exp)
        nbf = try claims.decodeIfPresent(NotBeforeClaim.self, forKey: .nbf)
        iss = try claims.decodeIfPresent(String.self, forKey: .iss)
        aud = try claims.decodeIfPresent(AudienceClaim.self, forKey: .aud)
        // Whoever has them in another form signs in all the same.
        email = (try? claims.decodeIfPresent(String.self, forKey: .email)) ?? nil
        locale = (try? claims.decodeIfPresent(String.self, forKey: .locale)) ?? nil
        let flag = (try? claims.decodeIfPresent(Bool.self, forKey: .isVerified)) ?? nil
        let word = (try? claims.decodeIfPresent(String.self, forKey: .isVerified)) ?? nil
        isVerified = flag ?? word.map { $0 == "true" }
    }

    static let subjectBytesMax = 255

    /// Where the buyer is written to; nil if the token doesn't say, or nobody has made sure of it.
    func mailbox(of buyer: BuyerID) -> Mailbox? {
        guard isVerified ?? false, let email, let folded = MailAddress(email) else { return nil }
        return Mailbox(
            address: email, folded: folded.text, buyer: buyer,
            language: locale?.lowercased().hasPrefix("ko") ?? false ? "ko" : "en")
    }

    func verify(using _: some JWTAlgorithm) throws {
        guard (1...ProviderClaims.subjectBytesMax).contains(sub.utf8.count) else {
            throw JWTError.claimVerificationFailure(failedClaim: nil, reason: "sub must have 1 to 255 bytes")
        }
        try exp.verifyNotExpired()
        try nbf?.verifyNotBefore()
    }
}

/// The keys of an identity provider: a JWK set in a file or at a URL, reread regularly to pick up new keys and drop
/// withdrawn ones.
final class ProviderKeys: Sendable {
    /// The age at which keys are reread.
    private static let refreshSeconds = 300.0
    /// The shortest time between two attempts, whatever prompts them.
    private static let retrySeconds = 10.0
    /// The age at which keys that can't be reread stop being trusted.
    private static let trustedSecondsMax = 86_400.0
    private static let answerBytesMax = 1 << 20

    private struct State {
        var keys = JWTKeyCollection()
        var json = ""
        var readAt = Date.distantPast
        var triedAt = Date.distantPast
        var generation = 0
    }

    private let source: JWKSSource
    private let client: HTTPClient
    private let logger: Logger
    private let state = Mutex(State())

    init(source: JWKSSource, client: HTTPClient, logger: Logger) async throws {
        self.source = source
        self.client = client
        self.logger = logger
        try await read()
    }

    /// Changes with the keys, and is -1 once they are too old to trust. Reading it rereads keys that are due, so they
    /// stay fresh even when no new buyer comes.
    var generation: Int {
        if isDue(ProviderKeys.refreshSeconds) { Task.detached { [self] in await readAgain() } }
        return state.withLock { state in
            state.readAt.timeIntervalSinceNow > -ProviderKeys.trustedSecondsMax ? state.generation : -1
        }
    }

    private func read() async throws {
        let json: String
        switch source.place {
        case .url(let url):
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(5))
            guard response.status == .ok else { throw LoginError.keysUnreadable("status \(response.status.code)") }
            json = String(buffer: try await response.body.collect(upTo: ProviderKeys.answerBytesMax))
        case .file(let path): json = try String(contentsOfFile: path, encoding: .utf8)
        }
        let keys = JWTKeyCollection()
        try await keys.add(jwksJSON: json)
        state.withLock { state in
            state.readAt = Date()
            guard state.json != json else { return }
            state.keys = keys
            state.json = json
            // Tokens checked with other keys must be checked again.
            state.generation += 1
        }
    }

    func verify(_ token: String) async -> ProviderClaims? {
        if isDue(ProviderKeys.refreshSeconds) { await readAgain() }
        if let claims = await check(token) { return claims }
        // It may be signed with a key newer than ours.
        guard isDue(ProviderKeys.retrySeconds) else { return nil }
        await readAgain()
        return await check(token)
    }

    private func check(_ token: String) async -> ProviderClaims? {
        let (keys, readAt) = state.withLock { ($0.keys, $0.readAt) }
        guard readAt.timeIntervalSinceNow > -ProviderKeys.trustedSecondsMax,
            let claims = try? await keys.verify(token, as: ProviderClaims.self)
        else { return nil }
        if let issuer = source.issuer, claims.iss != issuer { return nil }
        if let audience = source.audience, !(claims.aud?.value.contains(audience) ?? false) { return nil }
        return claims
    }

    /// Whether keys this old should be reread now. True for the first caller only.
    private func isDue(_ seconds: Double) -> Bool {
        state.withLock { state in
            guard state.readAt.timeIntervalSinceNow < -seconds,
                state.triedAt.timeIntervalSinceNow < -ProviderKeys.retrySeconds
            else { return false }
            state.triedAt = Date()
            return true
        }
    }

    private func readAgain() async {
        do { try await read() } catch {
            logger.warning(
                "The identity provider's keys could not be reread; the last good ones stay in use for a day",
                metadata: ["error": "\(error)"])
        }
    }
}

enum LoginError: Error {
    case keysUnreadable(String)
}

/// Where an identity provider's keys are, and whose tokens are accepted.
package struct JWKSSource: Sendable {
    enum Place: Sendable {
        case file(String)
        case url(String)
    }

    let place: Place
    /// The required `iss`; nil accepts any.
    package let issuer: String?
    /// A required member of `aud`; nil accepts any.
    package let audience: String?

    /// - Parameter place: a file or an `https` URL; on this machine, `http` is accepted too.
    /// - Returns: nil for a URL whose answer could be altered on the way.
    package init?(_ place: String, issuer: String?, audience: String?) {
        self.issuer = issuer
        self.audience = audience
        guard place.contains("://"), !place.hasPrefix("file://") else {
            self.place = .file(place.hasPrefix("file://") ? String(place.dropFirst(7)) : place)
            return
        }
        guard let url = URL(string: place), let host = url.host, url.hasUsablePort else { return nil }
        let isLocal = url.scheme == "http" && (host == "localhost" || IPAddress(host)?.isLoopback ?? false)
        guard url.scheme == "https" || isLocal else { return nil }
        self.place = .url(place)
    }
}

/// The value of `ONSALE_LOGIN`.
package enum LoginSetting: Sendable {
    case unset
    case open
    case mail
    case jwks(JWKSSource)

    package var isByMail: Bool {
        if case .mail = self { return true }
        return false
    }

    /// - Parameter codes: needed for `mail`.
    func login(
        pepper: String, client: HTTPClient, codes: (any MailedCodes)?, logger: Logger
    ) async throws -> Login {
        switch self {
        case .unset: Login(mode: .none, pepper: pepper)
        case .open: Login(mode: .open, pepper: pepper)
        case .mail: Login(mode: codes.map { .mail($0) } ?? .none, pepper: pepper)
        case .jwks(let source):
            Login(
                mode: .provider(try await ProviderKeys(source: source, client: client, logger: logger)), pepper: pepper)
        }
    }
}
