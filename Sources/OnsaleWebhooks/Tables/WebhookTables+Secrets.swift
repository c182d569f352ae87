import OnsaleMigrations
import OnsaleValues

extension WebhookTables {
    /// What an endpoint's deliveries are signed with.
    /// - Throws: ``SecretSeal/Broken``, ``WebhookRefusal/unknownEndpoint``.
    func secrets(of id: EndpointID, in session: any SQLSession) throws -> SigningSecrets {
        let rows = try session.rows(
            "SELECT sealed, valid_until FROM webhook_secret WHERE endpoint = $1 ORDER BY number DESC", [id.text])
        guard let newest = rows.first else { throw WebhookRefusal.unknownEndpoint }
        let retired = try rows.dropFirst().map { row in
            SigningSecrets.Retired(
                try seal.open(try row.text(0), of: id), validUntil: Timestamp(milliseconds: try row.number(1)))
        }
        return SigningSecrets(try seal.open(try newest.text(0), of: id), retired: retired)
    }

    /// Gives an endpoint a new secret; the one before signs for another day.
    func rotate(_ id: EndpointID, to secret: WebhookSecret, at now: Int64, in session: any SQLSession) throws {
        // Two at once would both keep what was there before them.
        try awaitTurn(in: session)
        let secrets = try secrets(of: id, in: session)
        try save(secrets.rotated(to: secret, at: Timestamp(milliseconds: now)), of: id, in: session)
    }

    func save(_ secrets: SigningSecrets, of id: EndpointID, in session: any SQLSession) throws {
        _ = try session.rows("DELETE FROM webhook_secret WHERE endpoint = $1", [id.text])
        let oldestFirst = secrets.retired.reversed().map { ($0.secret, $0.validUntil as Timestamp?) }
        for (number, entry) in (oldestFirst + [(secrets.current, nil)]).enumerated() {
            _ = try session.rows(
                """
                INSERT INTO webhook_secret (endpoint, number, sealed, valid_until)
                VALUES ($1, \(number), $2, CAST($3 AS BIGINT))
                """, [id.text, try seal.seal(entry.0, of: id), entry.1.map { "\($0.milliseconds)" }])
        }
    }
}
