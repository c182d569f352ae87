import Crypto
import OnsaleMigrations
package import OnsaleTables
package import OnsaleValues

/// Makes and checks the codes by which buyers sign in.
package struct SignInDesk: Sendable {
    /// What becomes of a wish for a code.
    package enum Asked: Hashable, Sendable {
        /// Both are to be mailed: the code, of six digits, and what the link carries, of ``SignInDesk/linkLetters``.
        case mail(code: String, link: String, expiresAt: Timestamp)
        case tooMany(retryAt: Timestamp)
    }

    /// What becomes of a code that somebody gives.
    package enum Tried: Hashable, Sendable {
        case right
        case wrong
        case tooMany(retryAt: Timestamp)
    }

    /// How many letters, all of `a` to `p`, a link carries: 128 bits.
    package static let linkLetters = 32
    private static let forgottenMax = 100

    private let tables: any Tables
    private let key: SymmetricKey

    /// - Parameters:
    ///   - tables: of its own, with `db/services/signin`.
    ///   - secret: nobody who has it but not the mail can sign in without the tables, nor with them alone.
    package init(_ tables: any Tables, secret: String) {
        self.tables = tables
        key = SymmetricKey(data: Array(SHA256.hash(data: Array(("sign-in " + secret).utf8))))
    }

    /// Somebody asks for a code for a mailbox.
    /// - Parameter mailbox: the address, folded.
    /// - Throws: errors of the tables.
    package func ask(_ mailbox: String) async throws -> Asked {
        let name = name(of: mailbox)
        let salt = Hex.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        let tables = tables
        let asked = try await tables.write { session in
            let now = try tables.now(in: session)
            try SignInDesk.awaitTurn(name, in: session)
            var record = try SignInDesk.record(name, in: session)
            let asked = record.ask(at: now, salt: salt)
            try SignInDesk.put(record, of: name, in: session)
            try SignInDesk.forget(at: now, in: session)
            return asked
        }
        switch asked {
        case .mail(let salt, let expiresAt):
            return .mail(
                code: code(salt, of: mailbox), link: link(salt, of: mailbox),
                expiresAt: Timestamp(milliseconds: expiresAt))
        case .tooMany(let retryAt): return .tooMany(retryAt: Timestamp(milliseconds: retryAt))
        }
    }

    /// Somebody gives a code for a mailbox, or what a link carries.
    /// - Throws: errors of the tables.
    package func attempt(_ given: String, for mailbox: String) async throws -> Tried {
        let name = name(of: mailbox)
        let proof: SignInRecord.Proof = given.utf8.count == SignInDesk.linkLetters ? .link : .digits
        let tables = tables
        let tried = try await tables.write { session in
            let now = try tables.now(in: session)
            try SignInDesk.awaitTurn(name, in: session)
            var record = try SignInDesk.record(name, in: session)
            let before = record
            let tried = record.attempt(proof, at: now) { salt in
                let right = proof == .link ? link(salt, of: mailbox) : code(salt, of: mailbox)
                return ConstantTime.areEqual(Array(right.utf8)[...], Array(given.utf8)[...])
            }
            // Guesses at mailboxes that nobody asked for leave nothing behind.
            if record != before { try SignInDesk.put(record, of: name, in: session) }
            return tried
        }
        switch tried {
        case .right: return .right
        case .wrong: return .wrong
        case .tooMany(let retryAt): return .tooMany(retryAt: Timestamp(milliseconds: retryAt))
        }
    }

    private func name(of mailbox: String) -> String { Hex.encode(mac("mailbox", mailbox)) }

    /// Six digits, by the truncation of RFC 4226, section 5.3.
    private func code(_ salt: String, of mailbox: String) -> String {
        let bytes = mac("code " + salt, mailbox)
        let number = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 1_000_000
        let digits = String(number)
        return String(repeating: "0", count: 6 - digits.utf8.count) + digits
    }

    /// Letters alone, so that nobody takes a part of it for the code.
    private func link(_ salt: String, of mailbox: String) -> String {
        mac("link " + salt, mailbox).prefix(SignInDesk.linkLetters / 2).reduce(into: "") { text, byte in
            for half in [byte >> 4, byte & 0xf] { text.unicodeScalars.append(Unicode.Scalar(UInt8(ascii: "a") + half)) }
        }
    }

    private func mac(_ purpose: String, _ mailbox: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array("\(purpose)\n\(mailbox)".utf8), using: key))
    }

    // MARK: Tables

    /// Lets one after the other ask and guess for a mailbox, until the transaction ends.
    private static func awaitTurn(_ name: String, in session: any SQLSession) throws {
        _ = try session.rows("UPDATE sign_in SET tries = tries WHERE mailbox = $1", [name])
    }

    private static func record(_ name: String, in session: any SQLSession) throws -> SignInRecord {
        let row = try session.rows(
            "SELECT salt, expires_at, tries, mails, window_ends_at FROM sign_in WHERE mailbox = $1", [name]
        ).first
        guard let row, let salt = row[0], let expiresAt = row[1].flatMap({ Int64($0) }),
            let tries = row[2].flatMap({ Int($0) }), let mails = row[3].flatMap({ Int($0) }),
            let windowEndsAt = row[4].flatMap({ Int64($0) })
        else { return .unknown }
        return SignInRecord(salt: salt, expiresAt: expiresAt, tries: tries, mails: mails, windowEndsAt: windowEndsAt)
    }

    private static func put(_ record: SignInRecord, of name: String, in session: any SQLSession) throws {
        _ = try session.rows(
            """
            INSERT INTO sign_in (mailbox, salt, expires_at, tries, mails, window_ends_at)
            VALUES ($1, $2, \(record.expiresAt), \(record.tries), \(record.mails), \(record.windowEndsAt))
            ON CONFLICT (mailbox) DO UPDATE SET salt = excluded.salt, expires_at = excluded.expires_at,
            tries = excluded.tries, mails = excluded.mails, window_ends_at = excluded.window_ends_at
            """, [name, record.salt])
    }

    /// Removes some mailboxes of which nothing counts any more, with each that comes.
    private static func forget(at now: Int64, in session: any SQLSession) throws {
        _ = try session.rows(
            """
            DELETE FROM sign_in WHERE mailbox IN (
                SELECT mailbox FROM sign_in WHERE window_ends_at < \(now) AND expires_at < \(now)
                ORDER BY window_ends_at LIMIT \(forgottenMax))
            """, [])
    }
}
