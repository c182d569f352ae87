import Crypto
import Foundation
package import OnsaleMigrations
package import OnsaleValues

/// How a buyer is written to.
package struct Contact: Hashable, Sendable {
    package let address: MailAddress
    package let language: MailLanguage

    package init(address: MailAddress, language: MailLanguage) {
        self.address = address
        self.language = language
    }
}

/// All that is held about a buyer here.
package struct HeldContact: Hashable, Sendable {
    package let contact: Contact
    /// When it was last given.
    package let putAt: Timestamp
}

/// The key that wraps each buyer's key. Its bytes are never printed.
package struct MasterKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// Names it in the store; letters and digits.
    package let name: String
    fileprivate let key: SymmetricKey

    package static let bytes = 32

    /// - Returns: nil unless there are 32 bytes, and a name of 1 to 16 letters and digits.
    package init?(name: String, bytes: [UInt8]) {
        guard bytes.count == MasterKey.bytes, (1...16).contains(name.utf8.count),
            name.utf8.allSatisfy(\.isAlphanumeric)
        else { return nil }
        self.name = name
        key = SymmetricKey(data: bytes)
    }

    package var description: String { "master key \(name)" }

    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

/// Keeps addresses so that they can be forgotten: each is encrypted by a random key of its buyer's own, which the master
/// key wraps. Once the wrapped key is gone nobody reads the address again, whatever copies of the rest there are.
///
/// AES-GCM with 256 bits; both boxes are bound to their buyer, so that rows can't be swapped. Call each function in a
/// transaction of its own.
package struct ContactVault: Sendable {
    private let current: MasterKey
    private let masters: [String: MasterKey]

    /// A length tells little of an address when all are a multiple of this.
    private static let paddedBytes = 64
    private static let forgottenMax = 100

    /// - Parameters:
    ///   - current: wraps new keys.
    ///   - older: unwrap what was wrapped before.
    package init(current: MasterKey, older: [MasterKey] = []) {
        self.current = current
        masters = Dictionary((older + [current]).map { ($0.name, $0) }) { $1 }
    }

    /// Notes how a buyer is written to, in place of what was known.
    /// - Parameter until: nil for good. Otherwise it doesn't take the place of what is known for good.
    /// - Throws: ``ContactVaultError``, errors of the session.
    package func put(
        _ contact: Contact, of buyer: BuyerID, now: Timestamp, until: Timestamp? = nil, in session: any SQLSession
    ) throws {
        let fresh = try wrap(SymmetricKey(size: .bits256), for: buyer)
        _ = try session.rows(
            """
            INSERT INTO contact_key (buyer, wrapped, made_at) VALUES ($1, $2, CAST($3 AS BIGINT))
            ON CONFLICT (buyer) DO UPDATE SET made_at = contact_key.made_at
            """,
            [buyer.text, fresh, "\(now.milliseconds)"])
        guard let key = try key(of: buyer, in: session) else { throw ContactVaultError.lost(buyer) }
        var plain = Array("\(contact.language.rawValue)\n\(contact.address)".utf8)
        let over = plain.count % ContactVault.paddedBytes
        if over > 0 { plain += [UInt8](repeating: UInt8(ascii: "\n"), count: ContactVault.paddedBytes - over) }
        let sealed = try seal(plain, by: key, as: .contact, of: buyer)
        _ = try session.rows(
            """
            INSERT INTO contact (buyer, sealed, put_at, lent_until) VALUES ($1, $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT))
            ON CONFLICT (buyer) DO UPDATE
            SET sealed = excluded.sealed, put_at = excluded.put_at, lent_until = excluded.lent_until
            WHERE excluded.lent_until IS NULL OR contact.lent_until IS NOT NULL
            """, [buyer.text, sealed, "\(now.milliseconds)", until.map { "\($0.milliseconds)" }])
    }

    /// Forgets some of those whose time has come, with each that comes.
    /// - Throws: errors of the session.
    package func forgetLent(at now: Timestamp, in session: any SQLSession) throws {
        let moment = "\(now.milliseconds)"
        let buyers = try session.rows(
            """
            SELECT buyer FROM contact WHERE lent_until <= CAST($1 AS BIGINT) ORDER BY buyer
            LIMIT \(ContactVault.forgottenMax)
            """, [moment])
        for row in buyers {
            let buyer = row[0]
            // As ``put(_:of:now:until:in:)`` locks its rows, and in that order: it may be at the same buyer.
            _ = try session.rows("UPDATE contact_key SET made_at = made_at WHERE buyer = $1", [buyer])
            let gone = try session.rows(
                "DELETE FROM contact WHERE buyer = $1 AND lent_until <= CAST($2 AS BIGINT) RETURNING buyer",
                [buyer, moment])
            if !gone.isEmpty { _ = try session.rows("DELETE FROM contact_key WHERE buyer = $1", [buyer]) }
        }
    }

    /// How a buyer is written to; nil if that isn't known, or no more.
    /// - Throws: ``ContactVaultError``, errors of the session.
    package func contact(of buyer: BuyerID, now: Timestamp, in session: any SQLSession) throws -> Contact? {
        try export(buyer, now: now, in: session)?.contact
    }

    /// All that is held about a buyer here.
    /// - Throws: ``ContactVaultError``, errors of the session.
    package func export(_ buyer: BuyerID, now: Timestamp, in session: any SQLSession) throws -> HeldContact? {
        let rows = try session.rows(
            """
            SELECT sealed, put_at FROM contact
            WHERE buyer = $1 AND (lent_until IS NULL OR lent_until > CAST($2 AS BIGINT))
            """, [buyer.text, "\(now.milliseconds)"])
        guard let row = rows.first, row.count == 2, let key = try key(of: buyer, in: session) else { return nil }
        guard let sealed = row[0], let putAt = row[1].flatMap({ Int64($0) }),
            let plain = try? open(sealed, by: key, as: .contact, of: buyer),
            let text = String(validating: plain, as: UTF8.self)
        else { throw ContactVaultError.unreadable(buyer) }
        let parts = text.split(separator: "\n")
        guard parts.count == 2, let language = MailLanguage(rawValue: String(parts[0])),
            let address = MailAddress(String(parts[1]))
        else { throw ContactVaultError.unreadable(buyer) }
        return HeldContact(
            contact: Contact(address: address, language: language), putAt: Timestamp(milliseconds: putAt))
    }

    /// Forgets a buyer's address for good.
    /// - Returns: whether there was something to forget.
    /// - Throws: errors of the session.
    @discardableResult
    package func shred(_ buyer: BuyerID, in session: any SQLSession) throws -> Bool {
        // The key first, as everybody does.
        let gone = try session.rows("DELETE FROM contact_key WHERE buyer = $1 RETURNING buyer", [buyer.text])
        _ = try session.rows("DELETE FROM contact WHERE buyer = $1 RETURNING buyer", [buyer.text])
        return !gone.isEmpty
    }
}

/// Why the vault doesn't give what it should have.
package enum ContactVaultError: Error, Hashable, CustomStringConvertible {
    /// What is kept was changed, swapped, or sealed by a master key that isn't here.
    case unreadable(BuyerID)
    /// The buyer was forgotten at the same moment.
    case lost(BuyerID)

    package var description: String {
        switch self {
        case .unreadable(let buyer):
            "What is kept about \(buyer.text) can't be read: it was changed, or the master key is another one."
        case .lost(let buyer): "\(buyer.text) was forgotten at the same moment."
        }
    }
}

extension ContactVault {
    private enum Purpose: String {
        case key
        case contact
    }

    private func key(of buyer: BuyerID, in session: any SQLSession) throws -> SymmetricKey? {
        let rows = try session.rows("SELECT wrapped FROM contact_key WHERE buyer = $1", [buyer.text])
        guard let row = rows.first else { return nil }
        let parts = (row.first ?? nil)?.split(separator: ".") ?? []
        guard parts.count == 2, let master = masters[String(parts[0])],
            let bytes = try? open(String(parts[1]), by: master.key, as: .key, of: buyer)
        else { throw ContactVaultError.unreadable(buyer) }
        return SymmetricKey(data: bytes)
    }

    private func wrap(_ key: SymmetricKey, for buyer: BuyerID) throws -> String {
        let bytes = key.withUnsafeBytes { Array($0) }
        return current.name + "." + (try seal(bytes, by: current.key, as: .key, of: buyer))
    }

    private func seal(_ bytes: [UInt8], by key: SymmetricKey, as purpose: Purpose, of buyer: BuyerID) throws -> String {
        let box = try AES.GCM.seal(bytes, using: key, authenticating: context(purpose, buyer))
        return Base64URL.encode(Array(box.nonce) + Array(box.ciphertext) + Array(box.tag))
    }

    private func open(
        _ text: String, by key: SymmetricKey, as purpose: Purpose, of buyer: BuyerID
    ) throws -> [UInt8] {
        guard let bytes = Base64URL.decode(Array(text.utf8)) else { throw ContactVaultError.unreadable(buyer) }
        let box = try AES.GCM.SealedBox(combined: bytes)
        return Array(try AES.GCM.open(box, using: key, authenticating: context(purpose, buyer)))
    }

    /// What a box is bound to.
    private func context(_ purpose: Purpose, _ buyer: BuyerID) -> [UInt8] {
        Array("onsale.contacts.v1 \(purpose.rawValue) \(buyer.text)".utf8)
    }
}
