import AsyncHTTPClient
import Crypto
import Foundation
import JWTKit
import Logging
import NIOCore
import NIOHTTP1
import OnsaleValues
import Synchronization

/// Who may be whom: `ONSALE_LOGIN`.
struct Login: Sendable {
    enum Mode: Sendable {
        case none
        /// Whoever types an address is believed: for demonstrations and rehearsals.
        case open
        /// Sessions are JWTs of the organizer's identity provider.
        case provider(ProviderKeys)
    }

    let mode: Mode
    /// Makes buyers of addresses and subjects, so that an id gives away neither.
    private let pepper: SymmetricKey

    init(mode: Mode, pepper: String) {
        self.mode = mode
        self.pepper = SymmetricKey(data: Array(pepper.utf8))
    }

    /// Whether sessions are made here.
    var isOurs: Bool {
        if case .open = mode { return true }
        return false
    }

    /// The buyer of a mailbox.
    func buyer(_ mailbox: MailAddress) -> BuyerID {
        buyer("email:" + mailbox.text)
    }

    /// Grows whenever a token that was good before may be so no longer.
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

    /// Whom a token of the identity provider names.
    func session(_ token: String) async -> (buyer: BuyerID, expiresAtSeconds: Int64)? {
        guard case .provider(let keys) = mode, let claims = await keys.verify(token) else { return nil }
        // What a stranger calls seconds can be any number.
        let expiresAt = max(0, min(claims.exp.value.timeIntervalSince1970, 4e12))
        return (buyer("sub:" + claims.sub), Int64(expiresAt))
    }
}

/// The claims that a session of an identity provider must have.
struct ProviderClaims: JWTPayload {
    let sub: String
    let exp: ExpirationClaim
    let nbf: NotBeforeClaim?
    let iss: String?
    let aud: AudienceClaim?

    static let subjectBytesMax = 255

    func verify(using _: some JWTAlgorithm) throws {
        guard (1...ProviderClaims.subjectBytesMax).contains(sub.utf8.count) else {
            throw JWTError.claimVerificationFailure(failedClaim: nil, reason: "sub has 1 to 255 bytes")
        }
        try exp.verifyNotExpired()
        try nbf?.verifyNotBefore()
    }
}

/// The keys of an identity provider: a JWK set in a file or at a URL, read again by time, so that new keys are taken and
/// withdrawn ones are not.
final class ProviderKeys: Sendable {
    /// How old keys may be before they are read again.
    private static let refreshSeconds = 300.0
    /// Between two tries, whatever brings them about.
    private static let triesSeconds = 10.0
    /// Keys that could not be read again for so long are good no more.
    private static let goodSeconds = 86_400.0
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

    /// Grows when keys change; what was checked counts no more when they could not be read again for too long. Asking for it
    /// has them read again when that is due, so that it happens by time and not only when somebody new comes.
    var generation: Int {
        if isDue(ProviderKeys.refreshSeconds) { Task { await readAgain() } }
        return state.withLock { state in
            state.readAt.timeIntervalSinceNow > -ProviderKeys.goodSeconds ? state.generation : -1
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
            // What was checked with other keys must be checked again.
            state.generation += 1
        }
    }

    func verify(_ token: String) async -> ProviderClaims? {
        if isDue(ProviderKeys.refreshSeconds) { await readAgain() }
        if let claims = await check(token) { return claims }
        // It may be signed with a key that is new since we looked.
        guard isDue(ProviderKeys.triesSeconds) else { return nil }
        await readAgain()
        return await check(token)
    }

    private func check(_ token: String) async -> ProviderClaims? {
        let (keys, readAt) = state.withLock { ($0.keys, $0.readAt) }
        guard readAt.timeIntervalSinceNow > -ProviderKeys.goodSeconds,
            let claims = try? await keys.verify(token, as: ProviderClaims.self)
        else { return nil }
        if let issuer = source.issuer, claims.iss != issuer { return nil }
        if let audience = source.audience, !(claims.aud?.value.contains(audience) ?? false) { return nil }
        return claims
    }

    /// Whether keys so old should be read again, by whoever is told so first.
    private func isDue(_ seconds: Double) -> Bool {
        state.withLock { state in
            guard state.readAt.timeIntervalSinceNow < -seconds,
                state.triedAt.timeIntervalSinceNow < -ProviderKeys.triesSeconds
            else { return false }
            state.triedAt = Date()
            return true
        }
    }

    private func readAgain() async {
        do { try await read() } catch {
            logger.warning("The identity provider's keys could not be read", metadata: ["error": "\(error)"])
        }
    }
}

enum LoginError: Error {
    case keysUnreadable(String)
}

/// Where an identity provider's keys are, and whose tokens are taken.
public struct JWKSSource: Sendable {
    enum Place: Sendable {
        case file(String)
        case url(String)
    }

    let place: Place
    /// What `iss` must be; nil takes any.
    public let issuer: String?
    /// What `aud` must name; nil takes any.
    public let audience: String?

    /// - Parameter place: a file, or an `https` URL; on this machine `http` will do.
    /// - Returns: nil for a URL whose answer anybody on the way could change.
    public init?(_ place: String, issuer: String?, audience: String?) {
        self.issuer = issuer
        self.audience = audience
        guard place.contains("://"), !place.hasPrefix("file://") else {
            self.place = .file(place.hasPrefix("file://") ? String(place.dropFirst(7)) : place)
            return
        }
        guard let url = URL(string: place), let host = url.host else { return nil }
        let isLocal = url.scheme == "http" && (host == "localhost" || IPAddress(host)?.isLoopback ?? false)
        guard url.scheme == "https" || isLocal else { return nil }
        self.place = .url(place)
    }
}

/// How `ONSALE_LOGIN` is set.
public enum LoginSetting: Sendable {
    case unset
    case open
    case jwks(JWKSSource)

    func login(pepper: String, client: HTTPClient, logger: Logger) async throws -> Login {
        switch self {
        case .unset: Login(mode: .none, pepper: pepper)
        case .open: Login(mode: .open, pepper: pepper)
        case .jwks(let source):
            Login(
                mode: .provider(try await ProviderKeys(source: source, client: client, logger: logger)), pepper: pepper)
        }
    }
}
