import Crypto
import Foundation
import NIOCore
import OnsaleEngine
import OnsaleValues

/// Tickets as barcodes: a compact JWS signed with Ed25519 (RFC 7515, RFC 8037), which a scanner checks offline with the
/// published key. Nothing is stored; the barcode follows from the ticket.
///
/// Each letter costs a QR code modules, so the key goes by two letters of its RFC 7638 thumbprint. Barcodes of earlier
/// versions have all 43 of them; they scan as before, and the key is published under both names.
package struct Barcodes: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    private let keyNames: [String]
    /// As barcodes begin now, and as those of earlier versions did.
    private let headers: [String]

    private static let keyNameLength = 2

    /// - Parameter secret: 32 bytes in hex.
    init(secret: String) throws {
        // Hashing lets any text in the key file serve as a key.
        key = try Curve25519.Signing.PrivateKey(rawRepresentation: Array(SHA256.hash(data: Array(secret.utf8))))
        let thumbprint = Barcodes.thumbprint(key.publicKey)
        keyNames = [String(thumbprint.prefix(Barcodes.keyNameLength)), thumbprint]
        headers = keyNames.map { Base64URL.encode(Array(#"{"alg":"EdDSA","kid":"\#($0)"}"#.utf8)) }
    }

    /// Makes barcodes as ``text(ticket:event:place:)`` does.
    package static func maker(
        secret: String
    ) throws -> @Sendable (_ ticket: String, _ event: String, _ place: String) -> String {
        let barcodes = try Barcodes(secret: secret)
        return { barcodes.text(ticket: $0, event: $1, place: $2) }
    }

    func text(ticket: String, event: String, place: String) -> String {
        let claims = JSONWriter.object { writer in
            writer.member("tkt", ticket)
            writer.member("evt", event)
            writer.member("plc", place)
        }
        let signed = headers[0] + "." + Base64URL.encode(Array(claims.readableBytesView))
        // Signing fails only for want of randomness, and Ed25519 uses none.
        let signature = (try? key.signature(for: Array(signed.utf8))) ?? Data()
        return signed + "." + Base64URL.encode(Array(signature))
    }

    /// The ticket a barcode stands for; nil if it wasn't signed here for this event.
    func ticket(_ text: String, event: String) -> PublicID? {
        struct Claims: Decodable {
            let tkt: String
            let evt: String
        }
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, headers.contains(String(parts[0])), let signature = Base64URL.decode(parts[2].utf8),
            key.publicKey.isValidSignature(signature, for: Array((parts[0] + "." + parts[1]).utf8)),
            let payload = Base64URL.decode(parts[1].utf8),
            let claims = try? JSONDecoder().decode(Claims.self, from: Data(payload)),
            claims.evt == event
        else { return nil }
        return PublicID(.ticket, text: claims.tkt)
    }

    /// The public key as a JWK set (RFC 7517).
    var publishedKeys: String {
        let x = Base64URL.encode(Array(key.publicKey.rawRepresentation))
        let keys = keyNames.map {
            #"{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"\#($0)","x":"\#(x)"}"#
        }
        return #"{"keys":[\#(keys.joined(separator: ","))]}"#
    }

    /// RFC 7638, RFC 8037.
    private static func thumbprint(_ key: Curve25519.Signing.PublicKey) -> String {
        let x = Base64URL.encode(Array(key.rawRepresentation))
        return Base64URL.encode(Array(SHA256.hash(data: Array(#"{"crv":"Ed25519","kty":"OKP","x":"\#(x)"}"#.utf8))))
    }
}
