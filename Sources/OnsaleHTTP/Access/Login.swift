import AsyncHTTPClient
import Crypto
import Foundation
import JWTKit
import Logging
import NIOCore
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

    /// The buyer of an address. The same address, however it is capitalized, is the same buyer.
    func buyer(email: String) -> BuyerID {
        buyer("email:" + email.trimmingCharacters(in: .whitespaces).lowercased())
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
        return (buyer("sub:" + claims.sub), Int64(claims.exp.value.timeIntervalSince1970))
    }
}

/// The claims that a session of an identity provider must have.
struct ProviderClaims: JWTPayload {
    let sub: String
    let exp: ExpirationClaim
    let nbf: NotBeforeClaim?

    func verify(using _: some JWTAlgorithm) throws {
        try exp.verifyNotExpired()
        try nbf?.verifyNotBefore()
    }
}

/// The keys of an identity provider: a JWK set in a file or at a URL, read again now and then so that keys can change.
final class ProviderKeys: Sendable {
    private static let refreshSeconds = 300.0
    private static let answerBytesMax = 1 << 20

    private struct State {
        var keys = JWTKeyCollection()
        var readAt = Date.distantPast
    }

    private let source: String
    private let client: HTTPClient
    private let logger: Logger
    private let state = Mutex(State())

    init(source: String, client: HTTPClient, logger: Logger) async throws {
        self.source = source
        self.client = client
        self.logger = logger
        try await read()
    }

    private func read() async throws {
        let json: String
        if source.hasPrefix("http://") || source.hasPrefix("https://") {
            let response = try await client.execute(HTTPClientRequest(url: source), timeout: .seconds(5))
            json = String(buffer: try await response.body.collect(upTo: ProviderKeys.answerBytesMax))
        } else {
            json = try String(contentsOfFile: source.replacing("file://", with: ""), encoding: .utf8)
        }
        let keys = JWTKeyCollection()
        try await keys.add(jwksJSON: json)
        state.withLock { $0 = State(keys: keys, readAt: Date()) }
    }

    func verify(_ token: String) async -> ProviderClaims? {
        if let claims = try? await state.withLock({ $0.keys }).verify(token, as: ProviderClaims.self) { return claims }
        // It may be signed with a key that is new since we looked.
        let mustRead = state.withLock { state in
            guard state.readAt.timeIntervalSinceNow < -ProviderKeys.refreshSeconds else { return false }
            state.readAt = Date()
            return true
        }
        guard mustRead else { return nil }
        do {
            try await read()
        } catch {
            logger.warning("The identity provider's keys could not be read", metadata: ["error": "\(error)"])
            return nil
        }
        return try? await state.withLock({ $0.keys }).verify(token, as: ProviderClaims.self)
    }
}

/// How `ONSALE_LOGIN` is set.
public enum LoginSetting: Sendable {
    case unset
    case open
    /// A file or URL with a JWK set.
    case jwks(String)

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
