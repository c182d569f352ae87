import Crypto
import OnsaleMigrations
package import OnsaleTables
package import OnsaleValues
import Synchronization

/// The accounts of the staff, in tables that all nodes share.
///
/// A token is looked up at most once a second; in between, this process answers from memory. So a revoked token is worth
/// nothing after a second, at once where it was revoked. While the tables can't be reached, whoever was known stays known:
/// the door goes on.
package final class StaffAccounts: Sendable {
    /// The most accounts in use.
    package static let inUseMax = 500
    /// The most revoked accounts that are still listed.
    package static let revokedMax = 500
    private static let rememberedMax = 2 * inUseMax
    private static let rememberedMilliseconds: Int64 = 1000
    private static let useMilliseconds: Int64 = 3_600_000

    private struct Known {
        let account: StaffAccount
        let readAt: ContinuousClock.Instant
        /// Whether somebody reads it again; others don't wait for that.
        var isBeingRead = false
    }

    private let tables: any Tables
    /// By the token's digest.
    private let known = Mutex<[String: Known]>([:])
    private let clock = ContinuousClock()

    /// - Parameter tables: of their own, with `db/services/accounts`.
    package init(_ tables: any Tables) {
        self.tables = tables
    }

    // MARK: Who it is

    /// The account that a token belongs to; nil if none in use has it.
    /// - Throws: errors of the tables, if the token isn't known from before.
    package func account(_ token: StaffToken) async throws -> StaffAccount? {
        let digest = token.digest
        let askedAt = clock.now
        let (before, isFresh) = known.withLock { known -> (Known?, Bool) in
            guard let before = known[digest] else { return (nil, false) }
            let age = askedAt - before.readAt
            let isFresh = before.isBeingRead || age < .milliseconds(StaffAccounts.rememberedMilliseconds)
            if !isFresh { known[digest]?.isBeingRead = true }
            return (before, isFresh)
        }
        if let before, isFresh { return before.account }
        let found: StaffAccount?
        do { found = try await read(digest) } catch {
            guard let before else { throw error }
            // The tables may be away for long, and take long to say so: not with every request.
            known.withLock { $0[digest]? = Known(account: before.account, readAt: clock.now) }
            return before.account
        }
        known.withLock { known in
            // Tokens that were renewed elsewhere are left behind.
            if known.count >= StaffAccounts.rememberedMax { known.removeAll() }
            known[digest] = found.map { Known(account: $0, readAt: askedAt) }
        }
        return found
    }

    /// Whether the token has been looked up here, and was in use then.
    package func knows(_ token: StaffToken) -> Bool {
        let digest = token.digest
        return known.withLock { $0[digest] != nil }
    }

    private func read(_ digest: String) async throws -> StaffAccount? {
        let tables = tables
        let (account, now) = try await tables.read { session in
            let row = try session.rows(
                StaffAccounts.select + " WHERE token_digest = $1 AND revoked_at IS NULL", [digest]
            ).first
            return (try row.map(StaffAccounts.account), try tables.now(in: session))
        }
        if let account, (account.lastUsedAt?.milliseconds ?? 0) < now - StaffAccounts.useMilliseconds {
            // Nobody waits for it: at worst it is noted a second later.
            Task { [id = account.id] in
                try? await tables.write { session in
                    _ = try session.rows("UPDATE account SET last_used_at = \(now) WHERE id = $1", [id])
                }
            }
        }
        return account
    }

    // MARK: Managing

    /// Makes an account.
    /// - Parameter creator: who does, by name.
    /// - Returns: the account, and its token, which nobody is told again.
    /// - Throws: ``StaffRefusal``, errors of the tables.
    package func create(
        _ name: StaffName, _ role: StaffRole, by creator: String
    ) async throws -> (account: StaffAccount, token: StaffToken) {
        let token = StaffToken()
        let digest = token.digest
        let id = StaffAccounts.newID()
        let tables = tables
        let account = try await tables.write { session in
            let inUse = try session.rows("SELECT count(*) FROM account WHERE revoked_at IS NULL", [])
            guard inUse.first?.first?.flatMap({ Int($0) }) ?? 0 < StaffAccounts.inUseMax else {
                throw StaffRefusal.tooMany
            }
            let now = try tables.now(in: session)
            let made = try session.rows(
                """
                INSERT INTO account (id, name, folded_name, role, token_digest, created_at, created_by)
                VALUES ($1, $2, $3, $4, $5, \(now), $6) ON CONFLICT DO NOTHING RETURNING id
                """, [id, name.text, name.folded, role.rawValue, digest, creator])
            guard !made.isEmpty else { throw StaffRefusal.nameTaken }
            return try StaffAccounts.account(id, in: session)
        }
        return (account, token)
    }

    /// All accounts, those in use before those that are revoked, the newest first.
    /// - Throws: errors of the tables.
    package func all() async throws -> [StaffAccount] {
        try await tables.read { session in
            let order = " ORDER BY created_at DESC, id DESC LIMIT "
            let inUse = try session.rows(
                StaffAccounts.select + " WHERE revoked_at IS NULL" + order + "\(StaffAccounts.inUseMax)", [])
            let revoked = try session.rows(
                StaffAccounts.select + " WHERE revoked_at IS NOT NULL" + order + "\(StaffAccounts.revokedMax)", [])
            return try (inUse + revoked).map(StaffAccounts.account)
        }
    }

    /// Gives an account another token; the one before ends.
    /// - Throws: ``StaffRefusal/unknown``, errors of the tables.
    package func renew(_ id: String) async throws -> (account: StaffAccount, token: StaffToken) {
        let token = StaffToken()
        let digest = token.digest
        let account = try await tables.write { session in
            let changed = try session.rows(
                "UPDATE account SET token_digest = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id", [id, digest])
            guard !changed.isEmpty else { throw StaffRefusal.unknown }
            return try StaffAccounts.account(id, in: session)
        }
        forget(id)
        return (account, token)
    }

    /// Ends an account.
    /// - Throws: ``StaffRefusal/unknown``, errors of the tables.
    package func revoke(_ id: String, by name: String) async throws {
        let tables = tables
        try await tables.write { session in
            let now = try tables.now(in: session)
            let changed = try session.rows(
                """
                UPDATE account SET revoked_at = \(now), revoked_by = $2
                WHERE id = $1 AND revoked_at IS NULL RETURNING id
                """, [id, name])
            guard !changed.isEmpty else { throw StaffRefusal.unknown }
            _ = try session.rows(
                """
                DELETE FROM account WHERE revoked_at IS NOT NULL AND id NOT IN (
                    SELECT id FROM account WHERE revoked_at IS NOT NULL
                    ORDER BY revoked_at DESC LIMIT \(StaffAccounts.revokedMax))
                """, [])
        }
        forget(id)
    }

    private func forget(_ id: String) {
        known.withLock { known in known = known.filter { $0.value.account.id != id } }
    }

    private static func newID() -> String {
        "acc_" + Hex.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) })
    }

    // MARK: Rows

    private static let select =
        "SELECT id, name, role, created_at, created_by, last_used_at, revoked_at, revoked_by FROM account"

    /// What can't be read in a table that only this program writes.
    private struct MalformedAccount: Error {}

    private static func account(_ id: String, in session: any SQLSession) throws -> StaffAccount {
        guard let row = try session.rows(select + " WHERE id = $1", [id]).first else { throw StaffRefusal.unknown }
        return try account(row)
    }

    private static func account(_ row: [String?]) throws -> StaffAccount {
        func time(_ column: Int) -> Timestamp? {
            row[column].flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
        }
        guard let id = row[0], let name = row[1], let role = row[2].flatMap(StaffRole.init(rawValue:)),
            let createdAt = time(3), let creator = row[4]
        else { throw MalformedAccount() }
        return StaffAccount(
            id: id, name: name, role: role, createdAt: createdAt, createdBy: creator, lastUsedAt: time(5),
            revoked: time(6).map { StaffAccount.Revocation(at: $0, by: row[7] ?? "") })
    }
}
