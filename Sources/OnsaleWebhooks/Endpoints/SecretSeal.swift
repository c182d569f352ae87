import Crypto

/// Encrypts secrets at rest, with ChaCha20-Poly1305 (RFC 8439), bound to the endpoint whose they are.
package struct SecretSeal: Sendable {
    package struct Broken: Error, CustomStringConvertible {
        package var description: String {
            "a webhook secret can't be opened: the key is another one, or it was changed"
        }
    }

    package static let keyBytes = 32

    private let key: SymmetricKey

    /// - Returns: nil unless the key has 32 bytes.
    package init?(key: [UInt8]) {
        guard key.count == SecretSeal.keyBytes else { return nil }
        self.key = SymmetricKey(data: key)
    }

    /// - Throws: what the cipher does.
    func seal(_ secret: WebhookSecret, of endpoint: EndpointID) throws -> String {
        let box = try ChaChaPoly.seal(secret.bytes, using: key, authenticating: Array(endpoint.text.utf8))
        return Base64.encode(Array(box.combined))
    }

    /// - Throws: ``Broken``.
    func open(_ sealed: String, of endpoint: EndpointID) throws(Broken) -> WebhookSecret {
        guard let bytes = Base64.decode(sealed), let box = try? ChaChaPoly.SealedBox(combined: bytes),
            let opened = try? ChaChaPoly.open(box, using: key, authenticating: Array(endpoint.text.utf8)),
            let secret = try? WebhookSecret(bytes: Array(opened))
        else { throw Broken() }
        return secret
    }
}
