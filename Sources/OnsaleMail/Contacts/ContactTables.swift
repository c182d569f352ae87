package import OnsaleTables
package import OnsaleValues

/// The vault with tables of its own.
package struct ContactTables: Contacts {
    private let vault: ContactVault
    private let tables: any Tables

    /// - Parameter tables: with `db/services/contacts`.
    package init(_ vault: ContactVault, tables: any Tables) {
        self.vault = vault
        self.tables = tables
    }

    package func contact(of buyer: BuyerID) async throws -> Contact? {
        try await tables.read { [vault, tables] session in
            let now = Timestamp(milliseconds: try tables.now(in: session))
            return try vault.contact(of: buyer, now: now, in: session)
        }
    }

    /// All that is held about a buyer here.
    /// - Throws: ``ContactVaultError``, ``TablesError``, errors of the session.
    package func export(_ buyer: BuyerID) async throws -> HeldContact? {
        try await tables.read { [vault, tables] session in
            let now = Timestamp(milliseconds: try tables.now(in: session))
            return try vault.export(buyer, now: now, in: session)
        }
    }

    /// Notes how a buyer is written to, in place of what was known.
    /// - Throws: ``ContactVaultError``, ``TablesError``, errors of the session.
    package func put(_ contact: Contact, of buyer: BuyerID) async throws {
        try await tables.write { [vault, tables] session in
            let now = Timestamp(milliseconds: try tables.now(in: session))
            try vault.put(contact, of: buyer, now: now, in: session)
        }
    }

    /// Notes how some buyers are written to, all of them or none.
    /// - Throws: as ``put(_:of:)``.
    package func put(_ contacts: [(contact: Contact, buyer: BuyerID)]) async throws {
        try await tables.write { [vault, tables] session in
            let now = Timestamp(milliseconds: try tables.now(in: session))
            // In one order for all, so that two who put the same ones don't wait for each other. Of one buyer the last counts.
            let ordered = contacts.enumerated().sorted { left, right in
                (left.element.buyer.text, left.offset) < (right.element.buyer.text, right.offset)
            }
            for (contact, buyer) in ordered.map(\.element) { try vault.put(contact, of: buyer, now: now, in: session) }
        }
    }

    /// Notes how somebody is written to who hasn't shown yet that they read it, unless that is known: until then it is found,
    /// then it is forgotten.
    /// - Throws: as ``put(_:of:)``.
    package func lend(_ contact: Contact, of buyer: BuyerID, until: Timestamp) async throws {
        try await tables.write { [vault, tables] session in
            let now = Timestamp(milliseconds: try tables.now(in: session))
            try vault.forgetLent(at: now, in: session)
            try vault.put(contact, of: buyer, now: now, until: until, in: session)
        }
    }

    /// Forgets a buyer's address for good.
    /// - Returns: whether there was something to forget.
    /// - Throws: ``TablesError``, errors of the session.
    @discardableResult
    package func shred(_ buyer: BuyerID) async throws -> Bool {
        try await tables.write { [vault] in try vault.shred(buyer, in: $0) }
    }
}
